/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink - plays the kernel: its answers lie ready before it is asked, and
 * what it was asked is compared as text */
#ifndef CNIBOX_TEST_NETLINK_H
#define CNIBOX_TEST_NETLINK_H

#include <ctype.h>
#include <net/if.h>
#include <setjmp.h>
#include <signal.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/kernel/nl.h"

/* Last, for its macro fail(). */
#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct kernel {
	struct job job;
	struct nl nl;
	int fd; /* the other end of nl's socket */
	/* What it says next, as one datagram. */
	char says[64 << 10] __attribute__((aligned(4)));
	struct nlmsghdr *last;
};

/* How a request is read, so that its text is the same on every host. */
struct layout {
	const char *head;    /* the sizes of the fixed header's fields */
	const char *numbers; /* attributes in host order: " 4 18.2.1.4 " */
	const char *headed;  /* the nest that begins with such a header too */
};

static inline int kernel_set_up(void **state)
{
	struct kernel *k = calloc(1, sizeof(*k));
	int fds[2];

	*state = k;
	/* Keeps the bounds of datagrams and, unlike them, has an end. */
	if (!k || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) < 0)
		return -1;
	nl_init(&k->nl, &k->job, -1, NETLINK_ROUTE);
	k->nl.fd = fds[0];
	k->fd = fds[1];
	return 0;
}

static inline int kernel_tear_down(void **state)
{
	struct kernel *k = *state;

	nl_close(&k->nl);
	close(k->fd);
	job_free(&k->job);
	free(k);
	return 0;
}

/* Adds a message to the datagram that is answered with; the caller may put
 * attributes into it until the next one. */
static inline struct nlmsghdr *kernel_says(struct kernel *k, uint32_t seq,
					   int type, int flags,
					   const void *head, size_t len)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(
		k->last ? mnl_nlmsg_get_payload_tail(k->last) : k->says);

	msg->nlmsg_seq = seq;
	msg->nlmsg_type = (uint16_t)type;
	msg->nlmsg_flags = (uint16_t)flags;
	memcpy(mnl_nlmsg_put_extra_header(msg, len), head, len);
	k->last = msg;
	return msg;
}

static inline struct nlmsghdr *kernel_acks(struct kernel *k, uint32_t seq,
					   int err)
{
	struct nlmsgerr ack = { .error = (int)-(unsigned)err };

	return kernel_says(k, seq, NLMSG_ERROR, NLM_F_CAPPED, &ack,
			   sizeof(ack));
}

static inline void kernel_ends(struct kernel *k, uint32_t seq, int flags,
			       int err)
{
	err = (int)-(unsigned)err;
	kernel_says(k, seq, NLMSG_DONE, NLM_F_MULTI | flags, &err, sizeof(err));
}

static inline void kernel_sends(struct kernel *k)
{
	char *end = mnl_nlmsg_get_payload_tail(k->last);

	assert_int_equal(send(k->fd, k->says, (size_t)(end - k->says), 0),
			 end - k->says);
	k->last = NULL;
}

/* The whole answer to one request: err, or 0. */
static inline void kernel_answers(struct kernel *k, uint32_t seq, int err)
{
	kernel_acks(k, seq, err);
	kernel_sends(k);
}

static inline size_t dump_head(struct str *out, const char *sizes,
			       const void *data)
{
	const char *at = data;

	for (; *sizes; sizes++) {
		int size = *sizes - '0';
		uint8_t u8 = *(const uint8_t *)at;
		unsigned value = size == 1   ? u8
				 : size == 2 ? *(const uint16_t *)(void *)at
					     : *(const uint32_t *)(void *)at;

		str_printf(out, " %0*x", 2 * size, value);
		at += size;
	}
	str_add(out, "\n");
	return (size_t)(at - (const char *)data);
}

static inline bool is_text(const char *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (!isprint((unsigned char)data[i]))
			return false;
	return len > 1 && !data[len - 1];
}

