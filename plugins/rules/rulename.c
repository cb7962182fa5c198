/* SPDX-License-Identifier: Apache-2.0 */
/* Fields by the names of rules; an index is given when a rule first asks. */
#include "rulebuild.h"

#include <stdlib.h>
#include <string.h>

#include <weir/wire.h>

#include "rulefield.h"

#define KEYWORDS	"keywords"	/* no field has a name without a dot and with small letters */

static const char *mapped(const struct rulebuild *b, const char *name)
{
	uint32_t i;

	for (i = 0; b->events && i < b->events->n_fields; i++)
		if (!strcmp(b->events->fields[i].sigma, name))
			return b->events->fields[i].native;
	return NULL;
}

/* Of the first type that has it: all types of an entry call it alike. */
static const struct rulefield *native(const struct rulebuild *b, const char *name)
{
	const struct rulefield *f = NULL;
	uint32_t i;

	for (i = 0; b->events && i < b->events->n_types && !f; i++)
		f = rulefield_find(b->events->types[i], name);
	return f;
}

static uint32_t find(const struct rulebuild *b, const char *name, bool keywords)
{
	uint32_t i;

	for (i = 0; i < b->out->image.n_fields; i++)
		if (b->out->names[i].keywords == keywords && !strcmp(b->out->names[i].name, name))
			return i;
	return UINT32_MAX;
}

static uint32_t add(struct rulebuild *b, const char *name, const struct rulefield *f,
		    bool keywords)
{
	uint32_t n = b->out->image.n_fields;

	if (n >= UINT16_MAX || !RULEBUILD_GROW(b, names, n, names) ||
	    !RULEBUILD_GROW(b, fields, n, fields))
		return UINT32_MAX;
	b->out->names[n] = (struct ruleset_field){ .name = name, .kind = f ? f->kind : 0,
		.values = f ? f->values : "none", .keywords = keywords };
	b->out->fields[n] = (struct match_field){ .folded = MATCH_NONE, .cased = MATCH_NONE };
	if (keywords)
		b->out->fields[n].flags = MATCH_FIELD_PARTS;
	b->out->image.n_fields++;
	return n;
}

static void alias(struct rulebuild *b, uint32_t field, const char *name)
{
	struct ruleset_field *f = &b->out->names[field];
	const char **more;
	uint32_t i;

	for (i = 0; i < f->n_aliases; i++)
		if (!strcmp(f->aliases[i], name))
			return;
	more = realloc(f->aliases, (f->n_aliases + 1) * sizeof(*more));
	if (!more) {
		b->no_memory = true;
		return;
	}
	f->aliases = more;
	f->aliases[f->n_aliases++] = name;
}

/*
 * Absent in these events. That is an error only if it is so in all that the rule is for.
 */
static void unknown(struct rulebuild *b, const char *name, const struct ruleplace *at)
{
	if (b->conf->lenient && b->program->any_type) {
		rulebuild_user(b, "a field that no event has");
	} else if (!b->program->missing) {
		b->program->missing = name;
		b->program->missing_at = *at;
	}
}

static uint32_t look_up(struct rulebuild *b, const char *name, const struct ruleplace *at)
{
	const char *ours = mapped(b, name);
	const struct rulefield *f = native(b, ours ? ours : name);
	uint32_t field;

	if (f)
		ours = f->name;
	else if (ours)
		rulebuild_user(b, ours);	/* what a plugin adds */
	else
		unknown(b, name, at);
	field = find(b, ours ? ours : name, false);
	if (field == UINT32_MAX)
		field = add(b, ours ? ours : name, f, false);
	if (field != UINT32_MAX) {
		alias(b, field, name);
		if (f && *f->sigma)
			alias(b, field, f->sigma);
	}
	return field;
}

uint32_t rulename_field(struct rulebuild *b, const char *name, const struct ruleplace *at)
{
	if (b->last_name && b->last_events == b->events && !strcmp(b->last_name, name))
		return b->last_field;
	b->last_field = look_up(b, name, at);
	b->last_events = b->events;
	b->last_name = b->last_field != UINT32_MAX && !b->failed ? name : NULL;
	return b->last_field;
}

uint32_t rulename_keywords(struct rulebuild *b)
{
	uint32_t field = find(b, KEYWORDS, true);

	rulebuild_user(b, "keywords");
	return field != UINT32_MAX ? field : add(b, KEYWORDS, NULL, true);
}

static uint16_t kind_of(const struct rulebuild *b, uint32_t field)
{
	return b->out->names[field].kind;
}

bool rulename_is_text(const struct rulebuild *b, uint32_t field)
{
	uint16_t kind = kind_of(b, field);

	return !kind || kind == WEIR_KIND_STR || kind == WEIR_KIND_STRV || kind == WEIR_KIND_BYTES;
}

bool rulename_is_number(const struct rulebuild *b, uint32_t field)
{
	switch (kind_of(b, field)) {
	case WEIR_KIND_U8: case WEIR_KIND_U16: case WEIR_KIND_U32: case WEIR_KIND_U64:
	case WEIR_KIND_KEY: case WEIR_KIND_UID: case WEIR_KIND_PORT:
		return true;
	default:
		return false;
	}
}

bool rulename_is_address(const struct rulebuild *b, uint32_t field)
{
	return kind_of(b, field) == WEIR_KIND_IP;
}
