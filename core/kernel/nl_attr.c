/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/nl.h"

#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

void nl_begin_verb(struct nl *nl, enum nl_verb verb, int new, const void *head,
		   size_t len)
{
	static const uint16_t flags[] = {
		[NL_ADD] = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		[NL_REPLACE] = NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
		[NL_DELETE] = NLM_F_ACK,
	};

	nl_begin(nl, verb == NL_DELETE ? new + 1 : new, flags[verb], head, len);
}

const char *nl_verb_text(enum nl_verb verb)
{
	static const char texts[][8] = { "add", "replace", "delete" };

	return texts[verb];
}

void nl_put_text(struct nl *nl, int attr, const char *text)
{
	nl_put(nl, attr, text, strlen(text) + 1);
}

void nl_put_u8(struct nl *nl, int attr, uint8_t value)
{
	nl_put(nl, attr, &value, sizeof(value));
}

void nl_put_u16(struct nl *nl, int attr, uint16_t value)
{
	nl_put(nl, attr, &value, sizeof(value));
}

void nl_put_u32(struct nl *nl, int attr, uint32_t value)
{
	nl_put(nl, attr, &value, sizeof(value));
}

void nl_put_ip(struct nl *nl, int attr, const struct ip *ip)
{
	if (ip->family)
		nl_put(nl, attr, ip->bytes, ip_size(ip->family));
}

static void attr_store(const struct nlattr *attr, const struct nlattr **attrs,
		       int max)
{
	int type = mnl_attr_get_type(attr);

	if (type <= max)
		attrs[type] = attr;
}

void nl_attrs(const struct nlmsghdr *msg, size_t len,
	      const struct nlattr **attrs, int max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (size_t)(max + 1) * sizeof(*attrs));
	mnl_attr_for_each(attr, msg, (unsigned)len)
	{
		attr_store(attr, attrs, max);
	}
}

void nl_nested(const struct nlattr *nest, const struct nlattr **attrs, int max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (size_t)(max + 1) * sizeof(*attrs));
	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest)
	{
		attr_store(attr, attrs, max);
	}
}

void nl_attrs_in(const void *data, size_t len, const struct nlattr **attrs,
		 int max)
{
	const char *end = (const char *)data + len;
	const struct nlattr *attr;

	memset(attrs, 0, (size_t)(max + 1) * sizeof(*attrs));
	for (attr = data; mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr))
		attr_store(attr, attrs, max);
}

void nl_each(const struct nlattr *nest, int type,
	     void (*visit)(const struct nlattr *attr, void *arg), void *arg)
{
	const struct nlattr *attr;

	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest)
	{
		if (mnl_attr_get_type(attr) == type)
			visit(attr, arg);
	}
}

size_t nl_attr_len(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr);
}

const void *nl_attr_data(const struct nlattr *attr)
{
	return mnl_attr_get_payload(attr);
}

bool nl_attr_copy(const struct nlattr *attr, void *out, size_t size)
{
	if (!attr || nl_attr_len(attr) < size)
		return false;
	memcpy(out, nl_attr_data(attr), size);
	return true;
}

bool nl_attr_ip(const struct nlattr *attr, int family, struct ip *out)
{
	size_t size = ip_size(family);

	if (!size || !nl_attr_copy(attr, out->bytes, size))
		return false;
	out->family = family;
	return true;
}

uint8_t nl_attr_u8(const struct nlattr *attr)
{
	uint8_t value = 0;

	nl_attr_copy(attr, &value, sizeof(value));
	return value;
}

uint16_t nl_attr_u16(const struct nlattr *attr)
{
	uint16_t value = 0;

	nl_attr_copy(attr, &value, sizeof(value));
	return value;
}

uint32_t nl_attr_u32(const struct nlattr *attr)
{
	uint32_t value = 0;

	nl_attr_copy(attr, &value, sizeof(value));
	return value;
}

const char *nl_attr_text(const struct nlattr *attr)
{
	size_t len = attr ? nl_attr_len(attr) : 0;
	const char *text = len ? nl_attr_data(attr) : "";

	return len && text[len - 1] ? "" : text;
}
