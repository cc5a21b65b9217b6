/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state/nodes_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "core/base/io.h"
#include "core/base/sort.h"
#include "core/state/dirs.h"
#include "core/state/lock.h"
#include "core/state/whole.h"

enum { FILE_MAX = 64 << 20, HEAD_MAX = 512 };

static const char name[] = "nodes";

/* Reads a line; false if it is none of ours. */
static bool read_line(struct job *job, char *line, struct nodes_file *out)
{
	const char *word = node_cut_word(&line);
	struct nodes_peer *peer;
	struct prefix prefix;
	long mtu;

	if (!word || !line)
		return false;
	if (strcmp(word, "self") == 0)
		return !node_parse(job, line, &out->self);
	if (strcmp(word, "node") == 0)
		return !node_parse(
			job, line,
			list_add(job, &out->nodes, sizeof(struct node)));
	if (strcmp(word, "mtu") == 0) {
		if (!str_to_long(line, 0, INT_MAX, &mtu))
			return false;
		out->mtu = (int)mtu;
		return true;
	}
	if (strcmp(word, "exempt") == 0) {
		if (!prefix_parse(line, &prefix))
			return false;
		list_copy(job, &out->exempt, &prefix, sizeof(prefix));
		return true;
	}
	if (strcmp(word, "peer") != 0)
		return false;
	peer = list_add(job, &out->peers, sizeof(*peer));
	peer->link = node_cut_word(&line);
	peer->key = node_cut_word(&line);
	return peer->key;
}

/* Reads at most max bytes, of which the last line may be a part only. */
static int read_file(struct job *job, size_t max, struct nodes_file *out,
		     bool *found)
{
	const char *path = job_printf(job, "%s/%s", CONFIG_STATE_DIR, name);
	struct str text = { .job = job };
	int ret = io_read_file(path, &text, max);
	char *line, *end;

	*out = (struct nodes_file) { 0 };
	*found = text.text;
	if (ret < 0 && errno == ENOENT)
		return 0;
	if (ret < 0 && (errno != EFBIG || max != HEAD_MAX))
		return fail_errno(job, errno, "read %s", path);
	for (line = text.text; (end = strchr(line, '\n')) != NULL;
	     line = end + 1) {
		*end = '\0';
		if (!read_line(job, line, out))
			return fail(
				job, CNI_INTERNAL,
				"read %s: a line \"%s\" that is not ours: remove the file",
				path, line);
	}
	return 0;
}

int nodes_file_read_self(struct job *job, struct nodes_file *out, bool *found)
{
	return read_file(job, HEAD_MAX, out, found);
}

int nodes_file_read(struct job *job, struct nodes_file *out, bool *found)
{
	return read_file(job, FILE_MAX, out, found);
}

const char *nodes_file_text(struct job *job, const struct nodes_file *file)
{
	const struct prefix *exempt = file->exempt.items;
	const struct nodes_peer *peer = file->peers.items;
	const struct node *node = file->nodes.items;
	struct str text = { .job = job };
	char buf[PREFIX_TEXT];

	str_add(&text, "self ");
	node_print(&text, &file->self);
	str_add(&text, "\n");
	if (file->mtu)
		str_printf(&text, "mtu %d\n", file->mtu);
	for (size_t i = 0; i < file->exempt.count; i++)
		str_printf(&text, "exempt %s\n", prefix_print(&exempt[i], buf));
	for (size_t i = 0; i < file->peers.count; i++)
		str_printf(&text, "peer %s %s\n", peer[i].link, peer[i].key);
	for (size_t i = 0; i < file->nodes.count; i++) {
		str_add(&text, "node ");
		node_print(&text, &node[i]);
		str_add(&text, "\n");
	}
	return text.text;
}

int nodes_file_lock(struct job *job)
{
	static const char path[] = CONFIG_STATE_DIR "/nodes.lock";
	int fd = -1;

	if (dirs_make(job, CONFIG_STATE_DIR, 0700) == 0)
		fd = openat(AT_FDCWD, path,
			    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_errno(job, errno, "open %s", path);
	return lock_within(fd, LOCK_EX, LOCK_SECONDS) < 0
		       ? lock_fail(job, path, LOCK_SECONDS)
		       : 0;
}

int nodes_file_write(struct job *job, const struct nodes_file *file)
{
	return whole_replace(job, CONFIG_STATE_DIR, name,
			     nodes_file_text(job, file));
}

int nodes_file_remove(struct job *job)
{
	return whole_remove(job,
			    job_printf(job, "%s/%s", CONFIG_STATE_DIR, name));
}

static void add_prefix(struct job *job, struct list *out,
		       const struct prefix *prefix)
{
	if (prefix->ip.family == AF_INET ||
	    (IS_ENABLED(CONFIG_IPV6) && prefix->ip.family))
		list_copy(job, out, prefix, sizeof(*prefix));
}

static void add_node(struct job *job, struct list *out, const struct node *node)
{
	for (int i = 0; i < NODE_PLACES; i++)
		add_prefix(job, out, &node->at[i]);
}

void nodes_file_exempt(struct job *job, const struct nodes_file *file,
		       struct list *prefixes)
{
	const struct prefix *exempt = file->exempt.items;
	const struct node *node = file->nodes.items;
	struct prefix *out;
	size_t count = 0;

	*prefixes = (struct list) { 0 };
	add_node(job, prefixes, &file->self);
	for (size_t i = 0; i < file->nodes.count; i++)
		add_node(job, prefixes, &node[i]);
	for (size_t i = 0; i < file->exempt.count; i++)
		add_prefix(job, prefixes, &exempt[i]);
	out = prefixes->items;
	sort_items(out, prefixes->count, sizeof(*out), prefix_compare);
	/* What contains others comes before them. */
	for (size_t i = 0; i < prefixes->count; i++) {
		if (!count || !prefix_overlaps(&out[count - 1], &out[i]))
			out[count++] = out[i];
	}
	prefixes->count = count;
}
