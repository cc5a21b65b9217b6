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

static const char flannel[] = "FLANNEL_";

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

/* The rest of a line of machines.txt: "IP FQDN HOST [POD_SUBNET]". */
static const char *read_machine(struct job *job, char *ip, char *rest,
				struct node *out)
{
	const char *wrong = node_parse_column(job, ip, NODE_IP, out);
	char *words[4]; /* the last one is too many */

	for (int i = 0; i < 4; i++)
		words[i] = node_cut_word(&rest);
	if (wrong)
		return wrong;
	if (!words[1])
		return "IP FQDN HOST [POD_SUBNET] is expected";
	if (words[3])
		return job_printf(job,
				  "\"%s\": the end of the line is expected",
				  words[3]);
	return words[2] ? node_parse_column(job, words[2], NODE_CIDR, out)
			: NULL;
}

/* A line of our own form begins with a subnet or "-", one of machines.txt with an
 * address. */
static const char *read_entry(struct nodes *nodes, char *line, int number)
{
	struct job *job = nodes->job;
	struct nodes_entry *entry;
	char *rest, *word;
	struct ip ip;

	line[strcspn(line, "#")] = '\0';
	rest = job_printf(job, "%s", line);
	word = node_cut_word(&rest);
	if (!word)
		return NULL;
	entry = list_add(job, &nodes->entries, sizeof(*entry));
	entry->line = number;
	if (strchr(word, '/') || strcmp(word, "-") == 0)
		return node_parse(job, line, &entry->node);
	if (!ip_parse(job_strndup(job, word, strcspn(word, ",")), &ip))
		return job_printf(
			job,
			"\"%s\": a subnet of pods, - or an address is expected",
			word);
	return read_machine(job, word, rest, &entry->node);
}

/* Reads the networks of a list with commas between. */
static const char *read_networks(struct job *job, char *text, struct list *out)
{
	while (text) {
		size_t len = strcspn(text, ",");
		char *next = text[len] ? text + len + 1 : NULL;
		struct prefix prefix;

		text[len] = '\0';
		if (!node_parse_subnet(text, &prefix))
			return job_printf(job, "\"%s\" is no network", text);
		prefix = prefix_network(&prefix);
		list_copy(job, out, &prefix, sizeof(prefix));
		text = next;
	}
	return NULL;
}

/* flanneld's routes are its own: only its networks are noted, and this node's. */
static const char *read_flannel(struct nodes *nodes, char *line)
{
	static const char *const keys[] = { "NETWORK=", "IPV6_NETWORK=",
					    "SUBNET=", "IPV6_SUBNET=", "MTU=" };
	struct nodes_file *new = &nodes->new;
	struct job *job = nodes->job;
	char *value = strchr(line, '=');
	size_t i = 0;
	long mtu;

	if (!value || !str_starts(line, flannel))
		return NULL;
	value++;
	line += sizeof(flannel) - 1;
	while (i < 5 && !str_starts(line, keys[i]))
		i++;
	if (i < 2)
		return read_networks(job, value, &new->exempt);
	if (i < 4)
		return node_parse_column(job, value, NODE_CIDR, &new->self);
	if (i > 4)
		return NULL;
	if (!str_to_long(value, 0, INT_MAX, &mtu))
		return job_printf(job, "\"%s\" is no MTU", value);
	new->mtu = (int)mtu;
	return NULL;
}

static int read_lines(struct nodes *nodes, char *text)
{
	for (int number = 1; text; number++) {
		char *end = strchr(text, '\n');
		const char *wrong;

		if (end)
			*end++ = '\0';
		wrong = nodes->flannel ? read_flannel(nodes, text)
				       : read_entry(nodes, text, number);
		if (wrong)
			return fail(nodes->job, CNI_INTERNAL, "%s:%d: %s",
				    nodes->path, number, wrong);
		text = end;
	}
	if (nodes->flannel && !nodes->new.exempt.count)
		return fail(nodes->job, CNI_INTERNAL,
			    "%s: FLANNEL_NETWORK is missing", nodes->path);
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
	nodes->flannel = str_starts(start, flannel);
	return read_lines(nodes, text);
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
	nodes->read = true;
	err = io_read(fd, &text, LIST_MAX) < 0 ? errno : 0;
	if (fd != STDIN_FILENO)
		close(fd);
	if (err)
		return fail_errno(job, err, "read %s", nodes->path);
	return nodes_read_text(nodes, text.text, text.len);
}
