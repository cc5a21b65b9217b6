/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries as text, for records and for messages. */
#include <netinet/in.h>
#include <string.h>

#include "core/base/str.h"
#include "core/tables/table.h"
#include "core/tables/tables.h"

/* The first word of each, how many more there are, and whether the terms come
 * behind them. */
static const struct {
	const char *name;
	int words;
	bool terms;
} kinds[] = {
	[ENTRY_MASQUERADE] = { "masquerade", 1, true },
	[ENTRY_HAIRPIN] = { "hairpin", 1, false },
	[ENTRY_PORT] = { "port", 5, false },
	[ENTRY_CONDITION] = { "condition", 5, true },
	[ENTRY_GUARDED] = { "guarded", 1, false },
	[ENTRY_SOURCE] = { "source", 2, false },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), WORDS_MAX = 5 };

static const struct {
	const char *name;
	int number;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(*protocols) };

static const char *protocol_name(int number)
{
	size_t i = 0;

	while (i < PROTOCOLS - 1 && protocols[i].number != number)
		i++;
	return protocols[i].name;
}

void entry_print(const struct entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT], host[IP_TEXT], mac[MAC_TEXT];

	str_add(out, kinds[entry->kind].name);
	switch (entry->kind) {
	case ENTRY_MASQUERADE:
	case ENTRY_HAIRPIN:
		str_printf(out, " %s", prefix_print(&entry->pod, pod));
		break;
	case ENTRY_PORT:
	case ENTRY_CONDITION:
		str_printf(out, " %s %s %d %s %d",
			   protocol_name(entry->protocol),
			   ip_is_unspecified(&entry->host)
				   ? "*"
				   : ip_print(&entry->host, host),
			   entry->host_port, prefix_print(&entry->pod, pod),
			   entry->pod_port);
		break;
	case ENTRY_GUARDED:
		str_printf(out, " %s", entry->bridge_port);
		break;
	case ENTRY_SOURCE:
		str_printf(out, " %s %s", entry->bridge_port,
			   mac_print(entry->mac, mac));
		break;
	}
	if (entry->terms)
		str_printf(out, " %s", entry->terms);
}

static bool parse_port(const char *text, uint16_t *out)
{
	long port;

	if (!str_to_long(text, 1, UINT16_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

static bool parse_protocol(const char *text, int *out)
{
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (strcmp(text, protocols[i].name) == 0) {
			*out = protocols[i].number;
			return true;
		}
	}
	return false;
}

static bool parse_ports(char *const *word, struct entry *out)
{
	return parse_protocol(word[0], &out->protocol) &&
	       (strcmp(word[1], "*") == 0 || ip_parse(word[1], &out->host)) &&
	       parse_port(word[2], &out->host_port) &&
	       prefix_parse(word[3], &out->pod) &&
	       (!out->host.family || out->host.family == out->pod.ip.family) &&
	       parse_port(word[4], &out->pod_port);
}

static bool parse_words(char *const *word, struct entry *out)
{
	switch (out->kind) {
	case ENTRY_MASQUERADE:
	case ENTRY_HAIRPIN:
		return prefix_parse(word[0], &out->pod);
	case ENTRY_PORT:
	case ENTRY_CONDITION:
		return parse_ports(word, out);
	case ENTRY_SOURCE:
		if (!mac_parse(word[1], out->mac))
			return false;
		break;
	case ENTRY_GUARDED:
		break;
	}
	return *word[0] &&
	       str_copy(out->bridge_port, sizeof(out->bridge_port), word[0]);
}

/* Cuts the word that *rest begins with off it; NULL if there is none left. */
static char *cut_word(char **rest)
{
	char *word = *rest, *space = word ? strchr(word, ' ') : NULL;

	*rest = space ? space + 1 : NULL;
	if (space)
		*space = '\0';
	return word;
}

bool entry_parse(struct job *job, const char *text, struct entry *out)
{
	char *rest = job_strndup(job, text, strlen(text)), *word[WORDS_MAX];
	const char *name = cut_word(&rest);
	int kind = 0;

	*out = (struct entry) { 0 };
	while (kind < KINDS && strcmp(name, kinds[kind].name) != 0)
		kind++;
	if (kind == KINDS)
		return false;
	out->kind = (enum entry_kind)kind;
	for (int i = 0; i < kinds[kind].words; i++) {
		word[i] = cut_word(&rest);
		if (!word[i])
			return false;
	}
	if (rest && (!kinds[kind].terms || !*rest))
		return false;
	/* No conditions are none of ours. */
	if (!rest && kind == ENTRY_CONDITION)
		return false;
	out->terms = rest;
	return parse_words(word, out);
}

const char *entry_describe(struct job *job, const struct entry *entry,
			   const char *adverb)
{
	const char *host = "";
	char ip[IP_TEXT];

	if (entry->kind == ENTRY_MASQUERADE || entry->kind == ENTRY_HAIRPIN)
		return job_printf(job, "address %s is %smasqueraded",
				  ip_print(&entry->pod.ip, ip), adverb);
	if (entry->kind == ENTRY_GUARDED || entry->kind == ENTRY_SOURCE)
		return job_printf(job, "interface %s is %sguarded",
				  entry->bridge_port, adverb);
	if (!ip_is_unspecified(&entry->host))
		host = job_printf(
			job, entry->host.family == AF_INET ? "%s:" : "[%s]:",
			ip_print(&entry->host, ip));
	return job_printf(job, "host port %s%d/%s is %spublished", host,
			  entry->host_port, protocol_name(entry->protocol),
			  adverb);
}

int entry_refuse(struct job *job, const struct entry *entry, const char *owner,
		 enum holder holder)
{
	return fail(job, CNI_INTERNAL, "%s for %s%s",
		    entry_describe(job, entry, "already "), owner,
		    holder == HOLDER_UNKNOWN ? ", which may live" : "");
}