static inline void dump_value(struct str *out, const struct nlattr *attr,
			      bool is_number)
{
	const char *data = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);
	char size[] = { (char)('0' + len), '\0' };

	if (is_number) {
		dump_head(out, size, data);
		return;
	}
	if (is_text(data, len)) {
		str_printf(out, " \"%s\"\n", data);
		return;
	}
	str_add(out, " ");
	for (size_t i = 0; i < len; i++)
		str_printf(out, "%02x", (unsigned char)data[i]);
	str_add(out, "\n");
}

/* path: the attributes around, "18.2."; "" at the top. */
static inline void dump_attrs(struct str *out, const struct layout *layout,
			      const char *path, const char *at, const char *end)
{
	while (at < end) {
		const struct nlattr *attr = (const void *)at;
		char name[64], key[64 + 2];
		int indent = 0;

		assert_true(mnl_attr_ok(attr, (int)(end - at)));
		for (const char *dot = path; (dot = strchr(dot, '.')); dot++)
			indent += 2;
		snprintf(name, sizeof(name), "%s%d", path,
			 attr->nla_type & ~NLA_F_NESTED);
		str_printf(out, "%*sattr %d:", indent, "",
			   attr->nla_type & ~NLA_F_NESTED);
		snprintf(key, sizeof(key), " %s ", name);
		at = mnl_attr_get_payload(attr);
		if (!(attr->nla_type & NLA_F_NESTED)) {
			dump_value(out, attr, strstr(layout->numbers, key));
		} else {
			if (layout->headed && !strcmp(layout->headed, name))
				at += dump_head(out, layout->head, at);
			else
				str_add(out, "\n");
			snprintf(key, sizeof(key), "%s.", name);
			dump_attrs(out, layout, key, at,
				   (const char *)attr + attr->nla_len);
		}
		at = (const char *)attr + attr->nla_len;
		for (; (uintptr_t)at % MNL_ALIGNTO; at++)
			assert_int_equal(*at, 0);
	}
}

/* The next datagram that the kernel was sent, as text. */
static inline const char *asked(struct kernel *k, const struct layout *layout)
{
	static char buf[256 << 10] __attribute__((aligned(4)));
	ssize_t got = recv(k->fd, buf, sizeof(buf), MSG_DONTWAIT);
	const struct nlmsghdr *msg = (const void *)buf;
	struct str out = { .job = &k->job };
	int len = (int)got;

	if (got < 0)
		return "nothing";
	for (; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
		const char *at = mnl_nlmsg_get_payload(msg);

		assert_int_equal(msg->nlmsg_pid, 0);
		str_printf(&out, "type %d flags %03x:", msg->nlmsg_type,
			   msg->nlmsg_flags);
		at += dump_head(&out, layout->head, at);
		dump_attrs(&out, layout, "", at,
			   mnl_nlmsg_get_payload_tail(msg));
	}
	assert_int_equal(len, 0);
	return out.text;
}

static inline void assert_asked(struct kernel *k, const struct layout *layout,
				const char *expected)
{
	assert_string_equal(asked(k, layout), expected);
}

/* From here on the test is alone in a network namespace. */
static inline void leave_network(void)
{
	if (unshare(CLONE_NEWNET) < 0) {
		print_message("needs a network namespace, so root\n");
		skip();
	}
}

/* A process that changes the state of lo until it is killed. */
static inline pid_t disturb_network(void)
{
	pid_t child = fork();
	struct ifreq lo = { .ifr_name = "lo" };
	int fd;

	assert_true(child >= 0);
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	/* Not so fast that who listens never comes to an end. */
	do {
		lo.ifr_flags ^= IFF_UP;
		usleep(1000);
	} while (ioctl(fd, SIOCSIFFLAGS, &lo) == 0);
	_exit(1);
}

static inline void stop_disturbing(pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

#endif
