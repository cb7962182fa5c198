/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts with wildcards, as parsed values: what is put before or behind one never changes
 * what an escape in it means. All in an arena; false: no memory.
 */
#pragma once

#include "rulearena.h"
#include "sigma.h"

/* Puts parts together; those that belong together become one. */
struct sigmaglob {
	struct rulearena *arena;
	struct sigma_part *parts;
	uint32_t n;
	char *text;		/* where the next literal goes */
};

/* For at most n_parts, all literals together of at most len bytes. */
bool sigmaglob_begin(struct sigmaglob *g, struct rulearena *a, size_t n_parts, size_t len);
void sigmaglob_put(struct sigmaglob *g, const struct sigma_part *part);
void sigmaglob_literal(struct sigmaglob *g, const void *text, size_t len);
void sigmaglob_wildcard(struct sigmaglob *g, enum sigma_part_kind kind);
struct sigma_glob sigmaglob_end(const struct sigmaglob *g);

/* `*` and `?` are wildcards, unless a backslash is before. */
bool sigmaglob_parse(struct rulearena *a, const char *text, size_t len,
		     struct sigma_glob *out);
/* All of it is data. */
bool sigmaglob_plain(struct rulearena *a, const char *text, size_t len,
		     struct sigma_glob *out);
/* Puts ANY at its begin and end, where there is none. */
bool sigmaglob_open(struct rulearena *a, bool before, bool behind, struct sigma_glob *glob);
bool sigmaglob_has(const struct sigma_glob *glob, enum sigma_part_kind kind);
/* Bytes of its literals. */
size_t sigmaglob_len(const struct sigma_glob *glob);
