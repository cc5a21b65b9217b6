/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/nl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include "core/kernel/netns.h"

enum {
	ROOM = 32 << 10,      /* for one message */
	READ_SIZE = 32 << 10, /* the kernel puts no more into one read */
	/* Answers to more requests, and longer ones, may not fit the default
	 * buffers. */
	QUEUE_MANY = 64,
	QUEUE_LONG = 128 << 10,
	QUEUE_BYTES = 8 << 20,
	HELD_MANY = 128, /* answers to so many always fit */
	RESTARTS_MAX = 20,
};

struct allowed {
	int err;
	bool *seen;
};

struct nl_request {
	uint32_t seq;
	size_t at;   /* offset of its message in nl->buf */
	size_t head; /* length of its fixed header, and of its answers' */
	const char *label;
	struct list allowed; /* of struct allowed */
	int lack; /* the errno that means: the kernel has no ->part */
	const char *part;
	void (*reply)(const struct nlmsghdr *, void *);
	void *arg;
	bool answered;
	bool interrupted; /* what is dumped changed meanwhile */
	int restarts;
	struct list answers; /* of a dump, kept until it is complete */
};

void nl_init(struct nl *nl, struct job *job, int netns, int protocol)
{
	/* All sockets share it, as only one of them reads at a time. */
	static _Alignas(4096) char answer[READ_SIZE];

	*nl = (struct nl) { .job = job,
			    .netns = netns,
			    .protocol = protocol,
			    .fd = -1,
			    .answer = answer };
}

void nl_close(struct nl *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

static struct nl_request *last_request(struct nl *nl)
{
	struct nl_request *requests = nl->requests.items;

	return &requests[nl->requests.count - 1];
}

static struct nlmsghdr *message(const struct nl *nl,
				const struct nl_request *request)
{
	return (struct nlmsghdr *)(nl->buf + request->at);
}

struct nlmsghdr *nl_begin(struct nl *nl, int type, int flags, const void *head,
			  size_t len)
{
	struct nl_request *request;
	struct nlmsghdr *msg;

	if (nl->size - nl->len < ROOM) {
		size_t size = 2 * (nl->size + ROOM);
		char *grown = job_alloc(nl->job, size);

		if (nl->len)
			memcpy(grown, nl->buf, nl->len);
		nl->buf = grown;
		nl->size = size;
	}
	msg = (struct nlmsghdr *)(nl->buf + nl->len);
	*msg = (struct nlmsghdr) { .nlmsg_len = NLMSG_HDRLEN };
	msg->nlmsg_type = (uint16_t)type;
	msg->nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST);
	msg->nlmsg_seq = ++nl->seq;
	memcpy(nl_extend(msg, len), head, len);
	request = list_add(nl->job, &nl->requests, sizeof(*request));
	*request = (struct nl_request) { nl->seq, nl->len, len };
	return msg;
}

static struct nlmsghdr *current_message(struct nl *nl)
{
	return message(nl, last_request(nl));
}

void nl_put(struct nl *nl, int attr, const void *data, size_t len)
{
	mnl_attr_put(current_message(nl), (uint16_t)attr, len, data);
}

void nl_put_raw(struct nl *nl, const void *data, size_t len)
{
	memcpy(nl_extend(current_message(nl), len), data, len);
}

struct nlattr *nl_nest(struct nl *nl, int attr)
{
	return mnl_attr_nest_start(current_message(nl), (uint16_t)attr);
}

void nl_nest_end(struct nl *nl, struct nlattr *nest)
{
	mnl_attr_nest_end(current_message(nl), nest);
}

void nl_allow(struct nl *nl, int err, bool *seen)
{
	struct list *allowed = &last_request(nl)->allowed;

	*(struct allowed *)list_add(nl->job, allowed, sizeof(struct allowed)) =
		(struct allowed) { err, seen };
	if (seen)
		*seen = false;
}

void nl_needs(struct nl *nl, int err, const char *part)
{
	last_request(nl)->lack = err;
	last_request(nl)->part = part;
}

void nl_on_reply(struct nl *nl, void (*reply)(const struct nlmsghdr *, void *),
		 void *arg)
{
	last_request(nl)->reply = reply;
	last_request(nl)->arg = arg;
}

static bool is_allowed(struct nl *nl, struct nl_request *request, int err)
{
	const struct allowed *allowed = request->allowed.items;

	for (size_t i = 0; i < request->allowed.count; i++) {
		if (err != allowed[i].err)
			continue;
		if (allowed[i].seen)
			*allowed[i].seen = true;
		nl->refused = true;
		return true;
	}
	return false;
}

/* Sends the messages from offset at on, len bytes, as one datagram. */
static int nl_send(struct nl *nl, size_t at, size_t len)
{
	if (nl->requests.count > QUEUE_MANY || len > QUEUE_LONG) {
		int bytes = QUEUE_BYTES;

		setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
			   sizeof(bytes));
		setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
			   sizeof(bytes));
	}
	for (;;) {
		if (send(nl->fd, nl->buf + at, len, 0) >= 0)
			return 0;
		if (errno != EINTR)
			return fail_errno(nl->job, errno, "send to netlink");
	}
}

