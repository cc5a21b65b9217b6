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

const struct ip *node_ip(const struct node *node, int place)
{
	return &node->at[NODE_IP + place].ip;
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

/* Of neither nodes nor pods. */
static bool is_special(const struct ip *ip)
{
	bool multicast = ip->family == AF_INET ? ip->bytes[0] >> 4 == 14
					       : ip->bytes[0] == 0xff;

	return multicast || ip_is_unspecified(ip) || ip_is_loopback(ip) ||
	       ip_is_link_local(ip);
}

/* With all addresses, nothing would be masqueraded any more. */
bool node_parse_subnet(const char *text, struct prefix *out)
{
	struct prefix network;

	if (!prefix_parse(text, out) || ip_is_mapped(&out->ip))
		return false;
	network = prefix_network(out);
	return !is_special(&network.ip);
}

static bool parse_address(const char *text, struct prefix *out)
{
	if (!ip_parse(text, &out->ip) || is_special(&out->ip))
		return false;
	out->len = ip_bits(out->ip.family);
	return true;
}

static const char *add(struct job *job, const char *text, int column,
		       struct node *out)
{
	bool address = column == NODE_IP;
	struct prefix prefix, *place;

	if (address ? !parse_address(text, &prefix)
		    : !node_parse_subnet(text, &prefix))
		return job_printf(job, "\"%s\" is no %s", text,
				  address ? "address of a node"
					  : "subnet of pods");
	place = &out->at[column + node_place(prefix.ip.family)];
	if (place->ip.family)
		return job_printf(job, "\"%s\": a second %s of this family",
				  text, address ? "address" : "subnet");
	*place = prefix_network(&prefix);
	return NULL;
}

const char *node_parse_column(struct job *job, char *text, int column,
			      struct node *out)
{
	const char *wrong = NULL;

	if (strcmp(text, "-") == 0)
		return NULL;
	while (text && !wrong)
		wrong = add(job, cut(&text, ","), column, out);
	return wrong;
}

const char *node_parse_key(struct job *job, const char *text, struct node *out)
{
	uint8_t key[KEY_LEN];

	if (!key_parse(text, key))
		return job_printf(job, "\"%s\" is no key of WireGuard", text);
	if (out->key)
		return job_printf(job, "\"%s\": a second key", text);
	out->key = text;
	return NULL;
}

const char *node_parse(struct job *job, char *text, struct node *out)
{
	char *cidrs = node_cut_word(&text), *ips = node_cut_word(&text), *more;
	const char *wrong;

	*out = (struct node) { 0 };
	if (!cidrs || !ips)
		return "a subnet of pods and an address of the node are expected";
	wrong = node_parse_column(job, cidrs, NODE_CIDR, out);
	if (!wrong)
		wrong = node_parse_column(job, ips, NODE_IP, out);
	while (!wrong && (more = node_cut_word(&text)) != NULL) {
		if (!str_starts(more, "wg="))
			return job_printf(
				job, "\"%s\": wg=KEY or nothing is expected",
				more);
		wrong = node_parse_key(job, more + 3, out);
	}
	return wrong;
}

static void print_column(struct str *out, const struct node *node, int column)
{
	const struct prefix *prefix = &node->at[column];
	const char *comma = "";
	char text[PREFIX_TEXT];

	for (int i = 0; i < NODE_FAMILIES; i++, prefix++) {
		if (!prefix->ip.family)
			continue;
		str_add(out, comma);
		str_add(out, column == NODE_IP ? ip_print(&prefix->ip, text)
					       : prefix_print(prefix, text));
		comma = ",";
	}
	if (!*comma)
		str_add(out, "-");
}

void node_print(struct str *out, const struct node *node)
{
	print_column(out, node, NODE_CIDR);
	str_add(out, " ");
	print_column(out, node, NODE_IP);
	if (node->key)
		str_printf(out, " wg=%s", node->key);
}
