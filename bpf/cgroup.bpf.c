/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cgroups, of every hierarchy.
 *
 *   cgroup_mkdir	tp_btf/cgroup_mkdir	(it is there)
 *   cgroup_rmdir	tp_btf/cgroup_rmdir	(it is gone)
 *
 * Both come under the lock of the buffer that holds the path.
 */
#include "weir.bpf.h"

/* The kernel's own room for the path that it hands out. */
#define CGROUP_PATH_LEN	1024

static __always_inline struct weir_str cgroup_path_put(struct scratch *s, __u64 path)
{
	struct weir_str str = str_of(text_put(s, path, CGROUP_PATH_LEN));

	if ((str.len & WEIR_STR_LEN) >= CGROUP_PATH_LEN - 1)
		str.len |= WEIR_STR_TRUNCATED;
	return str;
}

SEC("tp_btf/cgroup_mkdir")
int on_cgroup_mkdir(__u64 *ctx)
{
	struct cgroup *cgroup = (void *)ctx[0], *up;
	struct weir_cgroup_mkdir *e;
	struct scratch *s;

	s = op_begin(WEIR_EV_cgroup_mkdir, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->cgroup_id = cgroup->kn->id;
	up = (void *)BPF_CORE_READ(cgroup, self.parent);
	if (up) {
		up = (void *)up - bpf_core_field_offset(struct cgroup, self);
		e->cgroup_parent = BPF_CORE_READ(up, kn, id);
	}
	e->cgroup_hierarchy = cgroup->root->hierarchy_id;
	e->cgroup_path = cgroup_path_put(s, hook_arg(ctx, 1));
	op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int on_cgroup_rmdir(__u64 *ctx)
{
	struct cgroup *cgroup = (void *)ctx[0];
	struct weir_cgroup_rmdir *e;
	struct scratch *s;

	s = op_begin(WEIR_EV_cgroup_rmdir, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->cgroup_id = cgroup->kn->id;
	e->cgroup_hierarchy = cgroup->root->hierarchy_id;
	e->cgroup_path = cgroup_path_put(s, hook_arg(ctx, 1));
	op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	return 0;
}
