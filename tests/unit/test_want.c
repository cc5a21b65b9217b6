/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements that expire, with the kernel itself. */
#include <arpa/inet.h>
#include <endian.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "core/kernel/nft_message.h"
#include "core/tables/want.h"
#include "tests/unit/tables.h"

enum { HOUR_MS = 3600000, NEWS = 64 << 10 };

/* In place of what the kernel is; or NULL. */
static const char *other_release;

int uname(struct utsname *out)
{
	int ret = (int)syscall(SYS_uname, out);

	if (other_release)
		snprintf(out->release, sizeof(out->release), "%s",
			 other_release);
	return ret;
}

static bool can_expire(void)
{
	return nft_can_expire(&(struct nft) { 0 });
}

static void skip_if_none_expires(void)
{
	if (!can_expire())
		skip();
}

/* ---- what DEL does, as the kernel tells everybody ---- */

static struct nl news_of(struct world *world)
{
	struct nl news;

	nl_init(&news, &world->k->job, -1, NETLINK_NETFILTER);
	assert_int_equal(nl_subscribe(&news, NFNLGRP_NFTABLES), 0);
	return news;
}

/* Counts the messages of that type, and closes the socket. */
static int heard(struct nl *news, int type)
{
	static char buf[NEWS];
	int count = 0;
	ssize_t len;

	while ((len = recv(news->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *msg = (const void *)buf;

		for (int left = (int)len; mnl_nlmsg_ok(msg, left);
		     msg = mnl_nlmsg_next(msg, &left))
			count += msg->nlmsg_type == (NFT | type);
	}
	nl_close(news);
	return count;
}

/* How many elements that DEL of entry deletes; the others expire. */
static int deleted_by_del(struct world *world, const struct entry *entry)
{
	struct nl news = news_of(world);

	assert_int_equal(del(world, "a", entry), 0);
	assert_string_not_equal(wrong(world, "a", entry), "");
	assert_int_equal(elements(world), 0);
	return heard(&news, NFT_MSG_DELSETELEM);
}

static void what_del_removes_expires(void **state)
{
	struct world world = begun(state);
	const struct entry *all = every_kind(&world);

	skip_if_none_expires();
	for (int i = 0; i < KINDS; i++) {
		assert_int_equal(add(&world, "a", &all[i]), 0);
		/* What leads to a chain would keep that. */
		assert_int_equal(deleted_by_del(&world, &all[i]),
				 all[i].kind == ENTRY_CONDITION);
	}
}

static void what_others_remove_is_deleted(void **state)
{
	struct world world = begun(state);
	struct nl news;

	assert_int_equal(add(&world, "a", &web), 0);
	news = news_of(&world);
	assert_int_equal(tables_del_owner(&world.k->nl, "a", ~0U), 0);
	assert_int_equal(heard(&news, NFT_MSG_DELSETELEM), 1);
}

static void older_kernels_delete(void **state)
{
	struct world world = begun(state);

	other_release = "6.11.0";
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(deleted_by_del(&world, &web), 1);
	other_release = NULL;
}

/* ---- tables of older versions ---- */

/* The map of web's element, with these flags, in a table with a comment or without. */
static void make_table(struct world *world, bool comment, uint32_t flags)
{
	struct nft nft = table_of(&world->k->nl, ENTRY_PORT);
	struct nl *nl = nft.nl;

	nft_begin(&nft, 0);
	if (comment) {
		nft_table_add(&nft);
	} else {
		nft_begin_message(&nft, NFT_MSG_NEWTABLE, NLM_F_CREATE);
		nl_talk(nl, "add a table");
	}
	nft_begin_message(&nft, NFT_MSG_NEWSET, NLM_F_CREATE);
	nl_put_text(nl, NFTA_SET_NAME, "hostport4");
	nl_put_u32(nl, NFTA_SET_FLAGS, htonl(flags));
	nl_put_u32(nl, NFTA_SET_KEY_TYPE, htonl(NFT_TYPE_PORT));
	nl_put_u32(nl, NFTA_SET_KEY_LEN, htonl(8));
	nl_put_u32(nl, NFTA_SET_DATA_TYPE, htonl(NFT_TYPE_IPV4));
	nl_put_u32(nl, NFTA_SET_DATA_LEN, htonl(8));
	nl_put_u32(nl, NFTA_SET_ID, htonl(1));
	nl_talk(nl, "add a set");
	assert_int_equal(nft_commit(&nft), 0);
	assert_int_equal(add(world, "a", &web), 0);
}

/* Who sees by the table that they are kept tries nothing else. */
static void older_tables_lose_elements_at_once(void **state)
{
	enum { LOOK = 3, TRANSACTION = 3 };

	for (int comment = 0; comment < 2; comment++) {
		struct world world = begun(state);
		int tries = 1 + (comment && can_expire());
		uint32_t before;

		make_table(&world, comment, NFT_SET_MAP);
		before = world.k->nl.seq;
		assert_int_equal(del(&world, "a", &web), 0);
		assert_int_equal(world.k->nl.seq - before,
				 tries * (LOOK + TRANSACTION));
		assert_int_equal(add(&world, "a", &web), 0);
		assert_int_equal(deleted_by_del(&world, &web), 1);
		kernel_tear_down(state);
		kernel_set_up(state);
	}
}

/* ---- what is seen of an element that expires ---- */

/* Makes entry's element one that is there for another hour. */
static void add_leaving(struct world *world, const char *owner,
			const struct entry *entry)
{
	const uint64_t ms = htobe64(HOUR_MS);
	struct nft nft = table_of(&world->k->nl, entry->kind);
	struct nft_element element;
	struct nl *nl = nft.nl;
	struct nlattr *list, *item, *value;

	entry_to_element(&world->k->job, entry, owner, &element);
	nft_begin(&nft, 0);
	nft_begin_message(&nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	nl_put_text(nl, NFTA_SET_ELEM_LIST_SET, element.map);
	list = nl_nest(nl, NFTA_SET_ELEM_LIST_ELEMENTS);
	item = nl_nest(nl, NFTA_LIST_ELEM);
	value = nl_nest(nl, NFTA_SET_ELEM_KEY);
	nl_put(nl, NFTA_DATA_VALUE, element.key, element.key_len);
	nl_nest_end(nl, value);
	if (element.data_len) {
		value = nl_nest(nl, NFTA_SET_ELEM_DATA);
		nl_put(nl, NFTA_DATA_VALUE, element.data, element.data_len);
		nl_nest_end(nl, value);
	}
	nl_put(nl, NFTA_SET_ELEM_TIMEOUT, &ms, sizeof(ms));
	nl_nest_end(nl, item);
	nl_nest_end(nl, list);
	nl_talk(nl, "add an element that expires");
	assert_int_equal(nft_commit(&nft), 0);
}

static void leaving_elements_are_replaced(void **state)
{
	struct world world = begun(state);
	struct entry elsewhere = web;

	skip_if_none_expires();
	elsewhere.pod.ip.bytes[3] = 9;
	assert_int_equal(add(&world, "a", &web), 0);
	assert_int_equal(tables_del_owner(&world.k->nl, "a", ~0U), 0);
	add_leaving(&world, "a", &web);
	assert_int_equal(elements(&world), 0);
	assert_string_equal(wrong(&world, "a", &web),
			    "host port 8080/tcp is not published");
	world.alive = "a";
	assert_int_equal(add(&world, "b", &elsewhere), 0);
	assert_int_equal(world.looks, 0);
	assert_there(&world, "b", &elsewhere);
	assert_int_equal(elements(&world), 1);
}

static void leaving_elements_have_no_rivals(void **state)
{
	struct world world = begun(state);
	struct entry bound = web;

	skip_if_none_expires();
	bound.host = (struct ip)HOST4;
	assert_int_equal(add(&world, "a", &masq), 0);
	add_leaving(&world, "a", &web);
	world.alive = "";
	assert_int_equal(add(&world, "b", &bound), 0);
	assert_int_equal(del(&world, "b", &bound), 0);
	add_leaving(&world, "b", &bound);
	assert_int_equal(add(&world, "c", &web), 0);
	assert_int_equal(world.looks, 0);
}

static void leaving_elements_are_not_carried_over(void **state)
{
	struct world world = begun(state);
	struct nft nft = table_of(&world.k->nl, ENTRY_PORT);
	struct nft_element element;
	struct list found = { 0 };

	assert_int_equal(add(&world, "b", &masq), 0);
	add_leaving(&world, "a", &web);
	entry_to_element(&world.k->job, &web, "a", &element);
	assert_int_equal(nft_find_element(&nft, &element, &found), 0);
	assert_true(nft.leaving);
	assert_int_equal(rebuild(&world, NULL, 0), 0);
	nft.leaving = false;
	assert_int_equal(nft_find_element(&nft, &element, &found), 0);
	assert_false(nft.leaving || found.count);
	assert_there(&world, "b", &masq);
}

/* Of many, a reader of one message sees a part. */
static void sets_of_leaving_elements_are_empty(void **state)
{
	struct world world = begun(state);
	struct nft nft = table_of(&world.k->nl, ENTRY_MASQUERADE);
	const char *set = chain_name(&world.k->job, &masq);
	struct entry entry = masq;
	bool empty;

	assert_int_equal(add(&world, "a", &masq), 0);
	for (int i = 0; i < 500; i++) {
		entry.pod.ip.bytes[1] = (uint8_t)(2 + i / 256);
		entry.pod.ip.bytes[3] = (uint8_t)i;
		add_leaving(&world, "b", &entry);
	}
	assert_int_equal(nft_is_empty(&nft, set, &empty), 0);
	assert_false(empty);
	assert_int_equal(tables_del_owner(&world.k->nl, "a", ~0U), 0);
	assert_int_equal(nft_is_empty(&nft, set, &empty), 0);
	assert_true(empty);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, kernel_set_up, kernel_tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(what_del_removes_expires),
		TEST(what_others_remove_is_deleted),
		TEST(older_kernels_delete),
		TEST(older_tables_lose_elements_at_once),
		TEST(leaving_elements_are_replaced),
		TEST(leaving_elements_have_no_rivals),
		TEST(leaving_elements_are_not_carried_over),
		TEST(sets_of_leaving_elements_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
