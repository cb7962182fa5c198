/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the text of the event reference. What all events have is told once,
 * then each type's own fields, then what plugins add.
 */
#include "schema/manual.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <weir/plugin.h>

static const char *const kinds[WEIR_KIND_MAX] = {
	[WEIR_KIND_U8] = "number", [WEIR_KIND_U16] = "number",
	[WEIR_KIND_U32] = "number", [WEIR_KIND_U64] = "number",
	[WEIR_KIND_KEY] = "key", [WEIR_KIND_HEX] = "bit set",
	[WEIR_KIND_TIME] = "time", [WEIR_KIND_TIMEW] = "time",
	[WEIR_KIND_UID] = "id", [WEIR_KIND_MODE] = "mode", [WEIR_KIND_DEV] = "device",
	[WEIR_KIND_ENUM] = "name", [WEIR_KIND_FLAGS] = "flags", [WEIR_KIND_PORT] = "port",
	[WEIR_KIND_STR] = "text", [WEIR_KIND_BYTES] = "bytes", [WEIR_KIND_STRV] = "texts",
	[WEIR_KIND_IP] = "address", [WEIR_KIND_BOOL] = "yes or no",
	[WEIR_KIND_I64] = "signed number", [WEIR_KIND_LIST] = "list of",
	[WEIR_KIND_RECORDS] = "rows",
};

static const char *const classes[WEIR_CLASS_MAX] = {
	[WEIR_CLASS_CRITICAL] = "critical", [WEIR_CLASS_BULK] = "bulk",
	[WEIR_CLASS_USER] = "user",
};

const char *manual_kind_name(uint32_t kind)
{
	return kind < WEIR_KIND_MAX && kinds[kind] ? kinds[kind] : "?";
}

/* Text inside of a table's cell. */
static void words(FILE *f, const char *s)
{
	for (; s && *s; s++) {
		if (*s == '|' || *s == '\\' || *s == '<' || *s == '*' || *s == '_')
			fputc('\\', f);
		fputc(*s == '\n' ? ' ' : *s, f);
	}
}

static void cell(FILE *f, const char *s)
{
	fputc(' ', f);
	words(f, s);
	fputs(" |", f);
}

static void code_cell(FILE *f, const char *s)
{
	if (s && *s)
		fprintf(f, " `%s` |", s);
	else
		fputs(" |", f);
}

static void values(FILE *f, const struct weir_value_name *v)
{
	const char *sep = " One of ";

	for (; v && v->name; v++, sep = ", ")
		fprintf(f, "%s`%s`", sep, v->name);
	if (sep[0] == ',')
		fputs(".", f);
}

/* Sets that go on for pages are known elsewhere. */
static bool is_short(const struct weir_field *fld)
{
	const char *set = fld->def.values;

	return fld->value_names && set && strcmp(set, "errno") && strcmp(set, "signal") &&
	       strcmp(set, "event") && strcmp(set, "syscall");
}

static void field(FILE *f, const struct weir_field *fld)
{
	const struct weir_field_def *d = &fld->def;

	fputs("|", f);
	code_cell(f, d->name);
	fputc(' ', f);
	fputs(fld->value_names && d->kind <= WEIR_KIND_U32 ? "name" : manual_kind_name(d->kind), f);
	if (d->kind == WEIR_KIND_LIST)
		fprintf(f, " %s", manual_kind_name(d->elem_kind));
	fputs(" |", f);
	code_cell(f, d->sigma);
	code_cell(f, d->ecs);
	code_cell(f, d->ocsf);
	if (is_short(fld)) {
		fputc(' ', f);
		words(f, d->doc);
		values(f, fld->value_names);
		fputs(" |", f);
	} else {
		cell(f, d->doc);
	}
	fputs("\n", f);
}

static void columns(FILE *f, const struct weir_field_def *d)
{
	uint32_t i;

	if (d->kind != WEIR_KIND_RECORDS)
		return;
	fprintf(f, "\nRows of `%s`:\n\n| Column | Kind | Text |\n|---|---|---|\n", d->name);
	for (i = 0; i < d->n_cols; i++) {
		fputs("|", f);
		code_cell(f, d->cols[i].name);
		fprintf(f, " %s |", manual_kind_name(d->cols[i].kind));
		cell(f, d->cols[i].doc);
		fputs("\n", f);
	}
}

static void table_head(FILE *f)
{
	fputs("| Field | Kind | Sigma | ECS | OCSF | Text |\n|---|---|---|---|---|---|\n", f);
}

/* ---- which fields belong where ---------------------------------------------*/

static bool of_process(const struct weir_field *fld)
{
	return !strncmp(fld->def.name, "process.", 8);
}

static bool is_wire(const struct weir_schema *s, const struct weir_field *fld)
{
	return fld->handle.slot < s->n_wire && *fld->def.name;
}

static bool has(const struct weir_type *t, const struct weir_field *fld)
{
	return t->offs && t->offs[fld->handle.slot];
}

/* In all types, but for the process of those that have none. */
static bool is_common(const struct weir_schema *s, const struct weir_field *fld)
{
	uint32_t i;

	for (i = 0; i < s->n_types; i++)
		if (s->types[i].name && (s->types[i].actor || !of_process(fld)) &&
		    !has(&s->types[i], fld))
			return false;
	return true;
}

static void common(FILE *f, const struct weir_schema *s, bool process)
{
	uint32_t i;

	table_head(f);
	for (i = 0; i < s->n_fields; i++)
		if (is_wire(s, &s->fields[i]) && is_common(s, &s->fields[i]) &&
		    of_process(&s->fields[i]) == process)
			field(f, &s->fields[i]);
}

static void type(FILE *f, const struct weir_schema *s, const struct weir_type *t)
{
	const struct weir_field *fld;
	bool any = false;
	uint32_t i;

	fprintf(f, "\n## %s\n\n%s\nClass: %s.%s\n", t->name, t->doc ? t->doc : "",
		t->rclass < WEIR_CLASS_MAX ? classes[t->rclass] : "?",
		t->actor ? "" : " Has no process.");
	for (i = 0; i < s->n_fields; i++) {
		fld = &s->fields[i];
		if (!is_wire(s, fld) || !has(t, fld) || is_common(s, fld) ||
		    (of_process(fld) && !t->actor))
			continue;
		if (!any) {
			fputs("\n", f);
			table_head(f);
		}
		any = true;
		field(f, fld);
	}
}

static void added(FILE *f, const struct weir_schema *s)
{
	const char *producer = NULL;
	const struct weir_field *fld;
	uint32_t i;

	for (i = 0; i < s->n_fields; i++) {
		fld = &s->fields[i];
		if (is_wire(s, fld) || !fld->producer)
			continue;
		if (!producer || strcmp(producer, fld->producer)) {
			fprintf(f, "\n# Added by `%s`\n\n", fld->producer);
			table_head(f);
		}
		producer = fld->producer;
		field(f, fld);
	}
	for (i = 0; i < s->n_fields; i++)
		columns(f, &s->fields[i].def);
}

int manual_print(FILE *f, const struct weir_schema *schema)
{
	uint32_t i;

	fputs("# Every event\n\n", f);
	common(f, schema, false);
	fputs("\n# The process\n\n"
	      "The process that acted, in every event that has one.\n\n", f);
	common(f, schema, true);
	fputs("\n# Events\n", f);
	for (i = 0; i < schema->n_types; i++)
		if (schema->types[i].name)
			type(f, schema, &schema->types[i]);
	added(f, schema);
	return ferror(f) ? -EIO : 0;
}