static struct nl_request *request_of(struct nl *nl, uint32_t seq)
{
	struct nl_request *requests = nl->requests.items;
	size_t i = seq - requests[0].seq;

	return i < nl->requests.count ? &requests[i] : NULL;
}

/* The kernel's text in an extended ack, or NULL. */
static const char *ack_text(struct nl *nl, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *ack = NLMSG_DATA(msg);
	size_t head = sizeof(*ack);
	const struct nlattr *attr;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		head += ack->msg.nlmsg_len - sizeof(ack->msg);
	if (head > NLMSG_PAYLOAD(msg, 0))
		return NULL;
	mnl_attr_for_each(attr, msg, (unsigned)head)
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			return job_strndup(nl->job, mnl_attr_get_payload(attr),
					   mnl_attr_get_payload_len(attr));
	}
	return NULL;
}

/* The kernel sends an errno as a negative number. */
static int errno_of(int error)
{
	return (int)-(unsigned)error;
}

static void on_refusal(struct nl *nl, struct nl_request *request, int err,
		       const struct nlmsghdr *ack)
{
	const char *why, *details = NULL;
	bool lacks = err == request->lack;

	if (is_allowed(nl, request, err))
		return;
	/* A request before this one failed: that is the cause, this may
	 * follow. */
	if (nl->failed)
		return;
	nl->refused = nl->failed = true;
	why = ack ? ack_text(nl, ack) : NULL;
	if (why)
		details =
			job_printf(nl->job, "kernel: %s (errno %d)", why, err);
	fail_details(nl->job, CNI_INTERNAL, details, "%s: %s%s", request->label,
		     lacks ? "the kernel has no " : "",
		     lacks ? request->part : errno_text(nl->job, err));
}

