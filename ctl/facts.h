/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a workload did, as a sorted list without its tree: for what is made of a profile
 * and knows only one workload. One thread.
 */
#pragma once

#include "plugins/profile/pprofile.h"

struct fact {
	uint8_t kind;		/* enum pnode_kind; a pattern is a file */
	uint8_t access;		/* enum pnode_access */
	uint32_t number;
	uint32_t len;
	char *text;		/* any bytes, and a NUL; of files the whole path */
};

struct facts {
	const struct pprofile *profile;
	struct fact *at;	/* by kind, text and number; each once */
	size_t n, cap;
	uint32_t recorded;	/* a bit for each enum ptype of which something was seen */
	uint32_t stable;	/* of those: in the version seen last */
};

/* What was only a way to others is none. */
void facts_init(struct facts *f, struct pprofile *p);
void facts_fini(struct facts *f);

/* The next one after `at` of that kind, the first one after NULL; NULL: there is none. */
const struct fact *facts_next(const struct facts *f, enum pnode_kind kind, const struct fact *at);

/* All of a kind, one after the other. */
#define FACTS_EACH(facts, kind, x) \
	for ((x) = facts_next(facts, kind, NULL); (x); (x) = facts_next(facts, kind, x))

/* Of a PNODE_CONNECT or PNODE_BIND. */
struct pitem_net facts_net(const struct fact *x);
/* Of a set of values.def, or of signals; NULL: the number has no name. */
const char *facts_value_name(const char *set, uint64_t number);

static inline bool facts_has(const struct facts *f, enum ptype type)
{
	return f->recorded >> type & 1;
}

/* In texts of these kinds a * stands for any part of a component. */
static inline bool facts_is_reduced(enum pnode_kind kind)
{
	return kind == PNODE_FILE || kind == PNODE_PROCESS || kind == PNODE_SCRIPT ||
	       kind == PNODE_UNIX || kind == PNODE_MOUNT;
}
