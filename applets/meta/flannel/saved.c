/* SPDX-License-Identifier: GPL-2.0-or-later */
/* saved - the file of a container, by which DEL finds what ADD delegated */
#include "flannel.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/cni/cni.h"
#include "core/cni/delegate.h"
#include "core/state/whole.h"

static const char *flannel_dir(const struct call *c)
{
	const struct flannel_conf *conf = c->conf;

	return *conf->data_dir ? conf->data_dir : flannel_defaults.data_dir;
}

static const char *flannel_path(struct call *c, const char *container)
{
	return job_printf(c->job, "%s/%s", flannel_dir(c), container);
}

int flannel_forget(struct call *c, const char *container)
{
	return whole_remove(c->job, flannel_path(c, container));
}

static void flannel_undo_save(void *arg)
{
	struct call *c = arg;

	flannel_forget(c, c->env.container);
}

int flannel_save(struct call *c, const struct str *generated)
{
	const char *container = c->env.container;

	/* A second ADD, which fails, leaves the first one its file. */
	if (access(flannel_path(c, container), F_OK) < 0)
		undo_push(c->job, flannel_undo_save, c);
	else if (flannel_forget(c, container) < 0)
		return -1;
	return whole_create(c->job, flannel_dir(c), container, generated->text);
}

/* The document, or NULL with a warning. */
static struct json *flannel_parse(struct call *c, const char *path,
				  const struct str *text)
{
	bool had_none = !c->job->msg;
	struct json *doc;

	if (json_parse(c->job, path, text->text, text->len, &doc) == 0)
		return doc;
	cni_forgive(c->job, had_none);
	return NULL;
}

/* Reads a file. That of another network is as good as none: a container may be in
 * two, and the file is its latest one's. A torn one has a text, but no document. */
static int flannel_read(struct call *c, const char *container, struct str *text,
			struct json **out)
{
	const char *path = flannel_path(c, container);
	char *found = (char *)whole_read(c->job, path);
	const struct json *name;

	*out = NULL;
	*text = (struct str) { .text = found };
	if (!found)
		return errno == ENOENT
			       ? 0
			       : fail_errno(c->job, errno, "read %s", path);
	text->len = strlen(found);
	*out = flannel_parse(c, path, text);
	name = json_member(*out, "name");
	if (*out && (!name || name->type != JSON_STRING ||
		     strcmp(name->text, c->net.name) != 0)) {
		*out = NULL;
		text->text = NULL;
	}
	return 0;
}

int flannel_saved(struct call *c, struct str *text, struct json **out)
{
	return flannel_read(c, c->env.container, text, out);
}

static bool flannel_is_valid(struct call *c, const char *container)
{
	const struct attachment *valid = c->net.attachments.items;

	for (size_t i = 0; i < c->net.attachments.count; i++) {
		if (strcmp(valid[i].container, container) == 0)
			return true;
	}
	return false;
}

/* Removes a container's file, but not where another program has done the work: its
 * DEL may still come. */
static int flannel_sweep(struct call *c, const char *container)
{
	struct json *saved;
	struct str text;
	bool own;

	if (!env_is_valid_name(container) || flannel_is_valid(c, container))
		return 0;
	if (flannel_read(c, container, &text, &saved) < 0)
		return -1;
	if (!saved)
		return 0;
	if (delegate_is_own(c, flannel_type(saved), &own) < 0)
		return -1;
	return own ? flannel_forget(c, container) : 0;
}

int flannel_forget_invalid(struct call *c)
{
	DIR *dir = opendir(flannel_dir(c));
	const struct dirent *file;
	int ret = 0;

	if (!dir && errno == ENOENT)
		return 0;
	for (errno = dir ? 0 : errno; dir && (file = readdir(dir)); errno = 0)
		ret |= flannel_sweep(c, file->d_name);
	if (errno)
		ret = fail_errno(c->job, errno, "read %s", flannel_dir(c));
	if (dir)
		closedir(dir);
	return ret;
}
