/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "keyfile.h"
#include "core/kernel/wg.h"
#include "core/state/whole.h"

/* Bits that are the same in every private key. */
static void clamp(uint8_t key[KEY_LEN])
{
	key[0] &= 0xf8;
	key[KEY_LEN - 1] = (key[KEY_LEN - 1] & 0x7f) | 0x40;
}

int keyfile_read(struct job *job, const char *path, uint8_t out[KEY_LEN],
		 bool *found)
{
	const char *text = whole_read(job, path);
	struct stat st;

	if (found)
		*found = text;
	if (!text && found && errno == ENOENT)
		return 0;
	if (!text)
		return fail_errno(job, errno, "read the private key %s", path);
	if (stat(path, &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO))
		job_warn(job, "others may read the private key %s: chmod 600",
			 path);
	text = job_strndup(job, text, strcspn(text, " \t\r\n"));
	if (!key_parse(text, out))
		return fail(job, CNI_BAD_CONFIG,
			    "%s: no private key: 44 characters of base64",
			    path);
	clamp(out);
	return 0;
}

static int make(struct job *job, const char *path)
{
	const char *slash = strrchr(path, '/');
	uint8_t key[KEY_LEN];
	char text[KEY_TEXT];

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return fail_errno(job, errno, "choose a private key");
	clamp(key);
	return whole_create(
		job,
		!slash ? "."
		: slash == path
			? "/"
			: job_strndup(job, path, (size_t)(slash - path)),
		slash ? slash + 1 : path,
		job_printf(job, "%s\n", key_print(key, text)));
}

int keyfile_run(struct job *job, const char *path, struct str *out)
{
	uint8_t key[KEY_LEN];
	char text[KEY_TEXT];
	bool found;

	if (keyfile_read(job, path, key, &found) < 0)
		return -1;
	if (!found &&
	    (make(job, path) < 0 || keyfile_read(job, path, key, NULL) < 0))
		return -1;
	if (wg_public_key(job, key, key) < 0)
		return -1;
	str_printf(out, "%s\n", key_print(key, text));
	return 0;
}
