/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was decoded, for people: several lines for a log, one line for a
 * message. Names are looked up in tables that are handed in, never elsewhere.
 */
#pragma once

#include "put.h"

struct sid_names;

struct words {
	const struct sid_names *sids;	/* NULL: the well-known ones alone */
	/* Puts the name of a uid or gid; false, and nothing: none is known. NULL: as that. */
	bool (*put_id)(void *ctx, struct put *o, uint32_t id, bool group);
	void *ctx;
	uint32_t max_aces;	/* further ones are counted; 0: all */
	struct acl_arena *scratch;	/* for conditions and columns; left as it was */
};

/* Lines, each but the last ended by a newline. */
void words_put(struct put *o, const struct acl *a, const struct words *w);
/* One line of at most about `max_aces` entries, without lists of rights in words. */
void words_put_line(struct put *o, const struct acl *a, const struct words *w);

/* ---- pieces, for differences ------------------------------------------------------*/

/* "alice (1001)", "1001" */
void words_put_id(struct put *o, const struct words *w, uint32_t id, bool group);
/* The trustee: "user alice (1001)", "owning group", "BUILTIN\Users (S-1-5-32-545)". */
void words_put_trustee(struct put *o, const struct ace *e, const struct words *w);
/* An entry of an NT or NFSv4 ACL: "allow Everyone (S-1-1-0) Full control". */
void words_put_ace(struct put *o, const struct acl *a, const struct ace *e, const struct words *w);
/* What an NT, NFSv4 entry permits: "Full control", "read data, write data". */
void words_put_rights(struct put *o, const struct acl *a, const struct ace *e);
/* "cap_net_admin, cap_net_raw (permitted, effective)", "none" */
void words_put_caps(struct put *o, const struct acl *a);
/* "immutable, append only"; those that matter, and how many others. */
void words_put_inode_flags(struct put *o, const struct acl *a);
/* "Access ACL", "DACL" and the like: what is spoken of. */
const char *words_subject(const struct acl *a);

/* ntwords.c */
void ntwords_put(struct put *o, const struct acl *a, const struct words *w);
void ntwords_put_line(struct put *o, const struct acl *a, const struct words *w);
void ntwords_put_ace(struct put *o, const struct acl *a, const struct ace *e,
		     const struct words *w);
