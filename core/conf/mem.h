/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of many small things that die together. All zero is an empty one. */
#pragma once

#include <stddef.h>

struct mem_block;

struct mem {
	struct mem_block *blocks;
};

/* Zeroed and aligned for any type; NULL: none left. */
void *mem_alloc(struct mem *m, size_t size);
char *mem_strndup(struct mem *m, const char *s, size_t len);
char *mem_strdup(struct mem *m, const char *s);
void mem_fini(struct mem *m);
