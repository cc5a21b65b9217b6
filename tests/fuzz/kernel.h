/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel - the input plays the kernel's part on every netlink socket
 *
 * It is datagrams, each behind two bytes of its length, low byte first. Those
 * too short to be one stand for answers to all that was just asked: 0 for
 * success, others for an error of kernel_errors. A message whose sequence number
 * is 0 gets that of the last request. When there are no more, the kernel has no
 * more to say. */
#ifndef CNIBOX_TESTS_FUZZ_KERNEL_H
#define CNIBOX_TESTS_FUZZ_KERNEL_H

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>

#include "core/kernel/nl.h"
#include "tests/fuzz/fuzz.h"

static const int kernel_errors[] = { 0,	    ENOENT,	EEXIST, ERESTART,
				     EBUSY, EOPNOTSUPP, EINVAL, ENODEV,
				     EPERM, ENETUNREACH };

enum {
	KERNEL_ERRORS = sizeof(kernel_errors) / sizeof(*kernel_errors),
	KERNEL_ASKED_MAX = 256 << 10,
};

static struct {
	const uint8_t *data;
	size_t left;
	/* What was asked, and how much of it is answered. */
	char asked[KERNEL_ASKED_MAX] __attribute__((aligned(4)));
	size_t len, at;
	int err;      /* with which that is answered; -1: by datagrams */
	uint32_t seq; /* of the last request */
} kernel;

static inline void kernel_begin(const uint8_t *data, size_t size)
{
	kernel.data = data;
	kernel.left = size;
	kernel.len = kernel.at = 0;
	kernel.err = -1;
}

/* All that is sent is whole messages. */
ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const struct nlmsghdr *msg = buf;
	int left = (int)len;

	(void)fd, (void)flags;
	require(len);
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
		kernel.seq = msg->nlmsg_seq;
	require(!left);
	kernel.len = len < KERNEL_ASKED_MAX ? len : 0;
	memcpy(kernel.asked, buf, kernel.len);
	kernel.at = 0;
	kernel.err = -1;
	return (ssize_t)len;
}

/* The answer to the next request that wants one; 0 if there is none left. */
static inline size_t kernel_answer(char *buf)
{
	enum { DUMP = NLM_F_DUMP, ACK = NLM_F_ACK };
	struct nlmsgerr ack = { .error = -kernel.err };

	while (kernel.at < kernel.len) {
		const struct nlmsghdr *asked =
			(const void *)(kernel.asked + kernel.at);
		bool dump = (asked->nlmsg_flags & DUMP) == DUMP;
		struct nlmsghdr *msg;

		kernel.at += MNL_ALIGN(asked->nlmsg_len);
		if (!dump && !(asked->nlmsg_flags & ACK) && !kernel.err)
			continue;
		msg = mnl_nlmsg_put_header(buf);
		msg->nlmsg_type = dump ? NLMSG_DONE : NLMSG_ERROR;
		msg->nlmsg_flags = dump ? NLM_F_MULTI : NLM_F_CAPPED;
		msg->nlmsg_seq = asked->nlmsg_seq;
		memcpy(mnl_nlmsg_put_extra_header(msg, sizeof(ack)), &ack,
		       sizeof(ack));
		return msg->nlmsg_len;
	}
	kernel.err = -1;
	return 0;
}

static inline void kernel_number(char *buf, size_t size)
{
	struct nlmsghdr *msg = (void *)buf;
	int left = (int)size;

	for (; mnl_nlmsg_ok(msg, left) && msg->nlmsg_len <= size;
	     msg = mnl_nlmsg_next(msg, &left))
		if (!msg->nlmsg_seq)
			msg->nlmsg_seq = kernel.seq;
}

ssize_t recvfrom(int fd, void *restrict buf, size_t size, int flags,
		 struct sockaddr *restrict from, socklen_t *restrict from_len)
{
	size_t len = 0, whole;

	(void)fd, (void)flags, (void)from, (void)from_len;
	__asan_unpoison_memory_region(buf, size);
	if (kernel.err >= 0)
		len = kernel_answer(buf);
	if (!len && kernel.left < 2) {
		errno = EAGAIN;
		return -1;
	}
	if (!len) {
		len = kernel.data[0] | (size_t)kernel.data[1] << 8;
		kernel.data += 2;
		kernel.left -= 2;
		if (len < NLMSG_HDRLEN) {
			kernel.err = kernel_errors[len % KERNEL_ERRORS];
			len = kernel_answer(buf);
			/* As if a signal had come. */
			if (!len) {
				errno = EINTR;
				return -1;
			}
		} else {
			len = len < kernel.left ? len : kernel.left;
			whole = len < size ? len : size;
			memcpy(buf, kernel.data, whole);
			kernel_number(buf, whole);
			kernel.data += len;
			kernel.left -= len;
		}
	}
	/* Nobody is to look at what lies behind. */
	whole = MNL_ALIGN(len);
	if (whole < size)
		__asan_poison_memory_region((char *)buf + whole, size - whole);
	return (ssize_t)len;
}

int socket(int domain, int type, int protocol)
{
	(void)domain, (void)type, (void)protocol;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* The first byte chooses the question, the others are what the kernel says. */
static inline void kernel_ask(const uint8_t *data, size_t size, int protocol,
			      int (*const questions[])(struct nl *nl),
			      size_t count)
{
	struct job job = { 0 };
	struct nl nl;

	if (!size)
		return;
	kernel_begin(data + 1, size - 1);
	nl_init(&nl, &job, -1, protocol);
	fuzz_told(&job, questions[*data % count](&nl));
	nl_close(&nl);
	job_free(&job);
}

#endif
