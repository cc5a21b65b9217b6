/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind - what a kind of entry is told by: its text, its words, its element, its
 * chain */
#ifndef CNIBOX_TESTS_KIND_H
#define CNIBOX_TESTS_KIND_H

#include "tests/unit/tables.h"

struct row {
	struct entry entry;
	const char *text, *description; /* the latter with "not " */
	const char *element;		/* or NULL: not looked at */
	const char *chain;		/* or NULL */
};

/* Those of one table. */
struct rows {
	const struct row *rows;
	size_t count;
};

/* A chain c of entry, its requests, and how many rules it has. */
struct chain_row {
	struct entry entry;
	const char *requests[9];
	int rules;
};

/* clang-format off */
#define NAT_SET(id, name, key, key_len) \
	REQUEST("2569", "401", " 2='" name "' 3=00000010 4=" key \
		" 5=000000" key_len " 10=000000" id)
#define V4 FAMILY("02")
#define V6 FAMILY("0a")
#define LOOPBACK4 MASK("04", "ff000000", "00000000") EQUAL("7f000000")
#define LOOPBACK6 EQUAL("00000000000000000000000000000001")
#define SUBNET4(address) MASK("04", "ffffff00", "00000000") EQUAL(address)
#define SUBNET6(address) \
	MASK("10", "ffffffffffffffff0000000000000000", "00" ZEROS) \
	EQUAL(address)
#define NETWORK4 MASK_AT("09", "04", "ffffff00", "00000000")
#define NETWORK6 \
	MASK_AT("0c", "10", "ffffffffffffffff0000000000000000", "00" ZEROS)
#define PAIRS4(id) NAT_SET(id, "c", "000001c7", "08")
#define PAIRS6(id) NAT_SET(id, "c", "00000208", "20")
/* clang-format on */

static inline const char *text_of(struct job *job, const struct entry *entry)
{
	struct str out = { .job = job };

	entry_print(entry, &out);
	return out.text;
}

static inline void assert_texts_equal(const char *a, const char *b)
{
	assert_string_equal(a ? a : "(none)", b ? b : "(none)");
}

static inline void assert_same_entry(const struct entry *a,
				     const struct entry *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_true(prefix_equal(&a->pod, &b->pod));
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(ip_compare(&a->host, &b->host), 0);
	assert_int_equal(a->host_port, b->host_port);
	assert_int_equal(a->pod_port, b->pod_port);
	assert_texts_equal(a->conditions, b->conditions);
	assert_texts_equal(a->exempt, b->exempt);
	assert_texts_equal(a->allowed, b->allowed);
	assert_string_equal(a->bridge_port, b->bridge_port);
	assert_memory_equal(a->mac, b->mac, MAC_LEN);
	assert_string_equal(a->bridge, b->bridge);
	assert_int_equal(a->mark_bit, b->mark_bit);
	assert_texts_equal(a->admin, b->admin);
}

/* What is written into a record is read back as the same. */
static inline void assert_texts(struct job *job, const struct row *rows,
				size_t count)
{
	struct entry parsed;

	for (size_t i = 0; i < count; i++) {
		assert_string_equal(text_of(job, &rows[i].entry), rows[i].text);
		memset(&parsed, 0xff, sizeof(parsed));
		assert_true(entry_parse(job, rows[i].text, &parsed));
		assert_same_entry(&parsed, &rows[i].entry);
		assert_string_equal(entry_describe(job, &rows[i].entry, "not "),
				    rows[i].description);
	}
}

static inline void assert_no_texts(struct job *job, const char *const *texts,
				   size_t count)
{
	struct entry out;

	for (size_t i = 0; i < count; i++) {
		if (entry_parse(job, texts[i], &out))
			fail_msg("parsed: '%s'", texts[i]);
	}
}

static inline void assert_elements(void **state, const struct row *rows,
				   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct kernel *k = *state;
		struct nft nft = table_of(&k->nl, rows[i].entry.kind);
		struct nft_element element;
		const char *chain = chain_name(&k->job, &rows[i].entry);

		assert_texts_equal(chain, rows[i].chain);
		if (chain)
			assert_ptr_equal(kinds[kind_of_chain(chain)]->chain,
					 kinds[rows[i].entry.kind]->chain);
		if (!rows[i].element)
			continue;
		nl_hold(&k->nl);
		entry_to_element(&k->job, &rows[i].entry, "o", &element);
		nft_element_add(&nft, &element);
		assert_string_equal(
			held_lines(k, 0),
			job_printf(
				&k->job,
				"type 2572 flags 601: %02x 00 00 00 1='%s' %s"
				" 6=00026f00 } }\n",
				(unsigned)nft.family, nft.table,
				rows[i].element));
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

static inline void assert_same_chain(struct job *job, const struct entry *a,
				     const struct entry *b, bool same)
{
	assert_int_equal(strcmp(chain_name(job, a), chain_name(job, b)) == 0,
			 same);
}

static inline bool is_made(const struct row *rows, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		if (rows[i].chain && !strcmp(rows[i].chain, rows[before].chain))
			return true;
	}
	return false;
}

/* The kernel itself takes the whole table with these elements and chains; and
 * does not take a second one. */
static inline void assert_kernel_takes(void **state, const struct row *rows,
				       size_t count)
{
	struct kernel *k = *state;
	struct nft nft = table_of(real_kernel(state), rows->entry.kind);
	struct nft_element element;

	nft_begin(&nft, 0);
	table_add(&nft);
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = &rows[i].entry;

		if (!rows[i].element || (!IS_ENABLED(CONFIG_IPV6) &&
					 entry->pod.ip.family == AF_INET6))
			continue;
		if (rows[i].chain && !is_made(rows, i))
			chain_add(&nft, rows[i].chain, entry);
		entry_to_element(&k->job, entry, "o", &element);
		nft_element_add(&nft, &element);
	}
	assert_int_equal(nft_commit(&nft), 0);
	assert_false(nft.stale);
	assert_int_equal(table_check(&nft), 0);
	nft_begin(&nft, 0);
	table_add(&nft);
	assert_int_equal(nft_commit(&nft), 0);
	assert_true(nft.stale);
}

static inline void assert_chains(void **state, const struct chain_row *rows,
				 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *const *requests = rows[i].requests;
		struct kernel *k = *state;
		struct nft nft = table_of(&k->nl, rows[i].entry.kind);
		size_t len = 0, at;

		while (requests[len])
			len++;
		nft_begin(&nft, 0);
		at = k->nl.len;
		chain_add(&nft, "c", &rows[i].entry);
		assert_string_equal(held_lines(k, at),
				    joined(&k->job, requests, len));
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

/* The kernel takes the chains, and as many rules are asked for as they have. */
static inline void assert_kernel_takes_chains(void **state,
					      const struct chain_row *rows,
					      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct kernel *k = *state;
		const struct entry *entry = &rows[i].entry;
		struct nft nft = table_of(real_kernel(state), entry->kind);

		nft_begin(&nft, 0);
		table_add(&nft);
		chain_add(&nft, "c", entry);
		nft_chain_add(&nft, "empty", NULL);
		assert_int_equal(nft_commit(&nft), 0);
		assert_int_equal(table_chain_check(&nft, "c", entry), 0);
		assert_int_equal(table_chain_check(&nft, "empty", entry), -1);
		assert_string_equal(
			k->job.msg,
			job_printf(&k->job,
				   "chain empty of table cnibox has 0 rules "
				   "instead of %d",
				   rows[i].rules));
		k->job.msg = NULL;
	}
}

#endif
