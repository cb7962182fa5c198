/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cgroup is mostly there before the runtime writes its files: what is not found
 * is looked for a few times more before it is said to be unknown.
 */
#include "conjob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t again_ns[] = { 100000000u, 400000000u, 1600000000u, 6400000000u };

struct conjob *conjob_new(uint64_t cgroup, const struct cgroup *c, uint64_t now_ns)
{
	struct conjob *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	weir_job_init(&j->job);
	j->cgroup = cgroup;
	j->asked_ns = now_ns;
	if (c) {
		memcpy(j->path, c->path, c->path_len);
		j->path_len = c->path_len;
	}
	return j;
}

void conjob_free(struct conjob *j)
{
	confacts_unref(j->facts);
	free(j);
}

void conasker_fini(struct conasker *a)
{
	cgwalk_close(&a->walk);
}

/* Nobody knows a container there: then it is none. */
static void tell_none(struct conasker *a, struct conjob *j)
{
	a->draft.runtime = CGRUNTIME_NONE;
	j->facts = confacts_new(&a->draft, NULL);
}

static uint64_t find_facts(struct conasker *a, struct conjob *j)
{
	enum constate_result r = constate_find(&a->state, &j->name, j->parsed.uid, j->path,
					       &a->draft);

	if (r == CONSTATE_NONE && j->job.tries < sizeof(again_ns) / sizeof(again_ns[0]))
		return again_ns[j->job.tries];
	if (r == CONSTATE_NONE && j->name.runtime == CGRUNTIME_MAYBE)
		tell_none(a, j);
	else
		j->facts = confacts_new(&a->draft, constate_reason(r));
	return 0;
}

uint64_t conjob_run(struct conasker *a, struct conjob *j)
{
	if (!j->path_len) {
		j->err = cgwalk_find(&a->walk, j->cgroup, j->path);
		if (j->err)
			return 0;
		j->path_len = (uint32_t)strlen(j->path);
	}
	cgpath_parse(j->path, j->path_len, &j->parsed);
	j->is_container = conname_make(&j->parsed, &j->name);
	return j->is_container ? find_facts(a, j) : 0;
}

void conjob_view(const struct conjob *j, struct conview *v)
{
	*v = (struct conview){ .state = CONVIEW_RESOLVED };
	/* A try that was not the last one leaves a path: it is as good as any. */
	if (j->path_len && j->job.tries) {
		v->path = j->path;
		v->path_len = j->path_len;
		v->parsed = &j->parsed;
		v->name = j->is_container ? &j->name : NULL;
		v->facts = j->facts;
	}
	if (!j->job.done)
		v->reason = "not found out in time";
	else if (j->err)
		v->reason = j->err == -ENOENT ? "cgroup not found" :
			    j->err == -ENOTSUP ? "no unified hierarchy" : "cgroup not readable";
	else if (j->is_container)
		v->reason = j->facts ? j->facts->reason : "no memory";
	if (v->reason)
		v->state = CONVIEW_UNKNOWN;
}
