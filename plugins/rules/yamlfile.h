/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of YAML, in UTF-8, as a tree for each document. One thread.
 *
 *	struct yamlfile *f = yamlfile_open(arena, diags, name, bytes, n);
 *
 *	while (yamlfile_next(f, &root) > 0)
 *		...
 *	yamlfile_close(f);
 */
#pragma once

#include "yamltree.h"

#define YAMLFILE_BYTES	(16u << 20)

struct yamlfile;

/* What is wrong goes to diags. The bytes and name stay the caller's. NULL: no memory. */
struct yamlfile *yamlfile_open(struct rulearena *a, struct rulediags *diags,
			       const char *name, const void *bytes, size_t n);
/*
 * 1: a document, in the arena. If something was wrong with it, that is an error in diags,
 * and *out is what could be read, or NULL; the next call goes on behind it. 0: there are
 * no more. -1: no memory.
 */
int yamlfile_next(struct yamlfile *f, const struct yamltree **out);
void yamlfile_close(struct yamlfile *f);
