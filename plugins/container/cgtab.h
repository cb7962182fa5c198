/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups by id, and the containers that they belong to: a container is known as
 * long as one of its cgroups is. One thread; bounded in number and in bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "confacts.h"
#include "conname.h"

struct conjob;

struct con {
	struct con *next;		/* of its bucket */
	uint32_t n_cgroups;
	struct conname name;
	struct confacts *facts;		/* NULL: not asked yet */
	struct conjob *job;		/* of the user: who asks */
	uint64_t asked_ns;
};

struct cgroup {
	struct cgroup *next;		/* of its bucket */
	struct cgroup *newer, *older;	/* of its list */
	struct con *con;		/* NULL: in no container */
	uint64_t id;
	uint64_t dead_ns;		/* when it was removed; 0: not */
	uint32_t path_len;
	bool known;			/* false: there is no such cgroup */
	struct cgpath parsed;		/* points into path */
	char path[];			/* ends with a NUL */
};

struct cgtab;

enum cgtab_count { CGTAB_CGROUPS, CGTAB_CONTAINERS, CGTAB_BYTES, CGTAB_EVICTED, CGTAB__MAX };

/* NULL: no memory. */
struct cgtab *cgtab_new(uint32_t max_cgroups, uint64_t max_bytes, uint64_t seed);
/* NULL: never heard of. It counts as used. */
struct cgroup *cgtab_get(struct cgtab *t, uint64_t id);
/* path NULL: there is no such cgroup. NULL: no memory. Others may be forgotten. */
struct cgroup *cgtab_put(struct cgtab *t, uint64_t id, const char *path, uint32_t len);
/* It was removed; it is kept until cgtab_expire(). */
void cgtab_kill(struct cgtab *t, struct cgroup *c, uint64_t now_ns);
/* Forgets those that were removed before `before_ns`, a few at a time. */
void cgtab_expire(struct cgtab *t, uint64_t before_ns);
/* The container of a name, NULL: none. */
struct con *cgtab_con(struct cgtab *t, const struct conname *name);
/* Takes over a reference. */
void cgtab_tell(struct cgtab *t, struct con *con, struct confacts *facts);
uint64_t cgtab_count(const struct cgtab *t, enum cgtab_count what);
uint32_t cgtab_max(const struct cgtab *t, uint64_t *bytes);
/* Called for a container that is forgotten while it has a job. */
void cgtab_on_forget(struct cgtab *t, void (*fn)(struct con *con));
/* NULL, always; t may be NULL. */
struct cgtab *cgtab_free(struct cgtab *t);
