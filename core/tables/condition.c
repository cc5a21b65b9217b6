/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/condition.h"

#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/str.h"
#include "core/tables/tables.h"

enum {
	RULES_MAX = 256,
	/* The kernel keeps a rule in 4 KiB, of which a subnet takes 170 bytes. */
	MATCHES_MAX = 20,
};

struct match {
	bool address; /* of side; otherwise the interface */
	enum nft_side side;
	bool negated;
	struct list values; /* of struct value */
};

struct value {
	struct prefix prefix;
	const char *name;
};

struct parser {
	struct job *job;
	const char *at;
	int family;
	bool as_options; /* the text is in iptables' words */
	unsigned seen;	 /* a mask of the options so far */
	const char *why; /* what is wrong, or NULL */
};

/* Returns the next word, brace or comma without quotes; "" at the end. */
static char *next(struct parser *p)
{
	size_t len;

	p->at += strspn(p->at, " \t");
	len = strcspn(p->at, " \t{},");
	if (!len && *p->at)
		len = 1;
	p->at += len;
	if (len >= 2 && p->at[-1] == '"' && p->at[-(long)len] == '"')
		return job_strndup(p->job, p->at - len + 1, len - 2);
	return job_strndup(p->job, p->at - len, len);
}

static bool take(struct parser *p, const char *word)
{
	const char *at = p->at;

	if (strcmp(next(p), word) == 0)
		return true;
	p->at = at;
	return false;
}

static void complain(struct parser *p, const char *expected, const char *came)
{
	p->why = job_printf(p->job, "expected %s, got \"%s\"", expected, came);
}

/* An interface's name; or what several names begin with, and * (in iptables' words
 * +) behind it. */
static void read_name(struct parser *p, char *name)
{
	size_t len = strlen(name);
	bool any = len && name[len - 1] == (p->as_options ? '+' : '*');

	if (len == any || len >= IFNAMSIZ || strcspn(name, "*{},") < len - any)
		complain(p, "the name of an interface", name);
	else if (any)
		name[len - 1] = '*';
}

static void read_value(struct parser *p, struct match *match)
{
	struct value *value = list_add(p->job, &match->values, sizeof(*value));
	struct prefix *prefix = &value->prefix;
	char *word = next(p);

	if (!match->address) {
		value->name = word;
		read_name(p, word);
		return;
	}
	if (!prefix_parse(word, prefix)) {
		if (ip_parse(word, &prefix->ip))
			prefix->len = ip_bits(prefix->ip.family);
	}
	if (prefix->ip.family != p->family)
		complain(p,
			 p->family == AF_INET ? "an IPv4 address or subnet"
					      : "an IPv6 address or subnet",
			 word);
}

static void read_values(struct parser *p, struct match *match)
{
	match->negated = take(p, "!=");
	if (!match->negated)
		take(p, "==");
	if (!take(p, "{")) {
		read_value(p, match);
		return;
	}
	do
		read_value(p, match);
	while (!p->why && take(p, ","));
	if (!p->why && !take(p, "}"))
		complain(p, "\"}\"", next(p));
}

enum { FORMS = 2, SOURCE = 0, DESTINATION, INTERFACE, OPTIONS };

static const char options[OPTIONS][FORMS][16] = {
	{ "-s", "--source" },
	{ "-d", "--destination" },
	{ "-i", "--in-interface" },
};

/* Which of the options the word is; OPTIONS: none. */
static int option_of(const char *word)
{
	int i = 0;

	while (i < OPTIONS * FORMS &&
	       strcmp(word, options[i / FORMS][i % FORMS]) != 0)
		i++;
	return i / FORMS;
}

/* A match in iptables' words. */
static void read_option(struct parser *p, struct match *match)
{
	const char *word;
	int option;

	match->negated = take(p, "!");
	word = next(p);
	option = option_of(word);
	if (option == OPTIONS || p->seen & 1U << option) {
		complain(p, "-s, -d or -i, each once", word);
		return;
	}
	p->seen |= 1U << option;
	match->address = option != INTERFACE;
	match->side = option == SOURCE ? NFT_SOURCE : NFT_DESTINATION;
	do
		read_value(p, match);
	while (!p->why && match->address && take(p, ","));
	if (!p->why && match->negated && match->values.count > 1)
		complain(p, "one address behind !", ",");
}

