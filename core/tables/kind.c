/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tables/kind.h"

#include <string.h>

#include "core/base/str.h"
#include "core/tables/tables.h"

const struct kind *const kinds[ENTRY_KINDS] = {
	[ENTRY_PORT] = &port_kind,
	[ENTRY_CONDITION] = &condition_kind,
	[ENTRY_HAIRPIN] = &hairpin_kind,
	[ENTRY_MASQUERADE] = &masquerade_kind,
	[ENTRY_MACSPOOFCHK] = &macspoofchk_kind,
	[ENTRY_MACSPOOFCHK_MAC] = &macspoofchk_mac_kind,
#if IS_ENABLED(CONFIG_FIREWALL)
	[ENTRY_FORWARD] = &forward_kind,
	[ENTRY_PUBLISHED] = &published_kind,
	[ENTRY_CLOSED] = &closed_kind,
	[ENTRY_ISOLATED] = &isolated_kind,
	[ENTRY_ISOLATED_PORT] = &isolated_port_kind,
#endif
#if IS_ENABLED(CONFIG_FIREWALL_EGRESS)
	[ENTRY_SENDER] = &sender_kind,
	[ENTRY_SENDER_BRIDGED] = &sender_bridged_kind,
	[ENTRY_LIMITED] = &limited_kind,
	[ENTRY_LIMITED_BRIDGED] = &limited_bridged_kind,
	[ENTRY_EGRESS] = &egress_kind,
	[ENTRY_EGRESS_BRIDGED] = &egress_bridged_kind,
#endif
};

void entry_print(const struct entry *entry, struct str *out)
{
	str_add(out, kinds[entry->kind]->word);
	kinds[entry->kind]->print(entry, out);
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
	char *rest = job_strndup(job, text, strlen(text)), *words[WORDS_MAX];
	const char *word = cut_word(&rest);
	int kind = 0;

	while (kind < ENTRY_KINDS && strcmp(word, kinds[kind]->word) != 0)
		kind++;
	*out = (struct entry) { .kind = (enum entry_kind)kind };
	if (kind == ENTRY_KINDS)
		return false;
	for (int i = 0; i < kinds[kind]->words; i++) {
		words[i] = cut_word(&rest);
		if (!words[i])
			return false;
	}
	return (!rest || *rest) && kinds[kind]->parse(words, rest, out);
}

void entry_to_element(struct job *job, const struct entry *entry,
		      const char *owner, struct nft_element *out)
{
	*out = (struct nft_element) { .comment = owner };
	kinds[entry->kind]->fill(job, entry, out);
}

const char *entry_describe(struct job *job, const struct entry *entry,
			   const char *adverb)
{
	return kinds[entry->kind]->describe(job, entry, adverb);
}

enum entry_kind kind_of_chain(const char *chain)
{
	enum entry_kind kind = 0;

	for (; kind < ENTRY_KINDS; kind++) {
		const struct kind_chain *own = kinds[kind]->chain;

		/* There may be a chain whose name is the prefix. */
		if (own && str_starts(chain, own->prefix) &&
		    chain[strlen(own->prefix)])
			break;
	}
	return kind;
}
