/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries as text, for records and for messages. */
#include <netinet/in.h>
#include <string.h>

#include "core/nat_table.h"
#include "core/str.h"

static const char *const kind_names[] = { "masquerade", "hairpin", "port" };

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

void nat_entry_print(const struct nat_entry *entry, struct str *out)
{
	char pod[PREFIX_TEXT], host[IP_TEXT];

	prefix_print(&entry->pod, pod);
	if (entry->kind != NAT_PORT) {
		str_printf(out, "%s %s", kind_names[entry->kind], pod);
		return;
	}
	str_printf(out, "port %s %s %d %s %d", protocol_name(entry->protocol),
		   ip_is_unspecified(&entry->host)
			   ? "*"
			   : ip_print(&entry->host, host),
		   entry->host_port, pod, entry->pod_port);
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

bool nat_entry_parse(struct job *job, const char *text, struct nat_entry *out)
{
	char *rest = job_strndup(job, text, strlen(text)), *word[6];
	int words = 0, kind = 0;

	*out = (struct nat_entry) { 0 };
	for (; rest && words < 6; words++) {
		word[words] = rest;
		rest = strchr(rest, ' ');
		if (rest)
			*rest++ = '\0';
	}
	while (kind < NAT_PORT && strcmp(word[0], kind_names[kind]) != 0)
		kind++;
	out->kind = (enum nat_kind)kind;
	if (rest)
		return false;
	if (kind < NAT_PORT)
		return words == 2 && prefix_parse(word[1], &out->pod);
	return words == 6 && strcmp(word[0], kind_names[NAT_PORT]) == 0 &&
	       parse_protocol(word[1], &out->protocol) &&
	       (strcmp(word[2], "*") == 0 || ip_parse(word[2], &out->host)) &&
	       parse_port(word[3], &out->host_port) &&
	       prefix_parse(word[4], &out->pod) &&
	       (!out->host.family || out->host.family == out->pod.ip.family) &&
	       parse_port(word[5], &out->pod_port);
}

const char *nat_entry_describe(struct job *job, const struct nat_entry *entry,
			       const char *adverb)
{
	const char *host = "";
	char ip[IP_TEXT];

	if (entry->kind != NAT_PORT)
		return job_printf(job, "address %s is %smasqueraded",
				  ip_print(&entry->pod.ip, ip), adverb);
	if (!ip_is_unspecified(&entry->host))
		host = job_printf(
			job, entry->host.family == AF_INET ? "%s:" : "[%s]:",
			ip_print(&entry->host, ip));
	return job_printf(job, "host port %s%d/%s is %spublished", host,
			  entry->host_port, protocol_name(entry->protocol),
			  adverb);
}
