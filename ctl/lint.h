/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a plugin's file without running any of it. */
#pragma once

struct findings;

struct lint_conf {
	unsigned glibc_major, glibc_minor;	/* the floor */
	int glibc_given;	/* above it is an error, not a warning */
};

/*
 * Reads the ELF file behind a descriptor whose note has been read: it is a
 * shared object for this machine. All that there is to say goes to `f`.
 */
void lint_elf(int fd, const struct lint_conf *conf, struct findings *f);
