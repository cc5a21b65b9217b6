/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nl - netlink socket, request builder, acks, dumps */
#ifndef CNIBOX_NL_H
#define CNIBOX_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/job.h"
#include "core/data/ip.h"

struct nlmsghdr;
struct nlattr;

/* A netlink socket of one namespace, opened at its first request, and the
 * requests that wait to be sent. */
struct nl {
	struct job *job;
	int netns;    /* descriptor of the namespace; -1: ours */
	int protocol; /* NETLINK_ROUTE, NETLINK_NETFILTER */
	int fd;	      /* -1 until the first request */
	uint32_t seq;
	bool held; /* nl_talk() only queues */
	/* Of a dump only the first message is read. After that nothing can be
	 * asked any more. */
	bool once;
	/* Of the requests sent together one was refused. failed: and that is
	 * an error, as nl_allow() did not allow it. */
	bool refused, failed;
	struct list requests; /* of struct nl_request, see nl.c */
	char *buf;
	size_t len, size;
	char *answer; /* where the kernel's answers are read to */
};

/* A socket for protocol in netns; costs nothing until it is used. */
void nl_init(struct nl *nl, struct job *job, int netns, int protocol);
/* Opens the socket, which is not open, before its first request. */
int nl_open(struct nl *nl);
void nl_close(struct nl *nl);

/* Begins a request: type, flags beside NLM_F_REQUEST, fixed header. The next
 * calls add to it; room for 32 KiB of attributes is guaranteed, so that others
 * (libnftnl) may build into the message that is returned. */
struct nlmsghdr *nl_begin(struct nl *nl, int type, int flags, const void *head,
			  size_t len);

/* What a request does to a thing of the kernel. To add one that is there is an error. */
enum nl_verb { NL_ADD, NL_REPLACE, NL_DELETE };

/* Begins a request of such a verb: new is its RTM_NEW..., behind which RTM_DEL... is. */
void nl_begin_verb(struct nl *nl, enum nl_verb verb, int new, const void *head,
		   size_t len);

/* "add", "replace" or "delete". */
const char *nl_verb_text(enum nl_verb verb);

void nl_put(struct nl *nl, int attr, const void *data, size_t len);
/* Data without an attribute around it, such as the header inside a nest. */
void nl_put_raw(struct nl *nl, const void *data, size_t len);
void nl_put_text(struct nl *nl, int attr, const char *text);
void nl_put_u8(struct nl *nl, int attr, uint8_t value);
void nl_put_u16(struct nl *nl, int attr, uint16_t value);
void nl_put_u32(struct nl *nl, int attr, uint32_t value);
void nl_put_ip(struct nl *nl, int attr, const struct ip *ip); /* or none */
struct nlattr *nl_nest(struct nl *nl, int attr);
void nl_nest_end(struct nl *nl, struct nlattr *nest);

/* Makes the message longer by len zeroed bytes, and returns these. */
void *nl_extend(struct nlmsghdr *msg, size_t len);

/* The request being built may be answered with err: that is success, and *seen
 * (if not NULL) becomes true. EINVAL is also what a kernel answers that lacks the
 * whole protocol. */
void nl_allow(struct nl *nl, int err, bool *seen);

/* The request being built needs this part of the kernel. If it is refused with
 * err, the message is "the kernel has no <part>". */
void nl_needs(struct nl *nl, int err, const char *part);

/* reply(msg, arg) is called with what the kernel answers to the request being
 * built: one message in place of an acknowledgement, or each message of a
 * dump. */
void nl_on_reply(struct nl *nl, void (*reply)(const struct nlmsghdr *, void *),
		 void *arg);

/* Ends the request. The text says what is tried ("set mtu 9000 on eth0") and
 * becomes the message if the kernel refuses. Unless requests are held, sends
 * everything queued and reads every answer; fails with the first refusal. A
 * request without NLM_F_ACK and NLM_F_DUMP is only answered when refused, and
 * the answers of a dump that was interrupted are dropped and asked for again. */
int nl_talk(struct nl *nl, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* From nl_hold() to nl_release() requests wait, then go out together. Each is
 * carried out, in order, even if one before it is refused. */
void nl_hold(struct nl *nl);
int nl_release(struct nl *nl);

/* To be called between held requests of which there can be any number: sends
 * those that wait, before there is no room left for their answers. */
int nl_flush_if_many(struct nl *nl);

/* From now on nl receives the notifications of a multicast group (RTNLGRP_*).
 * It must be used for nothing else. */
int nl_subscribe(struct nl *nl, int group);

/* Waits for a notification, at most until the deadline; false when that has
 * passed. The caller then reads again what may have changed. */
bool nl_wait(struct nl *nl, long deadline);

/* The time ms milliseconds from now, to a hundredth of a second. It may have
 * wrapped around: only nl_wait() can compare it. */
long nl_deadline(int ms);

/* The attributes of a message behind its fixed header of len bytes: fills
 * attrs[0..max] with pointers or NULL. */
void nl_attrs(const struct nlmsghdr *msg, size_t len,
	      const struct nlattr **attrs, int max);
void nl_attrs_in(const void *data, size_t len, const struct nlattr **attrs,
		 int max);
void nl_nested(const struct nlattr *nest, const struct nlattr **attrs, int max);
/* Calls visit for every attribute of this type in nest, which may be NULL. */
void nl_each(const struct nlattr *nest, int type,
	     void (*visit)(const struct nlattr *attr, void *arg), void *arg);
const void *nl_payload(const struct nlmsghdr *msg);
size_t nl_attr_len(const struct nlattr *attr);
const void *nl_attr_data(const struct nlattr *attr);

/* An attribute's value; 0 or "" if attr is NULL or too short for it. */
uint8_t nl_attr_u8(const struct nlattr *attr);
uint16_t nl_attr_u16(const struct nlattr *attr);
uint32_t nl_attr_u32(const struct nlattr *attr);

/* Copies the first size bytes of its value; false if attr is NULL or too short. */
bool nl_attr_copy(const struct nlattr *attr, void *out, size_t size);

/* Reads an address of this family; false, and *out is as it was, if there is none. */
bool nl_attr_ip(const struct nlattr *attr, int family, struct ip *out);

const char *nl_attr_text(const struct nlattr *attr);

#endif
