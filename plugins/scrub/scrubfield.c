/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of fields. Only texts can hold a secret that has a name. */
#include "scrubfield.h"

#include "secret.h"

/* name.column against a text of which `n` bytes count; column may be NULL. */
static bool is_same(const char *name, const char *column, const char *text, size_t n)
{
	size_t len = strlen(name);

	if (!column)
		return len == n && !memcmp(name, text, n);
	return n > len && !memcmp(name, text, len) && text[len] == '.' &&
	       strlen(column) == n - len - 1 && !memcmp(column, text + len + 1, n - len - 1);
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len >= n && !memcmp(name + len - n, end, n);
}

bool scrubfield_matches(const char *word, const char *name, const char *column)
{
	size_t n = strlen(word);

	if (n && word[n - 1] == '*')
		return !strncmp(word, name, n - 1);
	if (*word != '*')
		return is_same(name, column, word, n);
	/* *.path: the column path, as well as a.path */
	return ends_with(column ? column : name, word + 1) ||
	       (column && word[1] == '.' && !strcmp(column, word + 2));
}

static bool is_in(const struct scrubfield_words *w, const char *name, const char *column)
{
	uint32_t i;

	for (i = 0; i < w->n; i++)
		if (scrubfield_matches(w->word[i], name, column))
			return true;
	return false;
}

static bool is_text(uint32_t kind)
{
	return kind == WEIR_KIND_STR || kind == WEIR_KIND_STRV;
}

static bool look_at_columns(const struct scrubfield_conf *conf, struct scrubfield *f)
{
	const struct weir_field_def *d = &f->field->def;
	const struct weir_column *c;
	bool any = false;
	uint32_t i;

	f->name_col = d->n_cols;
	for (i = 0; i < d->n_cols && i < SCRUBFIELD_COLS; i++) {
		c = &d->cols[i];
		if (c->kind == WEIR_KIND_STR && !strcmp(c->name, "name"))
			f->name_col = i;
		if (!is_text(c->kind) || is_in(&conf->except, d->name, c->name))
			continue;
		f->use[i] = !strcmp(c->name, "value") || !strcmp(c->name, "values") ?
			    SCRUBFIELD_VALUE : SCRUBFIELD_TEXT;
		any = true;
	}
	return any;
}

static bool look_at(const struct weir_schema *schema, const struct scrubfield_conf *conf,
		    struct scrubfield *f)
{
	const struct weir_field_def *d = &f->field->def;
	bool is_wire = f->field->handle.slot < schema->n_wire;

	if (!(is_wire ? is_in(&conf->fields, d->name, NULL) : conf->added) ||
	    is_in(&conf->except, d->name, NULL))
		return false;
	f->flags = is_in(&conf->lines, d->name, NULL) ? SECRET_LINE : 0;
	if (d->kind == WEIR_KIND_RECORDS)
		return look_at_columns(conf, f);
	f->use[0] = SCRUBFIELD_TEXT;
	return is_text(d->kind) || (d->kind == WEIR_KIND_LIST && is_text(d->elem_kind));
}

uint32_t scrubfield_find(const struct weir_schema *schema, const struct scrubfield_conf *conf,
			 struct scrubfield *out)
{
	uint32_t i, n = 0;

	for (i = 0; i < schema->n_fields; i++) {
		struct scrubfield f = { .field = &schema->fields[i] };

		if (!look_at(schema, conf, &f))
			continue;
		if (out)
			out[n] = f;
		n++;
	}
	return n;
}

static bool is_known(const struct weir_schema *schema, const char *word)
{
	const struct weir_field_def *d;
	uint32_t i, j;

	for (i = 0; i < schema->n_fields; i++) {
		d = &schema->fields[i].def;
		if (scrubfield_matches(word, d->name, NULL))
			return true;
		for (j = 0; d->kind == WEIR_KIND_RECORDS && j < d->n_cols; j++)
			if (scrubfield_matches(word, d->name, d->cols[j].name))
				return true;
	}
	return false;
}

const char *scrubfield_unknown(const struct weir_schema *schema,
			       const struct scrubfield_words *words)
{
	uint32_t i;

	for (i = 0; i < words->n; i++)
		if (!is_known(schema, words->word[i]))
			return words->word[i];
	return NULL;
}
