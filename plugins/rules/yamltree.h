/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a tree: the core schema of YAML 1.2, each node with its place. Keys are scalars
 * and there once. An alias is the same node again; how deep a tree is and how many nodes
 * there are, those of aliases counted each time, is bounded. Nothing changes a tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rulearena.h"
#include "rulediag.h"

#define YAMLTREE_DEPTH	32u
#define YAMLTREE_NODES	(1u << 20)	/* of a file */

enum yamltree_kind {
	YAMLTREE_NULL, YAMLTREE_BOOL, YAMLTREE_INT, YAMLTREE_FLOAT, YAMLTREE_TEXT,
	YAMLTREE_LIST, YAMLTREE_MAP,
};

struct yamltree;

struct yamltree_pair {
	const struct yamltree *key, *value;
};

struct yamltree {
	struct ruleplace place;
	enum yamltree_kind kind;
	uint32_t weight;	/* nodes, itself among them */
	uint32_t n;		/* LIST, MAP */
	uint32_t len;		/* of the text */
	/* Scalars: as written, without quotes; a NUL follows, others may be inside. */
	const char *text;
	double number;		/* INT, FLOAT */
	int64_t integer;	/* INT, and BOOL: 0 or 1 */
	bool fits;		/* INT: into integer */
	const struct yamltree **items;
	struct yamltree_pair *pairs;
};

/* Two scalars by their text, as memcmp(). */
int yamltree_compare(const struct yamltree *a, const struct yamltree *b);
/* The value of a key of a map; NULL: there is none. */
const struct yamltree *yamltree_get(const struct yamltree *map, const char *key);
/*
 * A map with all pairs of both, those of `over` before those of `base` where both have the
 * key; maps in both are merged likewise. The map gets the place. NULL: no memory.
 */
const struct yamltree *yamltree_merge(struct rulearena *a, const struct yamltree *base,
				      const struct yamltree *over, const struct ruleplace *at);
/* The same map without a key. NULL: no memory. */
const struct yamltree *yamltree_without(struct rulearena *a, const struct yamltree *map,
					const char *key);

/* Kind and numbers of a plain scalar, from its text. */
void yamlscalar_read(struct yamltree *node);
/* "a text", "a list", ...: for messages. */
const char *yamlscalar_kind(const struct yamltree *node);
