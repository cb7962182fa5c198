/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of cgroup paths, and the name of the container in one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/container/conname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static void check_part(const struct cgtext *t, const char *path, size_t len)
{
	must(!t->len || (t->p >= path && t->p + t->len <= path + len));
	must(!t->len || !memchr(t->p, '/', t->len));
}

static void check_name(const struct cgpath *p)
{
	struct conname n;

	if (!conname_make(p, &n))
		return;
	must(n.runtime != CGRUNTIME_NONE && n.id_len && n.id_len < CONNAME_ID);
	must(strlen(n.id) == n.id_len && !strchr(n.id, '/'));
	must(strcmp(n.id, ".") && strcmp(n.id, ".."));
	must(n.pod_len <= sizeof(n.pod) && !memchr(n.pod, '_', n.pod_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own, so that the sanitizer knows where it ends. */
	char *path = malloc(size ? size : 1);
	struct cgpath p;

	if (!path)
		return 0;
	memcpy(path, data, size);
	cgpath_parse(path, size, &p);
	check_part(&p.id, path, size);
	check_part(&p.pod, path, size);
	check_part(&p.slice, path, size);
	check_part(&p.unit, path, size);
	check_part(&p.user_unit, path, size);
	check_part(&p.session, path, size);
	must(p.runtime < CGRUNTIME__MAX && cgruntime_name(p.runtime));
	check_name(&p);
	free(path);
	return 0;
}
