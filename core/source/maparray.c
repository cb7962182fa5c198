/* SPDX-License-Identifier: Apache-2.0 */
#include "source/maparray.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

int maparray_fill(int fd, const struct weir_rules_array *a)
{
	uint32_t *keys = calloc(a->n + 1u, sizeof(*keys)), i, n = a->n;
	int r = 0;

	if (!keys)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		keys[i] = i;
	if (n && bpf_map_update_batch(fd, keys, a->p, &n, NULL))
		r = -errno;
	free(keys);
	return r;
}
