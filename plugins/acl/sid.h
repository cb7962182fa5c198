/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security identifiers: bytes, text, SDDL aliases and well-known names.
 */
#pragma once

#include "put.h"

#define SID_MAX_SUBS	15
#define SID_MAX_SIZE	(8 + 4 * SID_MAX_SUBS)

/* Its size if a whole one begins at p, else 0. */
size_t sid_size(const uint8_t *p, size_t avail);
static inline unsigned sid_subs(const uint8_t *p)
{
	return p[1];
}
static inline uint32_t sid_sub(const uint8_t *p, unsigned i)
{
	return le32(p + 8 + 4 * i);
}
uint64_t sid_authority(const uint8_t *p);

static inline bool sid_is_set(const struct sid *s)
{
	return s->p || s->base != SID_PLAIN;
}
bool sid_same(const struct sid *a, const struct sid *b);
bool sid_is_everyone(const struct sid *s);

/* "S-1-5-32-544", or "S-1-5-21-<domain>-512". */
void sid_put(struct put *o, const struct sid *s);
/* "BA" where there is one, else as sid_put. */
void sid_put_sddl(struct put *o, const struct sid *s);

/*
 * "S-1-..." or an alias at the beginning of `text`; in *used how much of it.
 * False: neither, or a number that is too large. Its bytes are in the arena; of
 * an alias they come from the context, if it knows the domain. A hexadecimal
 * number does not take the D of a section's "D:".
 */
bool sid_parse(const char *text, size_t n, const struct acl_context *ctx,
	       struct acl_arena *arena, struct sid *s, size_t *used);

/* ---- names (sidname.c) ---------------------------------------------------------*/

/* An administrator's names: of domains, accounts. Sorted by SID. */
struct sid_name {
	uint8_t sid[SID_MAX_SIZE];
	uint8_t size, len;
	uint16_t pad;
	const char *name;
};

struct sid_names {
	uint32_t n;
	const struct sid_name *names;
	/* Puts the name of an account of a domain; false, and nothing: none. NULL: as that. */
	bool (*put)(void *ctx, struct put *o, const uint8_t *sid);
	void *ctx;
};

int sid_name_compare(const struct sid_name *n, const uint8_t *sid, size_t size);

/* "BUILTIN\Administrators"; false, and nothing put: no name is known. */
bool sid_put_name(struct put *o, const struct sid *s, const struct sid_names *names);
/* "BUILTIN\Administrators (S-1-5-32-544)", or the SID alone. */
void sid_put_full(struct put *o, const struct sid *s, const struct sid_names *names);

/* Rows of sidtab.c; sid_relatives ends with one without a name. */
struct sid_known {
	uint64_t key;		/* sid_key() */
	const char *alias;	/* "" where there is none */
	const char *name;
};
struct sid_relative {
	uint32_t rid;
	uint32_t base;		/* enum sid_base */
	const char *alias, *name;
};

/* Of at most two short numbers, which nearly all well-known ones have; else 0. */
uint64_t sid_key(const uint8_t *p);
const struct sid_known *sid_find_known(const uint8_t *p);

extern const struct sid_known sid_knowns[];
extern const size_t sid_n_knowns;
extern const struct sid_relative sid_relatives[];
/* User-mode drivers: the only alias with more numbers. */
extern const uint8_t sid_user_drivers[32];
