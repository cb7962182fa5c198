/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables by scope: global, of a process, a container, a user. One thread. All
 * memory is taken at the beginning and given back at the end; what does not fit is
 * refused or costs the oldest their place, and is counted. Time is what the caller
 * says. Pointers to variables are valid until the next call that takes a struct
 * varstore which is not const.
 */
#pragma once

#include "varvalue.h"

#define VAR_NAME_MAX	63u
#define VAR_KEY_MAX	79u	/* of a process, container or user */
#define VAR_VALUE_MIN	24u	/* an int; room for what is no string */

enum var_scope { VAR_GLOBAL, VAR_PROCESS, VAR_CONTAINER, VAR_USER, VAR_SCOPE__MAX };
enum var_op { VAR_SET, VAR_APPEND, VAR_UNSET, VAR_EXPIRE };

enum var_flags {
	VAR_INHERIT = 1,	/* processes that the process makes from now on get a copy */
	VAR_PRIVATE = 2,	/* not shown in events */
};

struct var {
	uint32_t next;		/* of the same owner, in the order in which they were set first */
	uint32_t len;
	uint64_t set_ns;	/* when it became what inherits: its first set */
	uint64_t end_ns;	/* 0: it does not end */
	uint8_t type;		/* enum var_type */
	uint8_t flags;
	bool cut;
	uint8_t name_len;
	char name[VAR_NAME_MAX + 1];
	char value[];
};

struct var_key {
	uint8_t scope;		/* enum var_scope */
	uint8_t len;
	char bytes[VAR_KEY_MAX];
};

struct var_change {
	enum var_op op;
	uint8_t type;
	uint8_t flags;
	uint32_t name_len, len;
	const char *name;
	const char *value;
	uint64_t ttl_ns;	/* 0: for ever */
};

enum varstore_count {
	VARSTORE_VARIABLES,	/* gauge */
	VARSTORE_OWNERS,	/* gauge */
	VARSTORE_CHANGES,
	VARSTORE_INHERITED,
	VARSTORE_EXPIRED,
	VARSTORE_CUT,
	VARSTORE_MALFORMED,
	VARSTORE_MISMATCH,
	VARSTORE_NO_ROOM,
	VARSTORE_EVICTED_DEAD,
	VARSTORE_EVICTED_LIVE,
	VARSTORE_COUNT__MAX
};

struct varstore_conf {
	uint32_t max_owners[VAR_SCOPE__MAX];
	uint32_t max_variables;	/* in all */
	uint32_t max_each;	/* of one owner */
	uint32_t max_value;	/* bytes of a value */
	uint32_t max_items;	/* of a list */
	uint64_t keep_dead_ns;
	uint64_t *count;	/* VARSTORE_COUNT__MAX numbers, added to */
};

struct varstore;

/* NULL: no memory. */
struct varstore *varstore_new(const struct varstore_conf *conf);
struct varstore *varstore_free(struct varstore *s);
/* Of the newest event; what is older does nothing. Forgets the dead whose time is over. */
void varstore_time(struct varstore *s, uint64_t now_ns);

struct var_key var_key_global(void);
struct var_key var_key_number(enum var_scope scope, uint64_t number);
/* False: too long, or empty. */
bool var_key_text(enum var_scope scope, const char *text, size_t len, struct var_key *out);

bool var_name_is_good(const char *name, size_t len);
/* 0, or -1: refused, and counted why. */
int varstore_change(struct varstore *s, const struct var_key *key, const struct var_change *c);
/* False: nobody has a variable of that scope. */
bool varstore_has(const struct varstore *s, enum var_scope scope);
/* The first variable of that owner; NULL: none. What has expired is gone. */
const struct var *varstore_first(struct varstore *s, const struct var_key *key);
const struct var *varstore_find(struct varstore *s, const struct var_key *key, const char *name,
				size_t len);
const struct var *varstore_next(const struct varstore *s, const struct var *v);

void varstore_fork(struct varstore *s, uint64_t parent, uint64_t child);
/*
 * A process of which no fork was seen: it has what the parent could hand on when it
 * was created. False: the parent has nothing; ask for the next ancestor.
 */
bool varstore_found(struct varstore *s, uint64_t parent, uint64_t child, uint64_t start_ns);
void varstore_exit(struct varstore *s, uint64_t process);
void varstore_gauge(struct varstore *s);

/*
 * What `from` has comes to `to`, as far as its limits go, which is empty. Of the same
 * size they change places. 0.
 */
int varstore_move(struct varstore **to, struct varstore **from);
