/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step - the system calls that can go wrong, and the hold on who makes them */
#ifndef CNIBOX_STEP_H
#define CNIBOX_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/types.h>

#include <linux/ptrace.h>
#include <linux/types.h>

enum call_kind {
	CALL_OTHER,
	CALL_CLOSE, /* takes effect even when it fails */
	CALL_OPEN,  /* its third argument is flags */
	CALL_MMAP,
	CALL_TRANSFER, /* its third argument is a number of bytes */
	CALL_RECV,
	CALL_RECVMSG,
	CALL_SEND,
};

/* A system call that counts. */
struct call {
	long nr;
	const char *name;
	enum call_kind kind;
	bool changes;	    /* what outlives the process */
	const char *faults; /* errors that make sense, any time */
};

/* The call with these arguments; NULL if it does not count: it can neither fail
 * nor change anything outside of the process. If it is not even harmless, then
 * nobody has thought of it. */
const struct call *call_find(__u64 nr, const __u64 args[6]);
bool call_is_harmless(__u64 nr);

/* Whether the call may change what outlives the process, makes a file, or opens
 * one for writing. */
bool call_changes(const struct call *call, const __u64 args[6]);
bool call_creates(const struct call *call, const __u64 args[6]);
bool call_writes(const struct call *call, const __u64 args[6]);

/* For a process that is about to make a call: has it made not at all, or with
 * another third argument. */
void tracee_skip(pid_t pid);
void tracee_limit(pid_t pid, unsigned long len);

/* For one that has made it: what it returns. */
void tracee_return(pid_t pid, long result);

/* The memory of the process. */
bool tracee_read(pid_t pid, __u64 at, void *out, size_t len);
void tracee_write(pid_t pid, __u64 at, const void *data, size_t len);

/* What is sent to the kernel: messages is 0 if it is not netlink's. */
struct datagram {
	__u64 at, end;
	int messages;
	__u16 last_type; /* the highest */
};

struct datagram datagram_look(pid_t pid, __u64 at, __u64 len);

/* Writes " refuse:N" for each request that the kernel can refuse by itself. */
void datagram_list(FILE *out, pid_t pid, const struct datagram *d);

/* A request whose type the kernel does not know, for a moment. */
struct spoilt {
	__u64 at; /* of its type */
	__u16 type;
	__u32 seq;
};

/* Makes number n (from 1) such a request; and what it was again. */
bool request_spoil(pid_t pid, const struct datagram *d, int n,
		   struct spoilt *out);
void request_mend(pid_t pid, const struct spoilt *s);

/* Has the kernel refuse it for want of memory, if this is its answer. */
void answer_refuse(pid_t pid, __u64 at, __u64 len, const struct spoilt *s);

/* Writes what a call has done to files in folder, if anything, as a line:
 *	create|truncate|unlink|mkdir|sync PATH, link PATH PATH,
 *	write|mark PATH HEX (a mark is an attribute) */
void record_call(FILE *out, const char *folder, pid_t pid,
		 const struct call *call, const __u64 args[6], long result);

#endif
