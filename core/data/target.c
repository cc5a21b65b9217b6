/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/data/target.h"

#include <string.h>
#include <sys/socket.h>

#include "core/base/job.h"
#include "core/base/str.h"

/* IPv4 in the form of IPv6 is sent to by nobody. */
static bool parse_prefix(const char *text, struct prefix *out)
{
	if (prefix_parse(text, out)) {
		*out = prefix_network(out);
		return !ip_is_mapped(&out->ip);
	}
	if (!ip_parse(text, &out->ip))
		return false;
	out->len = ip_bits(out->ip.family);
	return true;
}

/* PORT/PROTOCOL */
static bool parse_port(struct job *job, const char *text, struct target *out)
{
	size_t len = strcspn(text, "/");
	long port;

	if (!text[len] ||
	    !str_to_long(job_strndup(job, text, len), 1, UINT16_MAX, &port))
		return false;
	out->port = (uint16_t)port;
	out->protocol = protocol_number(text + len + 1);
	return out->protocol >= 0;
}

bool target_parse(struct job *job, const char *text, struct target *out)
{
	bool bracket = *text == '[';
	const char *end = strchr(text, bracket ? ']' : ':');

	*out = (struct target) { 0 };
	/* Without brackets IPv6 has more colons than one, and no port. */
	if (!bracket && (!end || strchr(end + 1, ':')))
		return parse_prefix(text, &out->to);
	text += bracket;
	return end && end[bracket] == ':' &&
	       parse_prefix(job_strndup(job, text, (size_t)(end - text)),
			    &out->to) &&
	       parse_port(job, end + bracket + 1, out);
}

void target_print(const struct target *target, struct str *out)
{
	bool bracket = target->protocol && target->to.ip.family == AF_INET6;
	char to[PREFIX_TEXT];

	str_printf(out, "%s%s%s", bracket ? "[" : "",
		   prefix_print(&target->to, to), bracket ? "]" : "");
	if (target->protocol)
		str_printf(out, ":%d/%s", target->port,
			   protocol_name(target->protocol));
}

bool target_equal(const struct target *a, const struct target *b)
{
	return prefix_equal(&a->to, &b->to) && a->protocol == b->protocol &&
	       a->port == b->port;
}

int target_compare(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->to.len != y->to.len)
		return x->to.len - y->to.len;
	if (x->protocol != y->protocol)
		return x->protocol - y->protocol;
	if (x->port != y->port)
		return x->port - y->port;
	if (x->to.ip.family != y->to.ip.family)
		return x->to.ip.family - y->to.ip.family;
	return memcmp(x->to.ip.bytes, y->to.ip.bytes, ip_size(x->to.ip.family));
}

/* Of two networks that share an address one is in the other. */
bool target_common(const struct target *a, const struct target *b,
		   struct target *out)
{
	const struct target *port = a->protocol ? a : b;

	if (!prefix_overlaps(&a->to, &b->to) ||
	    (a->protocol && b->protocol &&
	     (a->protocol != b->protocol || a->port != b->port)))
		return false;
	*out = *port;
	out->to = a->to.len > b->to.len ? a->to : b->to;
	return true;
}
