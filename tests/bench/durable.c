/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * durable DIR ROUNDS: what it would cost if host-local's reservations were on
 * the disk before ADD answers. By turns makes one as host-local does (buffered),
 * and with fsync(2) of the file and of its directory (fsync). Prints a line
 * "buffered|fsync ADD wall MICROSECONDS" for each.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char draft[] = ".draft", name[] = "10.1.0.2";

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void reserve(int dir, bool is_durable)
{
	static const char text[] = "0123456789abcdef\r\neth0";
	int fd = openat(dir, draft, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || write(fd, text, sizeof(text) - 1) != sizeof(text) - 1 ||
	    (is_durable && fsync(fd) < 0) || close(fd) < 0 ||
	    linkat(dir, draft, dir, name, 0) < 0 ||
	    unlinkat(dir, draft, 0) < 0 || (is_durable && fsync(dir) < 0))
		err(1, "reserve");
}

int main(int argc, char **argv)
{
	int dir, rounds;

	if (argc != 3)
		errx(2, "usage: durable DIR ROUNDS");
	dir = openat(AT_FDCWD, argv[1], O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		err(1, "%s", argv[1]);
	rounds = atoi(argv[2]);
	for (int i = 0; i < 2 * rounds; i++) {
		double begun = now();

		reserve(dir, i % 2);
		printf("%s ADD wall %.1f\n", i % 2 ? "fsync" : "buffered",
		       now() - begun);
		unlinkat(dir, name, 0);
	}
	return 0;
}
