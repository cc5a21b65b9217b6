/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whole - small files that are there whole or not at all, whoever is killed */
#ifndef CNIBOX_WHOLE_H
#define CNIBOX_WHOLE_H

struct job;

/* Makes the file at dir/name with this text, and the folder if it is missing. If
 * there is a file already, that is an error. On a file system without O_TMPFILE, who
 * is killed may leave a part of it. */
int whole_create(struct job *job, const char *dir, const char *name,
		 const char *text);

/* The same, in place of a file that there may be. Nobody else may do so at the same
 * time; who is killed may leave a dir/name.new, which the next one takes. */
int whole_replace(struct job *job, const char *dir, const char *name,
		  const char *text);

/* Fails if no file could be made in dir. Makes none, but the folder. */
int whole_probe(struct job *job, const char *dir);

/* The text of the file in the job's memory, or NULL with the reason in errno: ENOENT
 * if there can be none of this name, or is none. */
const char *whole_read(struct job *job, const char *path);

/* Removes the file; absent is success. */
int whole_remove(struct job *job, const char *path);

#endif
