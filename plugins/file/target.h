/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that is written to: opened, locked, in one piece up to its last newline. What is
 * appended is whole lines or nothing. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct file_conf;

struct target {
	int fd;			/* -1: not open */
	uint64_t size;
	uint64_t torn; /* bytes of a line without an end that were cut off when it was opened */
	time_t written;		/* when there was last written to it */
	bool ragged;		/* it ends within a line, which could not be taken back */
	dev_t dev;
	ino_t ino;
};

/*
 * 0; or a negative errno: -EWOULDBLOCK, another has it locked; -EINVAL, it is no regular
 * file.
 */
int target_open(struct target *f, const struct file_conf *conf);
/* Is it still what the path leads to? */
bool target_current(const struct target *f, const char *path);
/* 0, or a negative errno, and the file is as it was before. */
int target_append(struct target *f, const void *p, size_t len);
/*
 * Reads its last whole line, without the newline: its length, 0 if there is none, or a
 * negative errno. *line is to be freed.
 */
ssize_t target_last(const struct target *f, char **line);
void target_close(struct target *f);
