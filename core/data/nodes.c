/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/nodes.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/job.h"
#include "core/data/key.h"

static const char blanks[] = " \t\r";

int node_place(int family)
{
	return family == AF_INET6 ? NODE_V6 : NODE_V4;
}

int node_family(int place)
{
	return place == NODE_V6 ? AF_INET6 : AF_INET;
}

/* Cuts what ends at one of stops off *at, which becomes NULL behind the last. */
static char *cut(char **at, const char *stops)
{
	char *start = *at, *end = start + strcspn(start, stops);

	*at = *end ? end + 1 : NULL;
	*end = '\0';
	return start;
}

char *node_cut_word(char **at)
{
	if (*at)
		*at += strspn(*at, blanks);
	return *at && **at ? cut(at, blanks) : NULL;
}

static const char *add_cidr(struct job *job, const char *text, struct node *out)
{
	struct prefix prefix, *place;

	if (!prefix_parse(text, &prefix) || ip_is_mapped(&prefix.ip))
		return job_printf(job, "\"%s\" is no subnet of pods", text);
	place = &out->cidr[node_place(prefix.ip.family)];
	if (place->ip.family)
		return job_printf(job, "\"%s\": a second subnet of this family",
				  text);
	*place = prefix_network(&prefix);
	return NULL;
}

static const char *add_ip(struct job *job, const char *text, struct node *out)
{
	struct ip ip, *place;

	if (!ip_parse(text, &ip) || ip_is_unspecified(&ip) ||
	    ip_is_loopback(&ip) || ip_is_link_local(&ip))
		return job_printf(job, "\"%s\" is no address of a node", text);
	place = &out->ip[node_place(ip.family)];
	if (place->family)
		return job_printf(
			job, "\"%s\": a second address of this family", text);
	*place = ip;
	return NULL;
}

/* Reads what stands between commas; "-" is nothing. */
static const char *parse_column(struct job *job, char *text, struct node *out,
				const char *(*add)(struct job *, const char *,
						   struct node *))
{
	const char *wrong = NULL;

	if (strcmp(text, "-") == 0)
		return NULL;
	while (text && !wrong)
		wrong = add(job, cut(&text, ","), out);
	return wrong;
}

const char *node_parse_cidrs(struct job *job, char *text, struct node *out)
{
	return parse_column(job, text, out, add_cidr);
}

const char *node_parse_ips(struct job *job, char *text, struct node *out)
{
	return parse_column(job, text, out, add_ip);
}

const char *node_parse_key(struct job *job, const char *text, struct node *out)
{
	uint8_t key[KEY_LEN];

	if (!key_parse(text, key))
		return job_printf(job, "\"%s\" is no key of WireGuard", text);
	out->key = text;
	return NULL;
}

const char *node_parse(struct job *job, char *text, struct node *out)
{
	char *cidrs = node_cut_word(&text), *ips = node_cut_word(&text), *more;
	const char *wrong;

	*out = (struct node) { 0 };
	if (!ips)
		return "a subnet of pods and an address of the node are expected";
	wrong = node_parse_cidrs(job, cidrs, out);
	if (!wrong)
		wrong = node_parse_ips(job, ips, out);
	while (!wrong && (more = node_cut_word(&text)) != NULL) {
		if (!str_starts(more, "wg="))
			return job_printf(
				job, "\"%s\": wg=KEY or nothing is expected",
				more);
		wrong = node_parse_key(job, more + 3, out);
	}
	return wrong;
}

void node_print(struct str *out, const struct node *node)
{
	const char *comma = "";
	char text[PREFIX_TEXT];

	for (int i = 0; i < NODE_FAMILIES; i++) {
		if (!node->cidr[i].ip.family)
			continue;
		str_printf(out, "%s%s", comma,
			   prefix_print(&node->cidr[i], text));
		comma = ",";
	}
	str_add(out, *comma ? " " : "- ");
	comma = "";
	for (int i = 0; i < NODE_FAMILIES; i++) {
		if (!node->ip[i].family)
			continue;
		str_printf(out, "%s%s", comma, ip_print(&node->ip[i], text));
		comma = ",";
	}
	if (!*comma)
		str_add(out, "-");
	if (node->key)
		str_printf(out, " wg=%s", node->key);
}
