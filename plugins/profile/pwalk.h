/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from a process to what it does, in a tree. Looking and learning are the same
 * walk: only what happens where there is no node differs.
 */
#pragma once

#include "pitem.h"
#include "ptrail.h"

enum pwalk_mode {
	PWALK_LOOK,	/* changes nothing */
	PWALK_SEE,	/* counts what is known */
	PWALK_LEARN,	/* and adds what is not */
};

struct pwalk {
	struct ptree *tree;
	uint64_t id;		/* of the tree, for trails */
	enum pwalk_mode mode;
	struct psight sight;
};

struct pwalk_found {
	bool known;		/* was known before */
	bool added;		/* is known now */
	uint32_t ref;		/* its node; or how far the way was known */
};

/*
 * The node of a process, in *ref; learnt only if `may_add`. False: it is not known; *ref is
 * the nearest above that is. A process is not seen thereby: see pwalk_exec().
 */
bool pwalk_process(const struct pwalk *w, struct ptrail *trail, bool may_add, uint32_t *ref);
/* Of a process that has just begun with this program. */
void pwalk_exec(const struct pwalk *w, struct ptrail *trail, bool may_add, struct pwalk_found *f);
/* What a process that is known does. */
void pwalk_item(const struct pwalk *w, uint32_t process, const struct pitem *item,
		struct pwalk_found *f);
