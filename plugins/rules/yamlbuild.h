/* SPDX-License-Identifier: Apache-2.0 */
/* One tree after the other, of libyaml's events; of yamlfile.c alone. One thread. */
#pragma once

#include <yaml.h>

#include "yamltree.h"

#define YAMLBUILD_ANCHORS 256u	/* of a document */

/* A list or map that is not complete. */
struct yamlbuild_level {
	struct yamltree *node;
	const char *anchor;
	const struct yamltree *key;	/* of a map, whose value is to come */
	uint32_t cap;
};

struct yamlbuild_anchor {
	const char *name;
	const struct yamltree *node;
};

struct yamlbuild {
	struct rulearena *arena;
	struct rulediags *diags;
	const char *name;
	uint32_t line;			/* lines before the first that libyaml sees */
	uint64_t n_nodes;		/* of all trees */
	const struct yamltree *root;	/* NULL: not complete */
	struct yamlbuild_level levels[YAMLTREE_DEPTH];
	uint32_t depth;
	struct yamlbuild_anchor anchors[YAMLBUILD_ANCHORS];
	uint32_t n_anchors;
};

struct ruleplace yamlbuild_place(const struct yamlbuild *b, const yaml_mark_t *mark);
/* Before a document. */
void yamlbuild_begin(struct yamlbuild *b);
/* false: the document cannot be read on, which is told; or the arena has failed. */
bool yamlbuild_take(struct yamlbuild *b, const yaml_event_t *e);
/* What is not complete is all the same in the tree, so that a title can be found. */
void yamlbuild_close(struct yamlbuild *b);
/* There are too many nodes for this file. */
bool yamlbuild_is_full(const struct yamlbuild *b);
