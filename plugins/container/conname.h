/* SPDX-License-Identifier: Apache-2.0 */
/* What the path of a container's cgroup says of it, as people write it. */
#pragma once

#include <string.h>

#include "cgpath.h"

#define CONNAME_ID	256u	/* with a NUL; as long as the name of a file */

struct conname {
	enum cgruntime runtime;
	uint32_t id_len, pod_len;
	uint64_t scope;		/* as in struct cgpath */
	char id[CONNAME_ID];	/* no slash, not . or ..; ends with a NUL */
	char pod[36];
};

/* False: it is no container, or its id cannot be one. */
static inline bool conname_make(const struct cgpath *p, struct conname *n)
{
	uint32_t i;

	memset(n, 0, sizeof(*n));
	if (p->runtime == CGRUNTIME_NONE || p->id.len >= CONNAME_ID)
		return false;
	n->id_len = (uint32_t)cgpath_unescape(&p->id, n->id, CONNAME_ID - 1);
	if (!n->id_len || memchr(n->id, '/', n->id_len) || memchr(n->id, 0, n->id_len) ||
	    !strcmp(n->id, ".") || !strcmp(n->id, ".."))
		return false;
	n->runtime = p->runtime;
	n->scope = p->scope;
	n->pod_len = p->pod.len <= sizeof(n->pod) ? p->pod.len : 0;
	for (i = 0; i < n->pod_len; i++)
		n->pod[i] = p->pod.p[i] == '_' ? '-' : p->pod.p[i];
	return true;
}
