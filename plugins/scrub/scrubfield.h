/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields are looked at, found once in the schema. */
#pragma once

#include <weir/plugin.h>

#define SCRUBFIELD_COLS	32u

/* What is in a column, or a field as a whole. */
enum scrubfield_use {
	SCRUBFIELD_LEAVE,
	SCRUBFIELD_TEXT,	/* a STR, or a STRV */
	SCRUBFIELD_VALUE,	/* a text that the column `name` names */
};

struct scrubfield {
	const struct weir_field *field;
	uint32_t flags;			/* of secret_begin */
	uint32_t name_col;		/* the column `name`; n_cols: there is none */
	uint8_t use[SCRUBFIELD_COLS];	/* of RECORDS, by column; of others the first */
};

struct scrubfield_words {
	uint32_t n;
	const char *const *word;
};

struct scrubfield_conf {
	struct scrubfield_words fields;	/* of the record */
	struct scrubfield_words except;	/* fields, or field.column */
	struct scrubfield_words lines;
	bool added;			/* all that stages before have added, too */
};

/* `*` at one of its ends stands for anything. */
bool scrubfield_matches(const char *word, const char *name, const char *column);
/* How many of the schema's fields are looked at; to `out`, if it is not NULL. */
uint32_t scrubfield_find(const struct weir_schema *schema, const struct scrubfield_conf *conf,
			 struct scrubfield *out);
/* The first of these words that is no field of the schema; NULL: all are. */
const char *scrubfield_unknown(const struct weir_schema *schema,
			       const struct scrubfield_words *words);
