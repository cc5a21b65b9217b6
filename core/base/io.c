/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/str.h"

enum { READ_AT_ONCE = 4 << 10 };

int io_read(int fd, struct str *out, size_t max)
{
	char buf[READ_AT_ONCE];
	ssize_t len = 0;

	do {
		str_add_len(out, buf, (size_t)len);
		if (out->len > max) {
			errno = EFBIG;
			return -1;
		}
		do {
			len = read(fd, buf, sizeof(buf));
		} while (len < 0 && errno == EINTR);
	} while (len > 0);
	return (int)len;
}

int io_read_file(const char *path, struct str *out, size_t max)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int ret, err;

	if (fd < 0)
		return -1;
	ret = io_read(fd, out, max);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

int io_write(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t done = write(fd, text, len);

		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			text += done;
			len -= (size_t)done;
		}
	}
	return 0;
}
