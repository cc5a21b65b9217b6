/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodes - routes to the pods of other nodes, by a list of the nodes

config NODES
	bool "cnibox nodes"
	default y
	depends on NAT
	help
	  "cnibox nodes apply" makes this node's routes to the pods of other
	  nodes those that a list of nodes wants, and has masquerading leave
	  alone what goes there. Costs 20 KB, without the options below.
*/
#include "nodes.h"

#include <string.h>

#include "core/cni/cni.h"

#include "keyfile.h"

#define IF_NODES_VXLAN(backend)                                                \
	(IS_ENABLED(CONFIG_NODES_VXLAN) ? (backend) : NULL)
#define IF_NODES_WIREGUARD(backend)                                            \
	(IS_ENABLED(CONFIG_NODES_WIREGUARD) ? (backend) : NULL)

enum { MTU_V6 = 1280 };

static const char default_path[] = "/etc/cni/nodes";

enum verb { APPLY, CHECK, SHOW, WATCH };

static const char *const verbs[] = { "apply", "check", "show", "watch", NULL };
static const char *const choices[] = { "auto", "route", "vxlan", "wireguard",
				       NULL };

/* What is said on the command line. */
struct words {
	enum verb verb;
	bool dry;
};

static int find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

static int bad_value(struct nodes *nodes, const char *word, const char *value,
		     const char *expected)
{
	return fail(nodes->job, CNI_INTERNAL, "%s%s%s: %s is expected", word,
		    value ? " " : "", value ? value : "", expected);
}

static int read_number(struct nodes *nodes, const char *word, const char *value,
		       long max, int *out)
{
	long number;

	if (!value || !str_to_long(value, 1, max, &number))
		return bad_value(
			nodes, word, value,
			job_printf(nodes->job, "a number from 1 to %ld", max));
	*out = (int)number;
	return 0;
}

/* Reads an option that has a value. *known is false if there is none of this
 * name. */
static int read_option(struct nodes *nodes, const char *word, const char *value,
		       bool *known)
{
	struct nodes_options *options = &nodes->options;
	int choice;

	*known = true;
	if (strcmp(word, "--vni") == 0)
		return read_number(nodes, word, value, (1 << 24) - 1,
				   &options->vni);
	if (strcmp(word, "--port") == 0)
		return read_number(nodes, word, value, 65535, &options->port);
	if (strcmp(word, "--backend") == 0) {
		choice = value ? find_word(choices, value) : -1;
		if (choice < 0)
			return bad_value(nodes, word, value,
					 "auto, route, vxlan or wireguard");
		options->backend = (enum nodes_choice)choice;
		return 0;
	}
	if (strcmp(word, "--interface") == 0)
		options->interface = value;
	else if (strcmp(word, "--private-key") == 0)
		options->private_key = value;
	else
		*known = false;
	return *known && !value ? bad_value(nodes, word, value, "a value") : 0;
}

static int read_words(struct nodes *nodes, char **argv, struct words *out)
{
	const struct nodes_options *options = &nodes->options;
	int verb = argv[1] ? find_word(verbs, argv[1]) : -1;
	bool known, given = false;

	if (verb < 0)
		return bad_value(nodes, argv[0], argv[1],
				 "apply, check, show, watch or key");
	out->verb = (enum verb)verb;
	for (char **word = argv + 2; *word; word++) {
		if (strcmp(*word, "--dry-run") == 0 && verb == APPLY) {
			out->dry = true;
		} else if (**word != '-' || !(*word)[1]) {
			if (given)
				return tool_unknown_word(nodes->c, argv, *word);
			given = true;
			nodes->path = *word;
		} else {
			if (read_option(nodes, *word, word[1], &known) < 0)
				return -1;
			if (!known)
				return tool_unknown_word(nodes->c, argv, *word);
			word++;
		}
	}
	/* Packets would go unencrypted. */
	if ((options->interface || options->private_key) &&
	    options->backend != NODES_WIREGUARD)
		return fail(
			nodes->job, CNI_INTERNAL,
			"--interface and --private-key are of --backend wireguard");
	return 0;
}

/* Adds the texts of all steps to out; the number of them. */
static size_t print_steps(const struct nodes *nodes, struct str *out)
{
	size_t count = 0;

	for (int phase = 0; phase < NODES_PHASES; phase++) {
		const struct nodes_step *step = nodes->steps[phase].items;

		for (size_t i = 0; i < nodes->steps[phase].count; i++) {
			if (!step[i].text)
				continue;
			str_printf(out, "%s\n", step[i].text);
			count++;
		}
	}
	return count;
}

/* Notes what will be true when all steps are done. */
static void note_new(struct nodes *nodes)
{
	const struct nodes_entry *entry = nodes->entries.items;
	struct nodes_file *new = &nodes->new;

	for (size_t i = 0; i < nodes->entries.count; i++, entry++) {
		if (entry == nodes->self)
			new->self = entry->node;
		else
			list_copy(nodes->job, &new->nodes, &entry->node,
				  sizeof(struct node));
	}
}

/* With a smaller MTU the kernel takes IPv6 off a link, routes and all. */
static int refuse_small_mtu(struct nodes *nodes)
{
	const struct link *device = &nodes->device;

	if ((nodes->overlay[NODE_CIDR + NODE_V6] ||
	     nodes->overlay[NODE_IP + NODE_V6]) &&
	    device->mtu < MTU_V6)
		return fail(nodes->job, CNI_INTERNAL,
			    "IPv6 needs an MTU of %d, and that of %s is %d",
			    MTU_V6, device->name, device->mtu);
	return 0;
}

