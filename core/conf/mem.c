/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns chains of allocations. Each is a block of its own, since there are few
 * and a sanitizer then sees every overrun.
 */
#include "conf/mem.h"

#include <stdlib.h>
#include <string.h>

struct mem_block {
	struct mem_block *next;
	max_align_t data[];
};

void *mem_alloc(struct mem *m, size_t size)
{
	struct mem_block *b = NULL;

	if (size < (size_t)-1 / 2)
		b = calloc(1, sizeof(*b) + size);
	if (!b)
		return NULL;
	b->next = m->blocks;
	m->blocks = b;
	return b->data;
}

char *mem_strndup(struct mem *m, const char *s, size_t len)
{
	char *p = mem_alloc(m, len + 1);

	if (p)
		memcpy(p, s, len);
	return p;
}

char *mem_strdup(struct mem *m, const char *s)
{
	return mem_strndup(m, s, strlen(s));
}

void mem_fini(struct mem *m)
{
	struct mem_block *b;

	while ((b = m->blocks)) {
		m->blocks = b->next;
		free(b);
	}
}
