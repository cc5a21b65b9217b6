/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load - new connections for a count of times, and how many of them a second
 *
 *	load SERVER CLIENT ADDRESS PORT LISTEN COUNT
 *
 * SERVER and CLIENT are files of network namespaces. The server listens on
 * LISTEN, the client connects to ADDRESS PORT; both ends are this process, so
 * that nothing but the path is in between. Connections end by a reset, which
 * leaves no port in use.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path);
	close(fd);
}

static int tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = { .tv_sec = 2 };

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in out = { .sin_family = AF_INET };

	out.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	inet_pton(AF_INET, ip, &out.sin_addr);
	return out;
}

static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct sockaddr_in here, there;
	int server, one = 1, count;
	double start;

	if (argc != 7)
		return 2;
	here = address("0.0.0.0", argv[5]);
	there = address(argv[3], argv[4]);
	count = (int)strtoul(argv[6], NULL, 10);
	enter(argv[1]);
	server = tcp();
	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(server, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(server, 16) < 0)
		die("listen");
	enter(argv[2]);
	start = seconds();
	for (int i = 0; i < count; i++) {
		int client = tcp(), peer;

		if (connect(client, (struct sockaddr *)&there, sizeof(there)) <
		    0)
			die("connect");
		peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		if (peer < 0)
			die("accept");
		reset(client);
		close(peer);
	}
	printf("%.0f\n", count / (seconds() - start));
	return 0;
}