static void read_match(struct parser *p, struct match *match)
{
	const char *word;

	if (p->as_options) {
		read_option(p, match);
		return;
	}
	if (take(p, p->family == AF_INET ? "ip" : "ip6")) {
		word = next(p);
		match->address = true;
		match->side = strcmp(word, "saddr") == 0 ? NFT_SOURCE
							 : NFT_DESTINATION;
		if (match->side == NFT_DESTINATION &&
		    strcmp(word, "daddr") != 0)
			complain(p, "saddr or daddr", word);
	} else {
		take(p, "meta");
		word = next(p);
		if (strcmp(word, "iifname") != 0)
			complain(p,
				 p->family == AF_INET ? "ip or iifname"
						      : "ip6 or iifname",
				 word);
	}
	if (!p->why)
		read_values(p, match);
}

/* Each value of a list that is not negated takes a rule of its own. */
static size_t count_rules(const struct list *matches)
{
	const struct match *match = matches->items;
	size_t rules = 1;

	for (size_t i = 0; i < matches->count && rules <= RULES_MAX; i++)
		rules *= match[i].negated ? 1 : match[i].values.count;
	return rules;
}

/* How many matches a rule has: every rule has all negated values. */
static size_t count_matches(const struct list *matches)
{
	const struct match *match = matches->items;
	size_t count = 0;

	for (size_t i = 0; i < matches->count; i++)
		count += match[i].negated ? match[i].values.count : 1;
	return count;
}

static const char *parse(struct job *job, const char *text, int family,
			 struct list *out)
{
	struct parser p = { job, text, family, *text == '-' || *text == '!' };

	*out = (struct list) { 0 };
	while (!p.why && p.at[strspn(p.at, " \t")]) {
		struct match match = { 0 };

		read_match(&p, &match);
		list_copy(job, out, &match, sizeof(match));
	}
	if (!p.why && count_rules(out) > RULES_MAX)
		p.why = job_printf(job, "more than %d combinations", RULES_MAX);
	if (!p.why && count_matches(out) > MATCHES_MAX)
		p.why = job_printf(job, "more than %d that all have to be met",
				   MATCHES_MAX);
	return p.why;
}

const char *tables_check_conditions(struct job *job, const char *text,
				    int family)
{
	struct list matches;

	return parse(job, text, family, &matches);
}

static void add_match(struct nft *nft, const struct match *match,
		      const struct value *value)
{
	if (!match->address)
		nft_match_input(nft, value->name, !match->negated);
	else if (match->negated)
		nft_match_no_address(nft, match->side, &value->prefix);
	else
		nft_match_address(nft, match->side, &value->prefix);
}

/* Adds the rule for combination number n of the lists' values. */
static void add_rule(struct nft *nft, const char *chain, const char *to,
		     const struct list *matches, size_t n)
{
	const struct match *match = matches->items;

	nft_rule(nft, chain);
	for (size_t i = 0; i < matches->count; i++) {
		const struct value *values = match[i].values.items;
		size_t count = match[i].values.count;

		if (!match[i].negated) {
			add_match(nft, &match[i], &values[n % count]);
			n /= count;
			continue;
		}
		for (size_t j = 0; j < count; j++)
			add_match(nft, &match[i], &values[j]);
	}
	nft_verdict(nft, NFT_GOTO, to);
	nft_rule_end(nft);
}

size_t condition_rules(struct job *job, const struct entry *entry)
{
	struct list matches;

	parse(job, entry->conditions, entry->pod.ip.family, &matches);
	return count_rules(&matches);
}

void condition_rules_add(struct nft *nft, const char *chain,
			 const struct entry *entry, const char *to)
{
	size_t rules;
	struct list matches;

	parse(nft->nl->job, entry->conditions, entry->pod.ip.family, &matches);
	rules = count_rules(&matches);
	for (size_t i = 0; i < rules; i++)
		add_rule(nft, chain, to, &matches, i);
}
