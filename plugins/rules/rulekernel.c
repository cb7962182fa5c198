/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what the kernel has to know of fields: where they lie, and from when on. */
#include "rulekernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rulearrays.h"

/* Fields that are known later than when an operation is asked about. */
static const struct {
	const char *name;
	uint16_t type;		/* 0: of all */
	uint8_t flags;
} late[] = {
	{ "outcome", 0, MATCH_SOURCE_EMIT }, { "error", 0, MATCH_SOURCE_EMIT },
	{ "seq", 0, MATCH_SOURCE_EMIT }, { "id", 0, MATCH_SOURCE_EMIT },
	{ "class", 0, MATCH_SOURCE_EMIT },
	{ "source.ip", WEIR_EV_connect, MATCH_SOURCE_LATE },
	{ "source.port", WEIR_EV_connect, MATCH_SOURCE_LATE },
	{ "source.port", WEIR_EV_listen, MATCH_SOURCE_LATE },
	{ "truncate.size", WEIR_EV_truncate, MATCH_SOURCE_LATE },
	/* Taken from the process's memory, which may change until it is set. */
	{ "chattr.flags", WEIR_EV_chattr, MATCH_SOURCE_LATE },
	{ "file.inode", WEIR_EV_create, MATCH_SOURCE_LATE },
	{ "file.mtime", WEIR_EV_create, MATCH_SOURCE_LATE },
	{ "file.uid", WEIR_EV_create, MATCH_SOURCE_LATE },
	{ "file.gid", WEIR_EV_create, MATCH_SOURCE_LATE },
	{ "file.nlink", WEIR_EV_create, MATCH_SOURCE_LATE },
	{ "bpf.name", WEIR_EV_bpf, MATCH_SOURCE_LATE }, { "bpf.id", WEIR_EV_bpf, MATCH_SOURCE_LATE },
	{ "bpf.target", WEIR_EV_bpf, MATCH_SOURCE_LATE },
	{ "bpf.program.instructions", WEIR_EV_bpf, MATCH_SOURCE_LATE },
	{ "process.name", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "process.args", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "process.args_size", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "process.euid", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "process.egid", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "process.suid", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "process.sgid", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "exec.script.path", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "exec.script.inode", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "exec.script.uid", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "exec.previous.path", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "exec.previous.inode", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "exec.env", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
	{ "exec.env_size", WEIR_EV_exec, MATCH_SOURCE_NO_IMAGE },
};

/* Of these the operation fills in what it is about. */
static const struct {
	uint16_t type;
	const char *prefix;
} late_groups[] = {
	{ WEIR_EV_module_load, "module." }, { WEIR_EV_namespace, "namespace." },
	{ WEIR_EV_memfd, "" },
};

static uint8_t flags_of(const char *name, uint16_t type)
{
	uint8_t flags = 0;
	size_t i;

	for (i = 0; i < WEIR_N_OF(late); i++)
		if ((!late[i].type || late[i].type == type) && !strcmp(late[i].name, name))
			flags |= late[i].flags;
	for (i = 0; i < WEIR_N_OF(late_groups) && strncmp(name, "process.", 8); i++)
		if (late_groups[i].type == type &&
		    !strncmp(name, late_groups[i].prefix, strlen(late_groups[i].prefix)))
			flags |= MATCH_SOURCE_LATE;
	return flags;
}

static const struct weir_field *find(const struct weir_schema *s, const char *name)
{
	uint32_t i;

	for (i = 0; i < s->n_fields; i++)
		if (!strcmp(s->fields[i].def.name, name) && s->fields[i].handle.slot < s->n_wire)
			return &s->fields[i];
	return NULL;
}

static uint16_t off_of(const struct weir_schema *s, const char *name, uint16_t type)
{
	const struct weir_field *f = find(s, name);

	return f && s->types[type].offs ? s->types[type].offs[f->handle.slot] : 0;
}

static void sources_fill(struct match_head *head, const struct ruleset *set,
			 const struct weir_schema *s)
{
	const struct weir_field *f;
	const char *name;
	uint16_t type;
	char buf[64];
	uint32_t i;

	for (i = 0; i < set->image.n_fields; i++) {
		name = ruleset_whole(&set->names[i], buf);
		f = find(s, name);
		for (type = 1; f && type < MATCH_TYPES; type++)
			head->sources[type][i] = (struct match_source){
				.off = off_of(s, name, type), .kind = f->handle.kind,
				.flags = flags_of(name, type), .item = set->names[i].item,
			};
	}
	for (type = 1; type < MATCH_TYPES; type++)
		head->target[type] = off_of(s, "file.inode", type);
}

/* Of the kernel; actions 0: of all rules, else of those that do one of them. */
static uint64_t types_of(const struct ruleset *set, uint32_t actions)
{
	uint64_t types = 0;
	uint32_t i;

	for (i = 0; i < set->image.n_rules; i++)
		if (!actions || set->rules[i].action & actions)
			types |= set->rules[i].types[0];
	return types;
}

int rulekernel_load(const struct ruleset *set, const struct rulekernel_conf *conf,
		    uint64_t *judged)
{
	const struct weir_setup *s = conf->setup;
	struct match_head *head;
	struct rulearrays arrays;
	struct weir_rules rules = { .size = sizeof(rules), .head_size = sizeof(*head),
		.arrays = arrays.of, .n_arrays = MATCH_ARRAY__MAX, .n_rules = set->n_numbers,
		.blocks = types_of(set, MATCH_BLOCK), .never = conf->never, .n_never = conf->n_never,
		.judged = judged };
	int r;

	if (set->image.n_fields > MATCH_SOURCES)
		return -E2BIG;
	r = rulearrays_init(&arrays, set);
	if (r)
		return r;
	head = calloc(1, sizeof(*head));
	r = -ENOMEM;
	if (head) {
		head->image = set->image;
		head->types = types_of(set, 0);
		sources_fill(head, set, s->schema);
		rules.head = head;
		r = s->host->rules_load(s->ctx, &rules);
	}
	free(head);
	rulearrays_fini(&arrays);
	return r;
}
