/* SPDX-License-Identifier: Apache-2.0 */
#include "ptrail.h"

#include <stdlib.h>
#include <string.h>

struct ptrail *ptrail_ref(struct ptrail *x)
{
	x->refs++;
	return x;
}

/* Depth is bounded, so is the loop. */
struct ptrail *ptrail_unref(struct ptrail *x)
{
	struct ptrail *parent;

	for (; x && !--x->refs; x = parent) {
		parent = x->parent;
		free(x);
	}
	return NULL;
}

struct ptrail *ptrail_step(struct ptrail *from, const char *path, uint32_t len)
{
	struct ptrail *x, *parent = from;

	if (from && from->len == len && !memcmp(from->path, path, len))
		return ptrail_ref(from);
	if (len > PTEXT_MAX)
		return NULL;
	x = malloc(sizeof(*x) + len);
	if (!x)
		return NULL;
	if (parent && parent->depth == PTRAIL_DEPTH)
		parent = parent->parent;
	*x = (struct ptrail){ .refs = 1, .parent = parent ? ptrail_ref(parent) : NULL,
		.depth = (uint16_t)(parent ? parent->depth + 1 : 1), .len = (uint16_t)len };
	memcpy(x->path, path, len);
	return x;
}

uint64_t ptrail_bytes(const struct ptrail *x)
{
	return sizeof(*x) + x->len;
}
