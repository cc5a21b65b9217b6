/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "applets/ipam/host-local/host-local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/io.h"
#include "core/base/str.h"

enum { RESOLV_CONF_MAX = 1 << 20 };

static int resolv_read_file(struct job *job, const char *path, struct str *out)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int ret, err;

	if (fd < 0)
		return fail_errno(job, errno, "open %s", path);
	ret = io_read(fd, out, RESOLV_CONF_MAX);
	err = errno;
	close(fd);
	return ret < 0 ? fail_errno(job, err, "read %s", path) : 0;
}

/* Returns the next word of the line at *text and moves *text behind it; NULL
 * if there is none. */
static const char *resolv_next_word(struct job *job, const char **text)
{
	const char *word = *text + strspn(*text, " \t\r\v\f");
	size_t len = strcspn(word, " \t\r\v\f\n");

	*text = word + len;
	return len ? job_strndup(job, word, len) : NULL;
}

/* Reads one line. Where resolv.conf(5) has one word only, others are dropped.
 * A comment does not begin with a keyword. */
static void resolv_read_line(struct job *job, const char **text,
			     struct dns *dns)
{
	const char *keyword = resolv_next_word(job, text), *word;
	struct list *list;

	if (!keyword)
		return;
	if (!strcmp(keyword, "domain")) {
		word = resolv_next_word(job, text);
		if (word)
			dns->domain = word;
		return;
	}
	if (!strcmp(keyword, "nameserver"))
		list = &dns->nameservers;
	else if (!strcmp(keyword, "search"))
		list = &dns->search;
	else if (!strcmp(keyword, "options"))
		list = &dns->options;
	else
		return;
	while ((word = resolv_next_word(job, text))) {
		list_copy(job, list, &word, sizeof(word));
		if (list == &dns->nameservers)
			return;
	}
}

int resolv_read(struct job *job, const char *path, struct dns *out)
{
	struct str file = { .job = job };
	const char *at;

	if (resolv_read_file(job, path, &file) < 0)
		return -1;
	for (at = file.text; *at;) {
		resolv_read_line(job, &at, out);
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return 0;
}
