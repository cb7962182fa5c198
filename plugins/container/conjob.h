/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper is asked: the path of a cgroup, the facts of its container. */
#pragma once

#include <weir/helper.h>

#include "cgtab.h"
#include "cgwalk.h"
#include "confields.h"
#include "constate.h"

/* Used by the helper's thread alone, once it runs. */
struct conasker {
	struct cgwalk walk;
	struct constate state;
	struct confacts_draft draft;
};

struct conjob {
	struct weir_job job;		/* first */
	uint64_t cgroup;
	uint64_t asked_ns;
	struct con *con;		/* who waits; the asker's thread only */
	int err;			/* why there is no path */
	bool is_container;
	struct cgpath parsed;
	struct conname name;
	struct confacts *facts;		/* NULL: not known */
	uint32_t path_len;		/* 0: not known */
	char path[CGPATH_MAX + 1];
};

/* c NULL: its path is asked for too. NULL: no memory. */
struct conjob *conjob_new(uint64_t cgroup, const struct cgroup *c, uint64_t now_ns);
void conjob_free(struct conjob *j);
/* The helper: 0, or after how many ns once more. */
uint64_t conjob_run(struct conasker *a, struct conjob *j);
/* What an amendment says; also of one that is not done. */
void conjob_view(const struct conjob *j, struct conview *v);
void conasker_fini(struct conasker *a);
