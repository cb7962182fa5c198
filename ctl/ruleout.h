/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of rules that are made of a profile, each for one kind of events. One thread. */
#pragma once

#include <stdio.h>

#include "facts.h"

/* A rule that is being written. */
struct ruleout {
	FILE *out;
	const struct facts *facts;
	const char *selection;	/* the last one that was begun as a list; NULL: none */
};

struct ruleout_kind {
	enum ptype type;
	enum pnode_kind told;	/* whose texts are in it; 0: none */
	const char *category;	/* of our events; NULL: this is the end */
	const char *key;	/* part of the rule's id: it is not changed */
	const char *level;
	const char *what;	/* of its title, behind the workload's name */
	const char *exists;	/* a field without which a profile does not look; NULL: any */
	const char *condition;	/* besides what is of every rule */
	const char *unknown;	/* NULL: not known */
	void (*put)(struct ruleout *w);	/* its selections */
};

extern const struct ruleout_kind ruleout_kinds[];
