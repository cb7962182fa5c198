/* SPDX-License-Identifier: Apache-2.0 */
/* Words and columns. What a stage sets is checked here like any other input. */
#include "varrow.h"

#include <stdio.h>

static const struct {
	const char *name;
	uint32_t kind;
} columns[VARROW__MAX] = {
	[VARROW_SCOPE] = { "scope", WEIR_KIND_STR }, [VARROW_NAME] = { "name", WEIR_KIND_STR },
	[VARROW_OP] = { "op", WEIR_KIND_STR }, [VARROW_TYPE] = { "type", WEIR_KIND_STR },
	[VARROW_VALUE] = { "value", WEIR_KIND_STR }, [VARROW_TTL] = { "ttl_ns", WEIR_KIND_U64 },
	[VARROW_FLAGS] = { "flags", WEIR_KIND_U32 },
};

static const char *const scopes[VAR_SCOPE__MAX] = {
	[VAR_GLOBAL] = "global", [VAR_PROCESS] = "process", [VAR_CONTAINER] = "container",
	[VAR_USER] = "user",
};
static const char *const ops[] = {
	[VAR_SET] = "set", [VAR_APPEND] = "append", [VAR_UNSET] = "unset", [VAR_EXPIRE] = "expire",
};

static int word_of(const char *const *words, unsigned n, const struct weir_value *v)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (strlen(words[i]) == v->len && !memcmp(words[i], v->v.p, v->len))
			return (int)i;
	return -1;
}

/* ---- fields ----------------------------------------------------------------------*/

static bool is_setter(const char *name)
{
	static const char end[] = ".set_variables";
	size_t len = strlen(name), n = sizeof(end) - 1;

	return len > n && !strcmp(name + len - n, end);
}

static int bind_column(const struct weir_field_def *d, unsigned col, uint32_t *at, char *why,
		       size_t size)
{
	uint32_t i;

	for (i = 0; i < d->n_cols && strcmp(d->cols[i].name, columns[col].name); i++)
		;
	if (i == d->n_cols || d->cols[i].kind != columns[col].kind) {
		snprintf(why, size, "%s has no column %s that is a %s", d->name,
			 columns[col].name, columns[col].kind == WEIR_KIND_STR ? "STR" :
			 columns[col].kind == WEIR_KIND_U64 ? "U64" : "U32");
		return -1;
	}
	*at = i;
	return 0;
}

int varrow_bind(const struct weir_schema *schema, struct varrow_fields *out, char *why,
		size_t size)
{
	const struct weir_field *f;
	unsigned col;
	uint32_t i;

	out->n = 0;
	for (i = 0; i < schema->n_fields; i++) {
		f = &schema->fields[i];
		if (!is_setter(f->def.name))
			continue;
		if (f->def.kind != WEIR_KIND_RECORDS || out->n == VARROW_FIELDS) {
			snprintf(why, size, "%s %s", f->def.name, out->n == VARROW_FIELDS ?
				 "is one such field too many" : "has no rows");
			return -1;
		}
		out->field[out->n].handle = f->handle;
		for (col = 0; col < VARROW__MAX; col++)
			if (bind_column(&f->def, col, &out->field[out->n].at[col], why, size))
				return -1;
		out->n++;
	}
	return 0;
}

/* ---- rows ------------------------------------------------------------------------*/

static const struct weir_value *cell(const struct varrow_field *f, const struct weir_value *row,
				     enum varrow_col col)
{
	return &row[f->at[col]];
}

static bool is_text(const struct weir_value *v)
{
	return weir_present(v) && (v->v.p || !v->len);
}

bool varrow_read(const struct varrow_field *f, const struct weir_value *row, uint32_t n_cols,
		 enum var_scope *scope, struct var_change *out)
{
	const struct weir_value *name = cell(f, row, VARROW_NAME), *v;
	int s, op, type = VAR_STRING;
	unsigned col;

	for (col = 0; col < VARROW__MAX; col++)
		if (f->at[col] >= n_cols)
			return false;
	if (!is_text(cell(f, row, VARROW_SCOPE)) || !is_text(name) ||
	    !is_text(cell(f, row, VARROW_OP)))
		return false;
	s = word_of(scopes, VAR_SCOPE__MAX, cell(f, row, VARROW_SCOPE));
	op = word_of(ops, WEIR_N_OF(ops), cell(f, row, VARROW_OP));
	v = cell(f, row, VARROW_TYPE);
	if (op == VAR_SET || op == VAR_APPEND)
		type = is_text(v) ? varvalue_type(v->v.p, v->len) : -1;
	if (s < 0 || op < 0 || type < 0)
		return false;
	*scope = (enum var_scope)s;
	*out = (struct var_change){ .op = (enum var_op)op, .type = (uint8_t)type,
		.name = name->v.p, .name_len = name->len };
	v = cell(f, row, VARROW_VALUE);
	if (is_text(v)) {
		out->value = v->len ? v->v.p : "";
		out->len = v->len;
	}
	v = cell(f, row, VARROW_TTL);
	out->ttl_ns = weir_present(v) ? v->v.u : 0;
	v = cell(f, row, VARROW_FLAGS);
	out->flags = weir_present(v) ? (uint8_t)(v->v.u & (VAR_INHERIT | VAR_PRIVATE)) : 0;
	return out->value || (op != VAR_SET && op != VAR_APPEND);
}

/* ---- definitions -----------------------------------------------------------------*/

static const char *next_word(const char **text, size_t *len)
{
	const char *word = *text + strspn(*text, " \t");

	*len = strcspn(word, " \t");
	*text = word + *len + (word[*len] != 0);
	return word;
}

int varrow_define(struct varstore *into, const char *text, char *why, size_t size)
{
	struct var_change c = { .op = VAR_SET };
	struct var_key key = var_key_global();
	size_t name_len, type_len;
	const char *rest = text, *word;
	int type;

	c.name = next_word(&rest, &name_len);
	c.name_len = (uint32_t)name_len;
	word = next_word(&rest, &type_len);
	type = varvalue_type(word, type_len);
	c.type = (uint8_t)type;
	c.value = rest + strspn(rest, " \t");
	c.len = (uint32_t)strlen(c.value);
	if (!var_name_is_good(c.name, name_len))
		snprintf(why, size, "\"%s\": a name has up to %u letters, digits, _ . -", text,
			 VAR_NAME_MAX);
	else if (varstore_find(into, &key, c.name, name_len))
		snprintf(why, size, "\"%s\": %.*s is defined already", text, (int)name_len, c.name);
	else if (type < 0)
		snprintf(why, size, "\"%s\": \"%.*s\" is no type; there are bool, int, string, ip, "
			 "and lists: string[]", text, (int)type_len, word);
	else if (varstore_change(into, &key, &c))
		snprintf(why, size, "\"%s\": \"%s\" is no %s", text, c.value,
			 varvalue_type_name(c.type));
	else if (varstore_find(into, &key, c.name, name_len)->cut)
		snprintf(why, size, "\"%s\" does not fit into max_value and max_items", text);
	else
		return 0;
	return -1;
}
