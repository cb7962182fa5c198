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

/* `like` is of the field that `name` is an item of, if item is not 0. NULL: it is not ours. */
static uint32_t add(struct rulebuild *b, const char *name, const struct rulefield *like,
		    uint8_t item, bool keywords)
{
	uint32_t n = b->out->image.n_fields;
	struct ruleset_field *f;

	if (n >= UINT16_MAX || !RULEBUILD_GROW(b, names, n, names) ||
	    !RULEBUILD_GROW(b, fields, n, fields))
		return UINT32_MAX;
	f = &b->out->names[n];
	*f = (struct ruleset_field){ .name = name, .values = "none", .item = item,
		.keywords = keywords };
	if (like) {
		f->kind = item ? WEIR_KIND_STR : like->kind;
		f->values = like->values;
	}
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

/* "process.args.1": the list, and 2. */
static const struct rulefield *item_of(const struct rulebuild *b, const char *name, uint8_t *item)
{
	size_t len = strlen(name);
	const struct rulefield *f;
	char list[64];

	if (len < 3 || len >= sizeof(list) || name[len - 2] != '.' || name[len - 1] < '0' ||
	    name[len - 1] >= '0' + (int)MATCH_ITEMS)
		return NULL;
	memcpy(list, name, len - 2);
	list[len - 2] = 0;
	f = native(b, list);
	if (!f || f->kind != WEIR_KIND_STRV)
		return NULL;
	*item = (uint8_t)(name[len - 1] - '0' + 1);
	return f;
}

bool rulename_is(const struct rulebuild *b, const char *name, const char *ours)
{
	const char *to = mapped(b, name);

	return !strcmp(to ? to : name, ours);
}

const char *rulename_constant(const struct rulebuild *b, const char *name)
{
	const char *ours = b->any_type ? NULL : mapped(b, name);

	return ours && *ours == '=' ? ours + 1 : NULL;
}

static uint32_t look_up(struct rulebuild *b, const char *name, const struct ruleplace *at)
{
	const char *ours = mapped(b, name);
	const struct rulefield *f;
	uint8_t item = 0;
	uint32_t field;

	if (ours && *ours == '=')	/* in a test, where it is a field like others */
		ours = NULL;
	f = native(b, ours ? ours : name);
	if (!f)
		f = item_of(b, ours ? ours : name, &item);
	if (f && !item)
		ours = f->name;
	else if (!f && (ours || rulemap_adds(b->conf->map, name)))
		rulebuild_user(b, ours ? ours : name);	/* what a plugin adds */
	else if (!f)
		unknown(b, name, at);
	field = find(b, ours ? ours : name, false);
	if (field == UINT32_MAX)
		field = add(b, ours ? ours : name, f, item, false);
	if (field != UINT32_MAX) {
		alias(b, field, name);
		if (f && !item && *f->sigma)
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
	return field != UINT32_MAX ? field : add(b, KEYWORDS, NULL, 0, true);
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