int nl_open(struct nl *nl)
{
	int one = 1;

	nl->fd = netns_socket(nl->netns, nl->protocol);
	if (nl->fd < 0 && errno == EPROTONOSUPPORT && nl->requests.count) {
		struct nl_request *first = nl->requests.items;

		/* As if the kernel had the protocol, but not the part that the
		 * request needs. */
		on_refusal(nl, first, first->lack ? first->lack : EINVAL, NULL);
		return -1;
	}
	if (nl->fd < 0)
		return fail_errno(nl->job, errno, "open netlink socket");
	/* Older kernels lack these options, and work without. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	if (nl->protocol == NETLINK_ROUTE)
		setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
			   sizeof(one));
	return 0;
}

/* Hands the answers of a complete dump to reply. A dump that the kernel marked
 * as interrupted is asked for again. */
static int dump_end(struct nl *nl, struct nl_request *request,
		    const struct nlmsghdr *end)
{
	const struct nlmsghdr **answers = request->answers.items;
	size_t count = request->answers.count;
	const int *error = NLMSG_DATA(end);

	request->answers.count = 0;
	if (NLMSG_PAYLOAD(end, 0) >= sizeof(*error) && *error) {
		request->answered = true;
		on_refusal(nl, request, errno_of(*error), NULL);
		return 0;
	}
	if (request->interrupted) {
		if (++request->restarts > RESTARTS_MAX)
			return fail_errno(nl->job, EINTR, "%s", request->label);
		request->interrupted = false;
		return nl_send(nl, request->at,
			       message(nl, request)->nlmsg_len);
	}
	request->answered = true;
	for (size_t i = 0; request->reply && i < count; i++)
		request->reply(answers[i], request->arg);
	return 0;
}

static int dump_part(struct nl *nl, struct nl_request *request,
		     const struct nlmsghdr *msg)
{
	const struct nlmsghdr **copy;

	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		request->interrupted = true;
	if (msg->nlmsg_type == NLMSG_DONE)
		return dump_end(nl, request, msg);
	if (msg->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	copy = list_add(nl->job, &request->answers, sizeof(*copy));
	*copy = (void *)job_strndup(nl->job, (const char *)msg,
				    MNL_ALIGN(msg->nlmsg_len));
	return 0;
}

static bool is_dump(const struct nl *nl, const struct nl_request *request)
{
	return (message(nl, request)->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

static int on_answer(struct nl *nl, const struct nlmsghdr *msg)
{
	struct nl_request *request = request_of(nl, msg->nlmsg_seq);
	const struct nlmsgerr *ack = NLMSG_DATA(msg);
	size_t head = 0;

	if (!request)
		return 0;
	if (msg->nlmsg_type == NLMSG_ERROR)
		head = sizeof(*ack);
	else if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
		head = request->head;
	if (NLMSG_PAYLOAD(msg, 0) < head)
		return fail(nl->job, CNI_INTERNAL, "%s: short answer",
			    request->label);
	if (msg->nlmsg_type == NLMSG_ERROR) {
		request->answered = true;
		if (ack->error)
			on_refusal(nl, request, errno_of(ack->error), msg);
		return 0;
	}
	if (is_dump(nl, request) && !nl->once)
		return dump_part(nl, request, msg);
	if (request->reply && msg->nlmsg_type >= NLMSG_MIN_TYPE) {
		request->reply(msg, request->arg);
		request->answered = true;
	}
	return 0;
}

/* Reads once; *more is false when no answer is waiting. */
static int nl_read(struct nl *nl, bool *more)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	const struct nlmsghdr *msg = (const struct nlmsghdr *)nl->answer;
	ssize_t got;
	int len;

	/* The kernel has answered when send() returns; it writes the next part
	 * of a dump when the one before is read. So there is nothing to wait
	 * for. */
	got = recvfrom(nl->fd, nl->answer, READ_SIZE, MSG_DONTWAIT | MSG_TRUNC,
		       (struct sockaddr *)&from, &from_len);
	*more = got >= 0 || errno == EINTR;
	if (got < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		return fail_errno(nl->job, errno, "read from netlink");
	}
	if (got > READ_SIZE)
		return fail(nl->job, CNI_INTERNAL,
			    "read from netlink: answer of %zd bytes", got);
	if (from.nl_pid)
		return 0;
	/* libmnl reads up to the next multiple of four. */
	memset(nl->answer + got, 0, MNL_ALIGN((size_t)got) - (size_t)got);
	for (len = (int)got; len > 0 && NLMSG_OK(msg, (unsigned)len);
	     msg = NLMSG_NEXT(msg, len)) {
		if (on_answer(nl, msg) < 0)
			return -1;
	}
	return len > 0 ? fail_errno(nl->job, EBADMSG, "read from netlink") : 0;
}

static bool needs_answer(const struct nl *nl, const struct nl_request *request)
{
	return !request->answered &&
	       (message(nl, request)->nlmsg_flags & NLM_F_ACK ||
		request->reply || is_dump(nl, request));
}

static const struct nl_request *unanswered(const struct nl *nl)
{
	const struct nl_request *requests = nl->requests.items;

	for (size_t i = 0; i < nl->requests.count; i++) {
		if (needs_answer(nl, &requests[i]))
			return &requests[i];
	}
	return NULL;
}

/* The kernel carries out the requests in order, and always answers one that it
 * refuses. So when the last one is answered, those before it need no ack. */
static void drop_acks(struct nl *nl)
{
	struct nl_request *requests = nl->requests.items;

	if (!needs_answer(nl, last_request(nl)))
		return;
	for (size_t i = 0; i + 1 < nl->requests.count; i++)
		message(nl, &requests[i])->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
}

/* Sends what is queued and reads the answers. */
static int nl_exchange(struct nl *nl)
{
	bool more = true;

	if (nl->fd < 0 && nl_open(nl) < 0)
		return nl->refused && !nl->failed ? 0 : -1;
	drop_acks(nl);
	if (nl_send(nl, 0, nl->len) < 0)
		return -1;
	while (more && unanswered(nl)) {
		if (nl_read(nl, &more) < 0)
			return -1;
	}
	if (nl->failed)
		return -1;
	/* A transaction that is refused as a whole gets one answer. */
	if (unanswered(nl) && !nl->refused)
		return fail(nl->job, CNI_INTERNAL, "%s: no answer",
			    unanswered(nl)->label);
	return 0;
}

static int nl_flush(struct nl *nl)
{
	const struct nl_request *request = nl->requests.items;
	int ret = 0;

	nl->refused = nl->failed = false;
	if (nl->requests.count)
		ret = nl_exchange(nl);
	for (size_t i = 0; i < nl->requests.count; i++)
		trace(nl->job, "netlink%s: %s", i ? " as well" : "",
		      request[i].label);
	nl->requests = (struct list) { 0 };
	nl->len = 0;
	return ret;
}

int nl_talk(struct nl *nl, const char *fmt, ...)
{
	struct nl_request *request = last_request(nl);
	va_list args;

	va_start(args, fmt);
	request->label = job_vprintf(nl->job, fmt, args);
	va_end(args);
	nl->len += MNL_ALIGN(message(nl, request)->nlmsg_len);
	return nl->held ? 0 : nl_flush(nl);
}

void nl_hold(struct nl *nl)
{
	nl->held = true;
}

int nl_release(struct nl *nl)
{
	nl->held = false;
	return nl_flush(nl);
}

int nl_flush_if_many(struct nl *nl)
{
	if (nl->requests.count < HELD_MANY)
		return 0;
	if (nl_release(nl) < 0)
		return -1;
	nl_hold(nl);
	return 0;
}

int nl_subscribe(struct nl *nl, int group)
{
	static const struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	if (nl->fd < 0 && nl_open(nl) < 0)
		return -1;
	/* A socket that is not bound has the kernel's own address, 0, and the
	 * kernel does not send its messages to itself. */
	if (bind(nl->fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)) < 0)
		return fail_errno(nl->job, errno, "listen to netlink group %d",
				  group);
	return 0;
}