/* Plans the overlay that is wanted, and the end of the others. */
static int plan_overlays(struct nodes *nodes)
{
	static const struct {
		const struct nodes_backend *backend; /* NULL: not built */
		const char *option;
	} overlays[] = {
		{ IF_NODES_VXLAN(&nodes_vxlan), "NODES_VXLAN" },
		{ IF_NODES_WIREGUARD(&nodes_wireguard), "NODES_WIREGUARD" },
	};
	bool wireguard = nodes->options.backend == NODES_WIREGUARD;

	for (int i = 0; i < 2; i++) {
		const struct nodes_backend *backend = overlays[i].backend;
		bool needed = nodes->needs_overlay && i == wireguard;

		if (needed && !backend)
			return fail_unbuilt(nodes->job, CNI_INTERNAL,
					    "nodes that no link leads to",
					    overlays[i].option);
		if (backend && (needed ? backend->plan(nodes)
				       : backend->plan_none(nodes)) < 0)
			return -1;
	}
	if (nodes->needs_overlay)
		nodes->new.mtu = nodes->device.mtu;
	return refuse_small_mtu(nodes);
}

/* "nodes key [FILE]" */
static int run_key(struct call *c, char **argv, struct str *out)
{
	const char *path = argv[2] ? argv[2] : keyfile_path;

	if (!IS_ENABLED(CONFIG_NODES_WIREGUARD))
		return fail_unbuilt(c->job, CNI_INTERNAL, "nodes key",
				    "NODES_WIREGUARD");
	if (*path == '-')
		return tool_unknown_word(c, argv, path);
	if (argv[2] && argv[3])
		return tool_unknown_word(c, argv, argv[3]);
	return keyfile_run(c->job, path, out);
}

static int plan(struct nodes *nodes, struct list *routes)
{
	struct job *job = nodes->job;

	if ((!nodes->read && nodes_read_list(nodes) < 0) ||
	    link_list(nodes->nl, 0, &nodes->links) < 0 ||
	    nodes_file_read(job, &nodes->old, &nodes->has_old) < 0 ||
	    (!nodes->flannel && nodes_find_self(nodes) < 0))
		return -1;
	note_new(nodes);
	if (plan_overlays(nodes) < 0 || nodes_plan(nodes, routes) < 0)
		return -1;
	nodes_warn_of_links(nodes, routes);
	return nodes_settle(nodes);
}

static int apply(struct nodes *nodes)
{
	struct list routes = { 0 };

	return nodes_file_lock(nodes->job) < 0 || plan(nodes, &routes) < 0
		       ? -1
		       : nodes_run_steps(nodes);
}

static int watch(struct nodes *nodes, char **argv)
{
	if (!IS_ENABLED(CONFIG_NODES_WATCH))
		return fail_unbuilt(nodes->job, CNI_INTERNAL, "nodes watch",
				    "NODES_WATCH");
	if (strcmp(nodes->path, "-") == 0)
		return fail(nodes->job, CNI_INTERNAL,
			    "nodes watch: a file is expected, not -");
	return nodes_watch(nodes->c, nodes->path, argv);
}

static int run(struct call *c, char **argv, struct str *out)
{
	struct nodes nodes = { c, c->job, &c->host, .path = default_path };
	struct list routes = { 0 };
	struct words words = { 0 };
	size_t count;

	if (argv[1] && strcmp(argv[1], "key") == 0)
		return run_key(c, argv, out);
	if (read_words(&nodes, argv, &words) < 0)
		return -1;
	/* Who writes to it may take his time, in which nobody is locked out. */
	if (strcmp(nodes.path, "-") == 0 && words.verb != WATCH &&
	    nodes_read_list(&nodes) < 0)
		return -1;
	if (words.verb == APPLY && !words.dry)
		return apply(&nodes);
	if (words.verb == WATCH)
		return watch(&nodes, argv);
	if (plan(&nodes, &routes) < 0)
		return -1;
	if (words.verb == SHOW) {
		nodes_show(&nodes, &routes, out);
		return 0;
	}
	count = print_steps(&nodes, out);
	return words.verb == CHECK && count
		       ? fail(c->job, CNI_INTERNAL, "%zu differences from %s",
			      count, nodes.path)
		       : 0;
}

const struct tool nodes_tool = {
	.name = "nodes",
	.usage =
		"nodes apply|check|show|watch [OPTION...] [FILE]\n"
		"                          routes to the pods of other nodes\n"
		"    cnibox nodes key [FILE]\n"
		"                          makes a private key of WireGuard, unless\n"
		"                          it is there, and prints the public one",
	.more = "    apply                 makes this node's routing what FILE wants\n"
		"    check                 prints what apply would change; the exit\n"
		"                          status is 1 if there is anything\n"
		"    show                  FILE, with how each node is reached\n"
		"    watch                 applies, and again when something changes\n"
		"\n"
		"    FILE                  a line for each node (/etc/cni/nodes), or -:\n"
		"                          SUBNET[,SUBNET] ADDRESS[,ADDRESS] [wg=KEY]\n"
		"    --backend auto        VXLAN to nodes that are on no link (default);\n"
		"                          route: no overlay; vxlan, wireguard: to all\n"
		"    --vni N               of VXLAN (67)\n"
		"    --port N              UDP port of VXLAN (4789), of WireGuard (51820)\n"
		"    --interface NAME      of WireGuard, in place of our own\n"
		"    --private-key FILE    of WireGuard (/etc/cni/nodes.key)\n"
		"    --dry-run             of apply: prints the changes, makes none\n"
		"\n"
		"    Backend, VNI and port have to be the same on all nodes. check,\n"
		"    show and watch need the options that apply has.\n",
	.run = run,
};
