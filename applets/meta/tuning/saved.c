/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "applets/meta/tuning/tuning.h"
#include "core/cni/cni.h"
#include "core/cni/life.h"
#include "core/cni/valid.h"
#include "core/state/whole.h"

/* What is in the file beside the values, which the Go plugin passes over. */
struct tuning_mark {
	const char *owner;
	const char *link; /* see tuning_print_link() */
};

static const struct conf_key tuning_mark_keys[] = {
	{ "owner", CONF_STRING, AT(tuning_mark, owner) },
	{ "link", CONF_STRING, AT(tuning_mark, link) },
	CONF_END
};

static const char tuning_mark_name[] = "cnibox";

static const struct conf_key tuning_saved_keys[] = {
	{ tuning_mark_name, CONF_OBJECT, .keys = tuning_mark_keys }, CONF_END
};

struct tuning_saved {
	struct tuning_conf conf;
	struct tuning_mark mark;
};

static const char *tuning_dir(const struct call *c)
{
	const struct tuning_conf *conf = c->conf;

	return *conf->data_dir ? conf->data_dir : TUNING_DATA_DIR;
}

static const char *tuning_file(struct call *c)
{
	return job_printf(c->job, "%s_%s.json", c->env.container,
			  c->env.ifname);
}

static const char *tuning_path(struct call *c)
{
	return job_printf(c->job, "%s/%s", tuning_dir(c), tuning_file(c));
}

static const char *tuning_owner(struct call *c)
{
	return record_owner(c->job, c->net.name, c->env.ifname,
			    c->env.container);
}

/* Namespace and index of the interface: another one of this name has others. */
static const char *tuning_print_link(struct call *c, const struct link *link)
{
	return job_printf(c->job, "%llu %llu %d",
			  (unsigned long long)c->netns.dev,
			  (unsigned long long)c->netns.ino, link->index);
}

static int tuning_parse(struct call *c, const char *path, const char *text,
			struct tuning_saved *out)
{
	struct json *doc;

	*out = (struct tuning_saved) { 0 };
	if (json_parse(c->job, path, text, strlen(text), &doc) < 0)
		return -1;
	conf_read(c->job, path, doc, tuning_keys, true, &out->conf);
	return conf_read(c->job, path, doc, tuning_saved_keys, true,
			 &out->mark);
}

/* Restores the interface, if it is the one of which the file tells; of a file of
 * the Go plugin only DEL believes that. */
static int tuning_restore_saved(struct call *c, const char *path, bool adding,
				bool *found)
{
	const char *text = whole_read(c->job, path);
	struct tuning_saved saved;
	struct link link;
	bool same;

	*found = text || errno != ENOENT;
	if (!*found)
		return 0;
	if (!text)
		return fail_errno(c->job, errno, "read %s", path);
	if (tuning_parse(c, path, text, &saved) < 0)
		return -1;
	if (c->netns.fd < 0)
		return 0;
	if (link_find(&c->guest, c->env.ifname, &link, &same) < 0)
		return -1;
	if (!same)
		return 0;
	if (saved.mark.link)
		same = !strcmp(saved.mark.link, tuning_print_link(c, &link));
	else
		same = !adding && !life_is_of_another(c);
	return same ? tuning_apply(c, &link, &saved.conf.values) : 0;
}

/* The same, and removes the file. Tries twice: what refuses it may last only a
 * moment. */
static int tuning_take_back(struct call *c, bool adding, bool *found)
{
	const char *path = tuning_path(c);
	int tries = 2;

	while (tries--) {
		bool had_none = !c->job->msg;

		if (tuning_restore_saved(c, path, adding, found) == 0)
			break;
		cni_forgive(c->job, had_none);
	}
	return *found ? whole_remove(c->job, path) : 0;
}

int tuning_restore(struct call *c)
{
	bool found;

	return tuning_take_back(c, false, &found);
}

static void tuning_undo(void *arg)
{
	tuning_restore(arg);
}

static const char *tuning_print_saved(struct call *c, const struct link *link,
				      const struct tuning_values *values)
{
	struct json_writer w = { .out.job = c->job };
	char text[MAC_TEXT];

	json_open(&w, NULL, '{');
	if (values->mac && *values->mac)
		json_string(&w, "mac", mac_print(link->mac, text));
	if (values->has_promisc)
		json_bool(&w, "promisc", link->flags & IFF_PROMISC);
	if (values->mtu)
		json_int(&w, "mtu", link->mtu);
	if (values->has_allmulti)
		json_bool(&w, "allmulti", link->flags & IFF_ALLMULTI);
	if (values->has_tx_queue)
		json_int(&w, "txQLen", link->tx_queue);
	json_open(&w, tuning_mark_name, '{');
	json_string(&w, "owner", tuning_owner(c));
	json_string(&w, "link", tuning_print_link(c, link));
	json_close(&w, '}');
	json_close(&w, '}');
	return w.out.text;
}

int tuning_save(struct call *c, struct link *link)
{
	const struct tuning_conf *conf = c->conf;
	bool found;

	if (tuning_take_back(c, true, &found) < 0 ||
	    link_get(&c->guest, c->env.ifname, link) < 0)
		return -1;
	undo_push(c->job, tuning_undo, c);
	return whole_create(c->job, tuning_dir(c), tuning_file(c),
			    tuning_print_saved(c, link, &conf->values));
}

static int tuning_forget_if_invalid(struct call *c, const char *path)
{
	const char *text = whole_read(c->job, path);
	struct tuning_saved saved;
	bool had_none = !c->job->msg;

	/* Others may have removed it, and not all are ours. */
	if (!text)
		return errno == ENOENT
			       ? 0
			       : fail_errno(c->job, errno, "read %s", path);
	if (tuning_parse(c, path, text, &saved) < 0) {
		cni_forgive(c->job, had_none);
		return 0;
	}
	if (!saved.mark.owner || !valid_excludes(c, saved.mark.owner))
		return 0;
	return whole_remove(c->job, path);
}

int tuning_forget_invalid(struct call *c)
{
	const char *path = tuning_dir(c);
	const struct dirent *file;
	DIR *dir = opendir(path);

	if (!dir)
		return errno == ENOENT
			       ? 0
			       : fail_errno(c->job, errno, "read %s", path);
	for (errno = 0; (file = readdir(dir)); errno = 0) {
		const char *end = strrchr(file->d_name, '.');

		if (end && strcmp(end, ".json") == 0)
			tuning_forget_if_invalid(c, job_printf(c->job, "%s/%s",
							       path,
							       file->d_name));
	}
	if (errno)
		fail_errno(c->job, errno, "read %s", path);
	closedir(dir);
	return 0;
}

int tuning_probe(struct call *c)
{
	return whole_probe(c->job, tuning_dir(c));
}
