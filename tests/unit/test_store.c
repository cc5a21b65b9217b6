/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/utsname.h>
#include <sys/xattr.h>

#include "tests/unit/store.h"

static void put(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void assert_holds(const char *path, const char *text, mode_t mode)
{
	char buf[256] = "";
	struct stat st;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(buf, 1, sizeof(buf) - 1, file), strlen(text));
	fclose(file);
	assert_string_equal(buf, text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void reserve_writes_what_the_reference_writes(void **state)
{
	mode_t mask = umask(022);
	struct store *s = opened(state);

	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
	assert_true(reserve(s, &a_eth0, "fd00:1::2"));
	umask(mask);
	assert_holds("net/10.1.2.3", "a\r\neth0", 0600);
	assert_holds("net/fd00:1::2", "a\r\neth0", 0600);
	assert_holds("net/lock", "", 0750);
	/* These three files, and no other. */
	assert_int_equal(unlink("net/10.1.2.3"), 0);
	assert_int_equal(unlink("net/fd00:1::2"), 0);
	assert_int_equal(unlink("net/lock"), 0);
	assert_int_equal(rmdir("net"), 0);
}

static void reserve_leaves_what_is_taken(void **state)
{
	static const struct owner b = { "b", "eth0" };
	struct store *s = opened(state);
	struct ip third = ip("10.1.2.3");

	assert_false(store_taken(s, &third));
	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
	assert_true(store_taken(s, &third));
	assert_false(reserve(s, &b, "10.1.2.3"));
	assert_holds("net/10.1.2.3", "a\r\neth0", 0600);
	assert_true(reserve(s, &b, "10.1.2.4"));
	assert_holds("net/10.1.2.4", "b\r\neth0", 0600);
	assert_int_equal(symlink("nowhere", "net/10.1.2.5"), 0);
	assert_false(reserve(s, &b, "10.1.2.5"));
	assert_absent("net/nowhere");
	/* What was tried in vain is not left behind. */
	assert_int_equal(access("net/.cnibox.draft", F_OK), 0);
	store_close(s);
	assert_absent("net/.cnibox.draft");
}

static void reserve_refuses_an_owner_it_could_not_read_back(void **state)
{
	struct store *s = opened(state);
	char name[5000] = "";
	struct owner owner = { memset(name, 'a', sizeof(name) - 1), "eth0" };
	struct ip address = ip("10.1.2.3");
	bool taken;

	assert_int_equal(store_reserve(s, &owner, &address, &taken), -1);
	assert_int_equal(s->job->code, CNI_BAD_ENVIRONMENT);
	assert_absent("net/10.1.2.3");
}

static void find_knows_both_forms(void **state)
{
	static const struct owner a_eth1 = { "a", "eth1" }, b = { "b", "eth0" },
				  old = { "old", "eth7" },
				  ip_like = { "10.1.2.9", "eth0" };
	struct store *s = opened(state);

	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
	assert_true(reserve(s, &a_eth0, "fd00::3"));
	assert_true(reserve(s, &a_eth1, "10.1.2.4"));
	put_text("net/10.1.2.5", "old");
	put_text("net/10.1.2.6", " \told\r\neth7\n");
	put_text("net/10.1.2.7", "b\n");
	put_text("net/last_reserved_ip.0", "10.1.2.9");
	assert_string_equal(found(s, &a_eth0), "10.1.2.3 fd00::3 ");
	assert_string_equal(found(s, &a_eth1), "10.1.2.4 ");
	assert_string_equal(found(s, &old), "10.1.2.6 ");
	assert_string_equal(found(s, &b), "10.1.2.7 ");
	assert_string_equal(found(s, &ip_like), "");
}

static void find_reads_reservations_only(void **state)
{
	static const char *const others[] = { "010.1.2.3", "10.1.2.3.bak",
					      "FD00::1", "fd00:0::2", "notes" };
	struct store *s = opened(state);

	for (size_t i = 0; i < COUNT(others); i++)
		put_text(job_printf(s->job, "net/%s", others[i]), "a\r\neth0");
	put_text("elsewhere", "a\r\neth0");
	assert_int_equal(symlink("../elsewhere", "net/10.1.2.3"), 0);
	assert_int_equal(mkfifo("net/10.1.2.4", 0600), 0);
	assert_int_equal(mkdir("net/10.1.2.5", 0700), 0);
	put_text("net/10.1.2.5/10.1.2.6", "a\r\neth0");
	assert_string_equal(found(s, &a_eth0), "");
	assert_int_equal(unlink("net/10.1.2.3"), 0);
	assert_int_equal(unlink("net/10.1.2.4"), 0);
}

static void torn_files_are_free(void **state)
{
	static const char nuls[64], partly[] = "a\0\0\0eth0";
	char *long_text;
	struct store *s = opened(state);

	put_text("net/10.1.2.1", "");
	put_text("net/10.1.2.2", "\r\n \n");
	put("net/10.1.2.3", nuls, sizeof(nuls));
	put("net/10.1.2.4", partly, sizeof(partly) - 1);
	long_text = memset(job_alloc(s->job, 10000), 'a', 9999);
	put_text("net/10.1.2.5", long_text);
	put_text("net/notes", "");
	assert_string_equal(found(s, &a_eth0), "");
	assert_absent("net/10.1.2.1");
	assert_absent("net/10.1.2.2");
	assert_absent("net/10.1.2.3");
	assert_absent("net/10.1.2.4");
	assert_int_equal(access("net/10.1.2.5", F_OK), 0);
	assert_int_equal(access("net/notes", F_OK), 0);
}

static void release_of_a_free_address_is_success(void **state)
{
	struct store *s = opened(state);
	struct ip third = ip("10.1.2.3");

	assert_int_equal(store_release(s, &third), 0);
	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
	assert_int_equal(store_release(s, &third), 0);
	assert_absent("net/10.1.2.3");
	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
}

static int stop(struct store *s, const struct store_entry *entry, void *arg)
{
	size_t *calls = arg;

	(void)s, (void)entry;
	++*calls;
	return -1;
}

static void each_goes_on_after_a_failure(void **state)
{
	struct store *s = opened(state);
	size_t calls = 0;

	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
	assert_true(reserve(s, &a_eth0, "10.1.2.4"));
	assert_int_equal(store_each(s, stop, &calls), -1);
	assert_int_equal(calls, 2);
}

static void what_a_killed_process_left_is_removed(void **state)
{
	struct folder *f = *state;
	struct store *s = opened(state);

	store_close(s);
	put_text("net/.cnibox.draft", "x\r\neth0");
	assert_int_equal(store_open(&f->job, "net", false, SECONDS, s), 0);
	assert_absent("net/.cnibox.draft");
	store_close(s);
	put_text("net/.cnibox.draft", "x\r\neth0");
	s = opened(state);
	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
	assert_holds("net/10.1.2.3", "a\r\neth0", 0600);
}

static void open_makes_the_directory_only_if_told(void **state)
{
	struct folder *f = *state;
	struct store store, *s = &store;

	assert_int_equal(store_open(&f->job, "x/y//net", false, SECONDS, s), 0);
	assert_string_equal(found(s, &a_eth0), "");
	store_close(s);
	assert_absent("x");
	assert_int_equal(store_open(&f->job, "x/y//net", true, SECONDS, s), 0);
	assert_int_equal(access("x/y/net/lock", F_OK), 0);
	store_close(s);
	put_text("file", "");
	assert_int_equal(store_open(&f->job, "file", true, SECONDS, s), -1);
	assert_string_equal(f->job.msg, "open file: Not a directory");
}

static void probe_tells_whether_files_can_be_made(void **state)
{
	struct store *s = opened(state);

	assert_int_equal(store_probe(s), 0);
	assert_absent("net/.cnibox.draft");
	assert_int_equal(mkdir("net/.cnibox.draft", 0700), 0);
	assert_int_equal(store_probe(s), -1);
	assert_non_null(s->job->msg);
}

static void stamp(struct store *s, const char *file, const char *boot,
		  const char *node)
{
	const char *text = job_printf(s->job, "%s %s", boot, node);

	if (setxattr(file, "user.cnibox.boot", text, strlen(text), 0) < 0) {
		print_message("no attributes here: %s\n", strerror(errno));
		skip();
	}
}

static void reclaim_frees_what_this_node_left_in_earlier_boots(void **state)
{
	static const char boot[] = "01234567-89ab-cdef-0123-456789abcdef";
	struct store *s = opened(state);
	struct utsname node;
	size_t freed;

	assert_int_equal(uname(&node), 0);
	assert_true(reserve(s, &a_eth0, "10.1.2.1"));
	assert_true(reserve(s, &a_eth0, "10.1.2.2"));
	assert_true(reserve(s, &a_eth0, "10.1.2.3"));
	put_text("net/10.1.2.4", "a\r\neth0");
	stamp(s, "net/10.1.2.2", boot, node.nodename);
	stamp(s, "net/10.1.2.3", boot, "another.node");
	assert_string_equal(found(s, &a_eth0),
			    "10.1.2.1 10.1.2.2(stale) 10.1.2.3 10.1.2.4 ");
	assert_int_equal(store_reclaim(s, &freed), 0);
	assert_int_equal(freed, 1);
	assert_string_equal(found(s, &a_eth0), "10.1.2.1 10.1.2.3 10.1.2.4 ");
}

static void last_is_a_hint(void **state)
{
	struct store *s = opened(state);
	struct ip third = ip("10.1.2.3"), last;

	assert_int_equal(store_last(s, 0).family, 0);
	assert_int_equal(store_set_last(s, 10, &third), 0);
	assert_holds("net/last_reserved_ip.10", "10.1.2.3", 0600);
	last = store_last(s, 10);
	assert_int_equal(ip_compare(&last, &third), 0);
	put_text("net/last_reserved_ip.10", "10.1.2.300 and more");
	assert_int_equal(store_last(s, 10).family, 0);
	assert_int_equal(store_set_last(s, 10, &third), 0);
	assert_holds("net/last_reserved_ip.10", "10.1.2.3", 0600);
	put_text("net/last_reserved_ip.1", "10.1.2");
	assert_int_equal(store_last(s, 1).family, 0);
	assert_int_equal(mkdir("net/last_reserved_ip.2", 0700), 0);
	assert_int_equal(store_last(s, 2).family, 0);
	assert_int_equal(store_set_last(s, 2, &third), -1);
	assert_string_equal(s->job->msg, "create net/last_reserved_ip.2: "
					 "Is a directory");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STORE_TEST(reserve_writes_what_the_reference_writes),
		STORE_TEST(reserve_leaves_what_is_taken),
		STORE_TEST(reserve_refuses_an_owner_it_could_not_read_back),
		STORE_TEST(find_knows_both_forms),
		STORE_TEST(find_reads_reservations_only),
		STORE_TEST(torn_files_are_free),
		STORE_TEST(release_of_a_free_address_is_success),
		STORE_TEST(each_goes_on_after_a_failure),
		STORE_TEST(what_a_killed_process_left_is_removed),
		STORE_TEST(open_makes_the_directory_only_if_told),
		STORE_TEST(probe_tells_whether_files_can_be_made),
		STORE_TEST(reclaim_frees_what_this_node_left_in_earlier_boots),
		STORE_TEST(last_is_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
