/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list - reads a list of nodes, in any of four forms */
#include "nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/base/io.h"

enum { LIST_MAX = 64 << 20 };

const char *nodes_where(const struct nodes *nodes,
			const struct nodes_entry *entry)
{
	struct job *job = nodes->job;

	return entry->name ? job_printf(job, "%s: node %s", nodes->path,
					entry->name)
			   : job_printf(job, "%s:%d", nodes->path, entry->line);
}

int nodes_refuse(const struct nodes *nodes, const struct nodes_entry *entry,
		 const char *fmt, ...)
{
	const char *wrong;
	va_list args;

	va_start(args, fmt);
	wrong = job_vprintf(nodes->job, fmt, args);
	va_end(args);
	return fail(nodes->job, CNI_INTERNAL, "%s: %s",
		    nodes_where(nodes, entry), wrong);
}

/* A line of machines.txt: "IP FQDN HOST [POD_SUBNET]", ip being its first word. */
static const char *read_machine(struct job *job, char *ip, char *rest,
				struct node *out)
{
	const char *wrong = node_parse_column(job, ip, NODE_IP, out);
	char *fqdn = node_cut_word(&rest), *host = node_cut_word(&rest);
	char *cidrs = node_cut_word(&rest), *more = node_cut_word(&rest);

	(void)fqdn;
	if (wrong)
		return wrong;
	if (!host)
		return "IP FQDN HOST [POD_SUBNET] is expected";
	if (more)
		return job_printf(
			job, "\"%s\": the end of the line is expected", more);
	return cidrs ? node_parse_column(job, cidrs, NODE_CIDR, out) : NULL;
}

/* A line of our own form begins with a subnet or "-", one of machines.txt with an
 * address. */
static const char *read_entry(struct job *job, char *line, struct node *out)
{
	char *rest = line, *word;
	struct ip ip;

	line += strspn(line, " \t\r");
	word = job_strndup(job, line, strcspn(line, " \t\r,"));
	if (strchr(word, '/') || strcmp(word, "-") == 0)
		return node_parse(job, line, out);
	if (!ip_parse(word, &ip))
		return job_printf(
			job,
			"\"%s\": a subnet of pods, - or an address is expected",
			word);
	*out = (struct node) { 0 };
	rest = line;
	word = node_cut_word(&rest);
	return read_machine(job, word, rest, out);
}

static int read_lines(struct nodes *nodes, char *text)
{
	struct job *job = nodes->job;

	for (int line = 1; text; line++) {
		char *end = strchr(text, '\n'), *start = text;
		struct nodes_entry *entry;
		const char *wrong;

		text = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		start[strcspn(start, "#")] = '\0';
		if (!start[strspn(start, " \t\r")])
			continue;
		entry = list_add(job, &nodes->entries, sizeof(*entry));
		entry->line = line;
		wrong = read_entry(job, start, &entry->node);
		if (wrong)
			return fail(job, CNI_INTERNAL, "%s:%d: %s", nodes->path,
				    line, wrong);
	}
	return 0;
}

/* Reads the networks of a list with commas between. */
static const char *read_networks(struct job *job, char *text, struct list *out)
{
	while (text) {
		size_t len = strcspn(text, ",");
		char *next = text[len] ? text + len + 1 : NULL;
		struct prefix prefix;

		text[len] = '\0';
		if (!prefix_parse(text, &prefix))
			return job_printf(job, "\"%s\" is no network", text);
		*(struct prefix *)list_add(job, out, sizeof(prefix)) =
			prefix_network(&prefix);
		text = next;
	}
	return NULL;
}

static const char *read_flannel_line(struct nodes *nodes, const char *key,
				     char *value)
{
	struct nodes_file *new = &nodes->new;
	struct job *job = nodes->job;
	long mtu;

	if (strcmp(key, "FLANNEL_NETWORK") == 0 ||
	    strcmp(key, "FLANNEL_IPV6_NETWORK") == 0)
		return read_networks(job, value, &new->exempt);
	if (strcmp(key, "FLANNEL_SUBNET") == 0 ||
	    strcmp(key, "FLANNEL_IPV6_SUBNET") == 0)
		return node_parse_column(job, value, NODE_CIDR, &new->self);
	if (strcmp(key, "FLANNEL_MTU") == 0) {
		if (!str_to_long(value, 0, INT_MAX, &mtu))
			return job_printf(job, "\"%s\" is no MTU", value);
		new->mtu = (int)mtu;
	}
	return NULL;
}

/* flanneld's routes are its own: only its networks are noted, and this node's. */
static int read_flannel(struct nodes *nodes, char *text)
{
	struct job *job = nodes->job;

	nodes->flannel = true;
	for (int line = 1; text; line++) {
		char *end = strchr(text, '\n'), *key = text, *value;
		const char *wrong = NULL;

		text = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		value = strchr(key, '=');
		if (value) {
			*value++ = '\0';
			wrong = read_flannel_line(nodes, key, value);
		}
		if (wrong)
			return fail(job, CNI_INTERNAL, "%s:%d: %s", nodes->path,
				    line, wrong);
	}
	if (!nodes->new.exempt.count)
		return fail(job, CNI_INTERNAL, "%s: FLANNEL_NETWORK is missing",
			    nodes->path);
	return 0;
}

/* What it is, its first word that is no comment tells. */
int nodes_read_text(struct nodes *nodes, char *text, size_t len)
{
	const char *start = text;

	for (;;) {
		start += strspn(start, " \t\r\n");
		if (*start != '#')
			break;
		start += strcspn(start, "\n");
	}
	if (*start == '{')
		return nodes_read_kube(nodes, text, len);
	if (strlen(text) != len)
		return fail(nodes->job, CNI_INTERNAL, "%s: a NUL byte at %zu",
			    nodes->path, strlen(text));
	return str_starts(start, "FLANNEL_") ? read_flannel(nodes, text)
					     : read_lines(nodes, text);
}

int nodes_read_list(struct nodes *nodes)
{
	struct job *job = nodes->job;
	struct str text = { .job = job };
	int fd = STDIN_FILENO, err;

	if (strcmp(nodes->path, "-") == 0) {
		nodes->path = "standard input";
	} else {
		fd = openat(AT_FDCWD, nodes->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail_errno(job, errno, "open %s", nodes->path);
	}
	err = io_read(fd, &text, LIST_MAX) < 0 ? errno : 0;
	if (fd != STDIN_FILENO)
		close(fd);
	if (err)
		return fail_errno(job, err, "read %s", nodes->path);
	return nodes_read_text(nodes, text.text, text.len);
}
