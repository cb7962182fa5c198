/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides by the configuration which events cannot come, so that nobody takes
 * what was asked for for a failure. The rules are those of bpf/common.bpf.c.
 */
#include <stdio.h>
#include <string.h>

#include "schema/values.h"
#include "selftest_private.h"
#include "source/source_bpf.h"
#include "util/macros.h"

#define ALL_TYPES	UINT64_MAX

/* Where each type has the path of the file that it is about. */
static const struct {
	unsigned type;
	const char *name;
} rows[] = {
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ WEIR_EV_##ev, name },
#define WEIR_EV_base 0
#include <weir/events.def>
};

const char *selftest_type(unsigned type)
{
	const struct weir_value_name *v;

	for (v = values_find("event"); v && v->name; v++)
		if (v->number == type && type && type < WEIR_EV_KERNEL_MAX)
			return v->name;
	return NULL;
}

static uint64_t file_types(void)
{
	uint64_t types = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].type < WEIR_EV_KERNEL_MAX && !strcmp(rows[i].name, "file.path"))
			types |= 1ull << rows[i].type;
	return types;
}

void selftest_skip(struct selftest_plan *p, unsigned type, const char *why)
{
	p->tried &= ~(1ull << type);
	p->skipped |= 1ull << type;
	snprintf(p->why[type], SELFTEST_WHY, "%s", why);
}

static void types_skip(struct selftest_plan *p, uint64_t types, const char *why)
{
	unsigned type;

	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++)
		if (types >> type & p->tried >> type & 1)
			selftest_skip(p, type, why);
}

static bool any_begins(const char *text, const char *const *prefixes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strncmp(text, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static bool has_number(const int64_t *list, size_t n, int64_t number)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] == number)
			return true;
	return false;
}

/* "/a/b" and "a/b/" are the same. */
static bool same_cgroup(const char *a, const char *b)
{
	size_t n, m;

	a += strspn(a, "/");
	b += strspn(b, "/");
	for (n = strlen(a); n && a[n - 1] == '/'; n--)
		;
	for (m = strlen(b); m && b[m - 1] == '/'; m--)
		;
	return n == m && !memcmp(a, b, n);
}

static bool in_cgroup(const struct source_bpf_conf *conf, const char *cgroup)
{
	size_t i;

	for (i = 0; *cgroup && i < conf->n_skip_cgroups; i++)
		if (same_cgroup(conf->skip_cgroups[i], cgroup))
			return true;
	return false;
}

static void hooks_judge(const struct source_hook *hooks, struct selftest_plan *p)
{
	unsigned type;

	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++)
		if (hooks[type].state == SOURCE_HOOK_UNAVAILABLE)
			types_skip(p, 1ull << type, hooks[type].why);
}

void selftest_plan(const struct source_bpf_conf *conf, const struct source_hook *hooks,
		   const struct selftest_who *who, struct selftest_plan *out)
{
	unsigned type;

	*out = (struct selftest_plan){ 0 };
	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++)
		if (conf->types >> type & 1 && selftest_type(type))
			out->tried |= 1ull << type;
	hooks_judge(hooks, out);
	if (has_number(conf->skip_uids, conf->n_skip_uids, who->uid))
		types_skip(out, ALL_TYPES, "its user is excluded");
	if (any_begins(who->comm, conf->skip_comms, conf->n_skip_comms))
		types_skip(out, ALL_TYPES, "its name is excluded");
	if (any_begins(who->exe, conf->skip_exes, conf->n_skip_exes))
		types_skip(out, ALL_TYPES, "its program is excluded");
	if (in_cgroup(conf, who->cgroup))
		types_skip(out, ALL_TYPES, "its cgroup is excluded");
	if (any_begins(who->folder, conf->skip_paths, conf->n_skip_paths) ||
	    any_begins(who->exe, conf->skip_paths, conf->n_skip_paths))
		types_skip(out, file_types(), "its files are excluded");
}

void selftest_line(struct selftest_plan *p, char *line, uint64_t *done)
{
	char *tab = strchr(line, '\t');
	unsigned type;

	if (!tab)
		return;
	*tab = 0;
	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++) {
		if (!(p->tried >> type & 1) || strcmp(selftest_type(type), line))
			continue;
		if (!strcmp(tab + 1, "ok"))
			*done |= 1ull << type;
		else
			selftest_skip(p, type, tab + 1);
	}
}
