/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns option tables: the check of a configuration group against one, of the
 * table itself, and its description.
 */
#include "conf/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/option.h"
#include "conf/tree.h"
#include "conf/unit.h"

static bool word_is_in(const char *word, const char *const *list)
{
	for (; list && *list; list++)
		if (!strcmp(*list, word))
			return true;
	return false;
}

static void hint_better(const char *wrong, const char *name, unsigned *best,
			const char **hint)
{
	unsigned dist;

	if (!unit_similar(wrong, name, &dist) || dist >= *best)
		return;
	*best = dist;
	*hint = name;
}

static int unknown_option(const struct option_reading *rd, const struct conf_node *node,
			  const struct weir_option *table, uint32_t n,
			  const char *const *skip)
{
	const char *hint = NULL;
	unsigned best = UINT32_MAX;
	uint32_t i;

	for (i = 0; i < n; i++)
		hint_better(node->name, table[i].name, &best, &hint);
	for (; skip && *skip; skip++)
		hint_better(node->name, *skip, &best, &hint);
	if (hint)
		return option_error(rd, node,
				     "unknown option \"%s\" (did you mean \"%s\"?)",
				     node->name, hint);
	return option_error(rd, node, "unknown option \"%s\"", node->name);
}

static int read_option(const struct option_reading *rd, const struct conf_node *group,
		       const struct weir_option *o, struct weir_optval *val)
{
	const struct conf_node *node = conf_get(group, o->name);

	if (!node && (o->flags & WEIR_OPTION_REQUIRED))
		return option_error(rd, group, "option \"%s\" is missing", o->name);
	val->set = node != NULL;
	return node ? option_read(rd, o, node, val) : option_default(rd->mem, o, val);
}

static int read_group(const struct option_reading *rd, const struct conf_node *group,
		      const struct weir_option *table, uint32_t n,
		      const char *const *skip, struct options *o)
{
	const struct conf_node *c;
	int r = 0, one;
	uint32_t i;

	if (group && group->type != CONF_GROUP)
		return option_error(rd, group, "must be a group, not %s",
				     conf_type_name(group->type));
	for (i = 0; i < n && r != -ENOMEM; i++) {
		one = read_option(rd, group, &table[i], &o->vals[i]);
		r = one ? one : r;
	}
	CONF_EACH(c, group) {
		for (i = 0; i < n && strcmp(table[i].name, c->name); i++)
			;
		if (i == n && !word_is_in(c->name, skip) && r != -ENOMEM)
			r = unknown_option(rd, c, table, n, skip);
	}
	return r;
}

int options_read(const struct conf_node *group, const char *what,
		 const struct weir_option *table, uint32_t n,
		 const char *const *skip, struct diag *d, struct options **out)
{
	struct options *o = calloc(1, sizeof(*o));
	struct option_reading rd;
	int r = -ENOMEM;

	if (!o)
		return r;
	o->n = n;
	o->vals = mem_alloc(&o->mem, (n + 1) * sizeof(*o->vals));
	rd = (struct option_reading){ &o->mem, what, d };
	if (o->vals)
		r = read_group(&rd, group, table, n, skip, o);
	if (r < 0)
		options_free(o);
	else
		*out = o;
	return r;
}

struct options *options_free(struct options *o)
{
	if (o)
		mem_fini(&o->mem);
	free(o);
	return NULL;
}

/* ---- the table itself ------------------------------------------------------*/

static bool name_ok(const char *s)
{
	const char *p = s;

	if (!s || !islower((unsigned char)*p))
		return false;
	for (; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
		    *p != '_')
			return false;
	return p - s < 64;
}

static bool words_ok(const char *words)
{
	const char *word;
	char one[64];
	size_t len;
	int i;

	if (!words)
		return false;
	for (i = 0; unit_word(words, i, &word, &len); i++) {
		if (!len || len >= sizeof(one))
			return false;
		memcpy(one, word, len);
		one[len] = 0;
		if (unit_word_find(words, one) != i)
			return false;
	}
	return true;
}

static const char *option_fault(const struct weir_option *o)
{
	struct weir_optval val = { 0 };
	struct mem m = { 0 };
	int r;

	if (!option_type_ok(o))
		return "is of an unknown type";
	if (o->flags & ~(uint32_t)WEIR_OPTION_REQUIRED)
		return "has unknown flags";
	if (!o->doc || !*o->doc)
		return "has no text";
	if (!option_range_ok(o))
		return "has a range without values";
	if (o->type == WEIR_OPT_ENUM && !words_ok(o->words))
		return "has no words, or empty or equal ones";
	r = option_default(&m, o, &val);
	mem_fini(&m);
	return r < 0 ? "has a default that is not one of its values" : NULL;
}

int options_check(const struct weir_option *table, uint32_t n,
		  const char *const *skip, char *why, size_t size)
{
	const char *fault;
	uint32_t i, j;

	for (i = 0; i < n; i++) {
		if (!name_ok(table[i].name)) {
			snprintf(why, size, "option %u has a bad name", i);
			return -EINVAL;
		}
		fault = option_fault(&table[i]);
		for (j = 0; j < i && !fault; j++)
			if (!strcmp(table[i].name, table[j].name))
				fault = "is there twice";
		if (!fault && word_is_in(table[i].name, skip))
			fault = "has a name that every stage uses";
		if (!fault)
			continue;
		snprintf(why, size, "option \"%s\" %s", table[i].name, fault);
		return -EINVAL;
	}
	return 0;
}

static void describe_words(FILE *f, const char *words)
{
	const char *word;
	size_t len;
	int i;

	for (i = 0; unit_word(words, i, &word, &len); i++)
		fprintf(f, "%s\"%.*s\"", i ? " or " : "", (int)len, word);
}

void options_describe(FILE *f, const struct weir_option *table, uint32_t n)
{
	const struct weir_option *o;
	char range[OPTION_RANGE_TEXT];

	for (o = table; o < table + n; o++) {
		fprintf(f, "  %-18s ", o->name);
		if (o->type == WEIR_OPT_ENUM)
			describe_words(f, o->words);
		else
			fputs(option_type_name(o), f);
		if (option_is_ranged(o) && (o->min || o->max))
			fprintf(f, ", %s", option_range(o, range));
		if (o->flags & WEIR_OPTION_REQUIRED)
			fputs("; required", f);
		else if (o->dflt && *o->dflt)
			fprintf(f, "; default %s", o->dflt);
		fprintf(f, "\n  %-18s   %s\n", "", o->doc);
	}
}
