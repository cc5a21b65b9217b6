/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "step.h"

#include <errno.h>
#include <stddef.h>

#include <linux/netlink.h>

enum {
	NO_SUCH = 0xff, /* no request of rtnetlink's or another's has this */
	FIRST_OTHERS = 0x100 /* types below are rtnetlink's, or frame a batch */
};

/* The message at, which is to end before end; false if there is none. */
static bool message_at(pid_t pid, __u64 at, __u64 end, struct nlmsghdr *msg)
{
	return at + sizeof(*msg) <= end &&
	       tracee_read(pid, at, msg, sizeof(*msg)) &&
	       msg->nlmsg_len >= sizeof(*msg) && msg->nlmsg_len <= end - at;
}

static bool is_batch(const struct datagram *d)
{
	return d->messages && d->last_type >= FIRST_OTHERS;
}

struct datagram datagram_look(pid_t pid, __u64 at, __u64 len)
{
	struct datagram d = { .at = at, .end = at + len };
	struct nlmsghdr msg;

	for (; message_at(pid, at, d.end, &msg);
	     at += NLMSG_ALIGN(msg.nlmsg_len)) {
		if (!(msg.nlmsg_flags & NLM_F_REQUEST))
			break;
		d.messages++;
		if (msg.nlmsg_type >= d.last_type)
			d.last_type = msg.nlmsg_type;
	}
	/* Something else is sent. */
	if (at < d.end)
		d.messages = 0;
	return d;
}

void datagram_list(FILE *out, pid_t pid, const struct datagram *d)
{
	__u64 at = d->at;
	struct nlmsghdr msg;
	int last = 0;

	for (int n = 1; n <= d->messages && message_at(pid, at, d->end, &msg);
	     n++, at += NLMSG_ALIGN(msg.nlmsg_len)) {
		if (is_batch(d) && msg.nlmsg_type < FIRST_OTHERS)
			continue;
		/* A batch is refused as a whole: the first stands for all. */
		if (!is_batch(d) || !last)
			fprintf(out, " refuse:%d", n);
		last = n;
	}
	if (is_batch(d) && last > 2)
		fprintf(out, " refuse:%d", last);
}

bool request_spoil(pid_t pid, const struct datagram *d, int n,
		   struct spoilt *out)
{
	__u64 at = d->at;
	struct nlmsghdr msg;

	while (message_at(pid, at, d->end, &msg)) {
		if (!--n) {
			*out = (struct spoilt) {
				.at = at +
				      offsetof(struct nlmsghdr, nlmsg_type),
				.type = msg.nlmsg_type,
				.seq = msg.nlmsg_seq,
			};
			tracee_write(pid, out->at,
				     &(__u16) { msg.nlmsg_type | NO_SUCH },
				     sizeof(__u16));
			return true;
		}
		at += NLMSG_ALIGN(msg.nlmsg_len);
	}
	return false;
}

void request_mend(pid_t pid, const struct spoilt *s)
{
	tracee_write(pid, s->at, &s->type, sizeof(s->type));
}

void answer_refuse(pid_t pid, __u64 at, __u64 len, const struct spoilt *s)
{
	__u64 end = at + len;
	struct nlmsghdr msg;

	for (; message_at(pid, at, end, &msg);
	     at += NLMSG_ALIGN(msg.nlmsg_len)) {
		if (msg.nlmsg_type == NLMSG_ERROR && msg.nlmsg_seq == s->seq)
			tracee_write(pid, at + NLMSG_HDRLEN,
				     &(__s32) { -ENOMEM }, sizeof(__s32));
	}
}
