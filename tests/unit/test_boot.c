/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include "core/state/boot.h"
#include "tests/unit/node.h"

#define ATTR	"user.cnibox.boot"
#define BOOT	"01234567-89ab-cdef-0123-456789abcdef"
#define OTHER	"11234567-89ab-cdef-0123-456789abcdef"
#define MACHINE "0123456789abcdef0123456789abcdef"

enum { UTS_LEN = sizeof((struct utsname *)0)->nodename - 1 };

static int new_file(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void needs_attributes(int fd)
{
	if (fsetxattr(fd, ATTR, "x", 1, 0) == 0)
		return;
	print_message("no attributes here: %s\n", strerror(errno));
	skip();
}

/* /etc has nothing but a machine-id that says so; NULL: nothing at all. */
static void put_machine_id(const char *text)
{
	assert_int_equal(mount("etc", "/etc", "tmpfs", 0, NULL), 0);
	if (text)
		put_file("/etc/machine-id", text, 0444);
}

static void stamp_names_boot_and_node(void **state)
{
	static const struct {
		const char *machine, *node; /* NULL: by its name */
	} rows[] = {
		{ MACHINE "\n", MACHINE },
		{ MACHINE, MACHINE },
		{ NULL, NULL },
		{ "", NULL },
		{ "uninitialized\n", NULL },
	};
	struct folder *f = *state;
	char id[64] = "";
	struct utsname host;
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

	assert_non_null(file);
	assert_non_null(fgets(id, sizeof(id), file));
	fclose(file);
	id[strcspn(id, "\n")] = '\0';
	assert_int_equal(uname(&host), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *node = rows[i].node;

		put_machine_id(rows[i].machine);
		assert_string_equal(boot_stamp(&f->job),
				    job_printf(&f->job, "%s %s", id,
					       node ? node : host.nodename));
		assert_int_equal(umount("/etc"), 0);
	}
}

static void stamp_is_empty_where_the_kernel_does_not_tell(void **state)
{
	static const char *const ids[] = { "", "01234567" };
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	struct folder *f = *state;

	for (size_t i = 0; i < COUNT(ids); i++) {
		put_file("id", ids[i], 0600);
		assert_int_equal(mount("id", path, NULL, MS_BIND, NULL), 0);
		assert_string_equal(boot_stamp(&f->job), "");
	}
	assert_int_equal(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	assert_string_equal(boot_stamp(&f->job), "");
	assert_int_equal(umount("/proc"), 0);
	assert_int_equal(umount(path), 0);
	assert_int_equal(umount(path), 0);
}

static void mark_is_the_stamp(void **state)
{
	struct folder *f = *state;
	const char *stamp = boot_stamp(&f->job);
	char mark[256] = "";
	int fd = new_file();

	needs_attributes(fd);
	boot_mark(fd, stamp);
	assert_int_equal(fgetxattr(fd, ATTR, mark, sizeof(mark)),
			 strlen(stamp));
	assert_string_equal(mark, stamp);
	assert_false(boot_is_stale(fd, stamp));
	close(fd);
}

static void stale_is_an_earlier_boot_of_this_node(void **state)
{
	static const struct {
		const char *mark, *stamp;
		bool stale;
	} rows[] = {
		{ BOOT " n1", OTHER " n1", true },
		{ BOOT " n1", BOOT " n1", false },
		{ BOOT " n1", OTHER " n2", false },
		{ BOOT " n1", BOOT " n2", false },
		{ BOOT " n1", OTHER " n12", false },
		{ BOOT " n12", OTHER " n1", false },
		{ BOOT " ", OTHER " ", true },
		{ BOOT, OTHER, false },
		{ BOOT, OTHER " n1", false },
		{ BOOT " n1", "", false },
		{ "", OTHER " n1", false },
		{ "", "", false },
		{ "0 n1", OTHER " n1", false },
	};
	int fd = new_file();

	(void)state;
	needs_attributes(fd);
	for (size_t i = 0; i < COUNT(rows); i++) {
		boot_mark(fd, rows[i].mark);
		assert_int_equal(boot_is_stale(fd, rows[i].stamp),
				 rows[i].stale);
	}
	close(fd);
}

/* The host's name in a mark is what older versions wrote, or this one before
 * there was a machine-id. */
static void mark_by_the_name_of_this_host_is_understood(void **state)
{
	struct folder *f = *state;
	struct utsname host;
	int fd = new_file();

	needs_attributes(fd);
	assert_int_equal(uname(&host), 0);
	boot_mark(fd, job_printf(&f->job, BOOT " %s", host.nodename));
	assert_true(boot_is_stale(fd, OTHER " " MACHINE));
	assert_false(boot_is_stale(fd, BOOT " " MACHINE));
	boot_mark(fd, job_printf(&f->job, BOOT " not-%s", host.nodename));
	assert_false(boot_is_stale(fd, OTHER " " MACHINE));
	boot_mark(fd, job_printf(&f->job, BOOT ".%s", host.nodename));
	assert_false(boot_is_stale(fd, OTHER " " MACHINE));
	close(fd);
}

static void names_of_nodes_may_be_long(void **state)
{
	struct folder *f = *state;
	char name[160] = "";
	int fd = new_file();

	needs_attributes(fd);
	/* As long as uname() can tell, and what else may stand there. */
	for (size_t len = 60; len < sizeof(name); len++) {
		memset(name, 'n', len);
		boot_mark(fd, job_printf(&f->job, BOOT " %s", name));
		assert_int_equal(
			boot_is_stale(fd,
				      job_printf(&f->job, OTHER " %s", name)),
			len <= 65);
		if (len <= 64)
			assert_true(boot_is_stale(
				fd, job_printf(&f->job, OTHER " %s", name)));
	}
	close(fd);
}

static void no_mark_tells_nothing(void **state)
{
	int fd = new_file();

	(void)state;
	assert_false(boot_is_stale(fd, BOOT " n1"));
	close(fd);
}

static void marks_are_not_needed(void **state)
{
	struct folder *f = *state;
	int fd;

	/* A file system without attributes, if this one has them. */
	assert_int_equal(mkdir("bare", 0700), 0);
	assert_int_equal(mount("bare", "bare", "ramfs", 0, NULL), 0);
	assert_int_equal(chdir("bare"), 0);
	fd = new_file();
	assert_int_equal(fsetxattr(fd, ATTR, "x", 1, 0), -1);
	boot_mark(fd, BOOT " n1");
	assert_false(boot_is_stale(fd, OTHER " n1"));
	close(fd);
	assert_int_equal(chdir(f->dir), 0);
	assert_int_equal(umount("bare"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		NODE_TEST(stamp_names_boot_and_node),
		NODE_TEST(stamp_is_empty_where_the_kernel_does_not_tell),
		NODE_TEST(mark_is_the_stamp),
		NODE_TEST(stale_is_an_earlier_boot_of_this_node),
		NODE_TEST(mark_by_the_name_of_this_host_is_understood),
		NODE_TEST(names_of_nodes_may_be_long),
		NODE_TEST(no_mark_tells_nothing),
		NODE_TEST(marks_are_not_needed),
	};

	return run_node_tests(tests);
}
