/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share: owners, and slots for variables. */
#pragma once

#include "varstore.h"

/* Who goes first. An owner in use is on exactly one list, oldest first. */
enum varowner_list {
	VAROWNER_DEAD,
	VAROWNER_LIVE,		/* + scope; least recently used first */
	VAROWNER_LIST__MAX = VAROWNER_LIVE + VAR_SCOPE__MAX,
};

/* Numbers of owners and variables begin at 1. */
struct varowner {
	struct var_key key;
	uint32_t hash_next;
	uint32_t prev, next;
	uint32_t first;		/* variable */
	uint32_t n;
	uint8_t list;
	uint64_t dead_ns;
};

struct varowner_list_ends {
	uint32_t head, tail;
};

struct varstore {
	struct varstore_conf conf;
	uint32_t slot_size;
	uint32_t n_owners, max_owners, spare_owner, touched_owners;
	uint32_t n_vars, spare_var, touched_vars;
	uint32_t n_of[VAR_SCOPE__MAX];
	uint32_t mask;
	uint32_t *heads;
	struct varowner *owners;
	uint8_t *vars;
	struct varowner_list_ends lists[VAROWNER_LIST__MAX];
	uint64_t now_ns;
};

static inline struct var *var_at(const struct varstore *s, uint32_t number)
{
	return (struct var *)(void *)(s->vars + (size_t)number * s->slot_size);
}

static inline void varstore_count(struct varstore *s, enum varstore_count what)
{
	__atomic_store_n(&s->conf.count[what], s->conf.count[what] + 1, __ATOMIC_RELAXED);
}

struct varowner *varowner_find(const struct varstore *s, const struct var_key *key);
/* The one of that key, made if need be; may cost others their place, but not `keep`. */
struct varowner *varowner_get(struct varstore *s, const struct var_key *key,
			      const struct varowner *keep);
void varowner_free(struct varstore *s, struct varowner *o);
void varowner_touch(struct varstore *s, struct varowner *o);
void varowner_bury(struct varstore *s, struct varowner *o);
struct var *varowner_var(struct varstore *s, const struct varowner *o, const char *name,
			 size_t len);
/* A new one at the end of its variables; NULL: no room, counted. Others may go, not o and keep. */
struct var *varowner_add(struct varstore *s, struct varowner *o, const struct varowner *keep,
			 const char *name, size_t len);
void varowner_remove(struct varstore *s, struct varowner *o, const struct var *v);
/* Removes what has come to its end. */
void varowner_expire(struct varstore *s, struct varowner *o);
/* A copy of `from`, which may be of another store, with at most our bytes of value. */
bool varowner_copy(struct varstore *s, struct varowner *o, const struct varowner *keep,
		   const struct var *from);
