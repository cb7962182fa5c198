/* SPDX-License-Identifier: Apache-2.0 */
/* Owns terms: their language, and what they compare. */
#include "chain/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/tree.h"
#include "schema/schema.h"
#include "util/macros.h"

enum op { OP_EQ, OP_NE, OP_BEGINS, OP_ENDS, OP_CONTAINS, OP_LE, OP_GE, OP_LT, OP_GT,
	  OP_HAS, OP_HAS_NOT };

/* Two characters before one. */
static const struct {
	const char *text;
	enum op op;
} ops[] = {
	{ "!=", OP_NE }, { "^=", OP_BEGINS }, { "$=", OP_ENDS }, { "*=", OP_CONTAINS },
	{ "<=", OP_LE }, { ">=", OP_GE }, { "=", OP_EQ }, { "<", OP_LT }, { ">", OP_GT },
};

struct term {
	struct weir_handle field;
	uint8_t kind;		/* of the values compared: of a list its elements' */
	uint8_t op;
	bool is_bit;		/* of flags: one that has a name */
	uint64_t number;
	char *text;
	uint32_t len;
	struct weir_ip ip;
	unsigned prefix;
};

struct filter {
	size_t n;
	struct term terms[];
};

struct filter *filter_free(struct filter *f)
{
	size_t i;

	for (i = 0; f && i < f->n; i++)
		free(f->terms[i].text);
	free(f);
	return NULL;
}

/* ---- the language ---------------------------------------------------------------*/

static bool kind_is_text(unsigned kind)
{
	return kind == WEIR_KIND_STR || kind == WEIR_KIND_STRV || kind == WEIR_KIND_BYTES;
}

static int number_read(struct term *t, const struct weir_field *f, const char *text,
		       char *why, size_t size)
{
	const struct weir_value_name *v;
	char *end;

	for (v = f->value_names; v && v->name; v++)
		if (!strcmp(v->name, text)) {
			t->number = v->number;
			t->is_bit = f->def.kind == WEIR_KIND_FLAGS;
			return 0;
		}
	if (t->kind == WEIR_KIND_BOOL && (!strcmp(text, "true") || !strcmp(text, "false"))) {
		t->number = *text == 't';
		return 0;
	}
	errno = 0;
	t->number = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	if (end != text && !*end && !errno)
		return 0;
	snprintf(why, size, "%s: \"%s\" is no value of it", f->def.name, text);
	return -EINVAL;
}

/* ADDRESS or ADDRESS/BITS */
static int ip_read(struct term *t, const struct weir_field *f, char *text, char *why,
		   size_t size)
{
	char *slash = strchr(text, '/'), *end = NULL;
	unsigned long prefix;
	unsigned max;

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, t->ip.addr) == 1)
		t->ip.family = AF_INET;
	else if (inet_pton(AF_INET6, text, t->ip.addr) == 1)
		t->ip.family = AF_INET6;
	max = t->ip.family == AF_INET ? 32 : 128;
	prefix = slash ? strtoul(slash + 1, &end, 10) : max;
	t->prefix = (unsigned)prefix;
	if (t->ip.family && prefix <= max && (!end || (!*end && end != slash + 1)) &&
	    (t->op == OP_EQ || t->op == OP_NE))
		return 0;
	snprintf(why, size, "%s: = and != take an address, or ADDRESS/BITS", f->def.name);
	return -EINVAL;
}

static int value_read(struct term *t, const struct weir_field *f, char *value, char *why,
		      size_t size)
{
	size_t n = strlen(value);

	if (n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
		value[n - 1] = '\0';
		value++;
	}
	if (kind_is_text(t->kind) && t->op <= OP_CONTAINS) {
		t->text = strdup(value);
		t->len = (uint32_t)strlen(value);
		return t->text ? 0 : -ENOMEM;
	}
	if (t->kind == WEIR_KIND_IP)
		return ip_read(t, f, value, why, size);
	if (!kind_is_text(t->kind) && t->kind != WEIR_KIND_RECORDS &&
	    (t->op <= OP_NE || t->op >= OP_LE))
		return number_read(t, f, value, why, size);
	snprintf(why, size, "%s: that comparison does not go with its kind", f->def.name);
	return -EINVAL;
}

static char *operator_find(char *at, struct term *t)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(ops); i++)
		if (!strncmp(at, ops[i].text, strlen(ops[i].text))) {
			t->op = (uint8_t)ops[i].op;
			return at + strlen(ops[i].text);
		}
	return NULL;
}

static int term_read(const struct schema *s, char *text, struct term *t, char *why,
		     size_t size)
{
	char *name = text + strspn(text, " \t!"), *end, *value = NULL, last;
	const struct weir_field *f;

	t->op = memchr(text, '!', (size_t)(name - text)) ? OP_HAS_NOT : OP_HAS;
	end = name + strcspn(name, " \t!^$*<>=");
	last = *end;
	*end = '\0';
	f = schema_find(s, name);
	if (!f) {
		snprintf(why, size, "there is no field \"%s\" here", name);
		return -EINVAL;
	}
	t->field = f->handle;
	t->kind = (uint8_t)(f->def.kind == WEIR_KIND_LIST ? f->def.elem_kind : f->def.kind);
	*end = last;
	end += strspn(end, " \t");
	if (!*end)
		return 0;
	if (t->op == OP_HAS)
		value = operator_find(end, t);
	if (!value) {
		snprintf(why, size, "%s: not FIELD OP VALUE; OP is = != ^= $= *= < <= > >=",
			 f->def.name);
		return -EINVAL;
	}
	return value_read(t, f, value + strspn(value, " \t"), why, size);
}

int filter_new(const struct schema *s, const char *const *terms, size_t n, char *why,
	       size_t size, struct filter **out)
{
	struct filter *f = calloc(1, sizeof(*f) + n * sizeof(f->terms[0]));
	char *text;
	int r = f ? 0 : -ENOMEM;

	while (!r && f->n < n) {
		text = strdup(terms[f->n]);
		r = text ? term_read(s, text, &f->terms[f->n++], why, size) : -ENOMEM;
		free(text);
	}
	if (r)
		filter_free(f);
	else
		*out = f;
	return r;
}

int filter_read(const struct schema *s, const struct conf_node *group,
		const char *what, struct diag *d, struct filter **out)
{
	const struct conf_node *node = conf_get(group, "filter"), *e;
	const char *terms[64];
	char why[256] = "";
	size_t n = 0;
	int r;

	if (!node)
		return 0;
	if (node->type == CONF_STRING)
		terms[n++] = node->v.s;
	else if (node->type != CONF_ARRAY && node->type != CONF_LIST)
		return diag_error(d, node->file, node->line,
				  "%s: filter must be a term or an array of terms, not %s",
				  what, conf_type_name(node->type));
	for (e = n ? NULL : node->children; e; e = e->next) {
		if (e->type != CONF_STRING || n == ARRAY_LEN(terms))
			return diag_error(d, e->file, e->line,
					  "%s: filter: %s", what, e->type != CONF_STRING ?
					  "terms are texts" : "too many terms");
		terms[n++] = e->v.s;
	}
	r = filter_new(s, terms, n, why, sizeof(why), out);
	return r == -EINVAL ? diag_error(d, node->file, node->line, "%s: filter: %s", what,
					 why) : r;
}

/* ---- comparison ------------------------------------------------------------------*/

static bool text_matches(const struct term *t, const char *p, uint32_t len)
{
	switch (t->op) {
	case OP_BEGINS:
		return len >= t->len && !memcmp(p, t->text, t->len);
	case OP_ENDS:
		return len >= t->len && !memcmp(p + len - t->len, t->text, t->len);
	case OP_CONTAINS:
		return memmem(p, len, t->text, t->len) != NULL;
	default:
		return len == t->len && !memcmp(p, t->text, len);
	}
}

/* Each of the texts, ended by a NUL, by itself. */
static bool texts_match(const struct term *t, const struct weir_value *v)
{
	const char *p = v->v.p, *end = p + v->len, *nul;

	for (; p < end; p = nul + 1) {
		nul = memchr(p, 0, (size_t)(end - p));
		nul = nul ? nul : end;
		if (text_matches(t, p, (uint32_t)(nul - p)))
			return true;
	}
	return false;
}

static bool ip_matches(const struct term *t, const struct weir_ip *ip)
{
	unsigned bytes = t->prefix / 8, bits = t->prefix % 8;

	return ip->family == t->ip.family && !memcmp(ip->addr, t->ip.addr, bytes) &&
	       (!bits || (ip->addr[bytes] ^ t->ip.addr[bytes]) >> (8 - bits) == 0);
}

static bool number_matches(const struct term *t, uint64_t u)
{
	bool less = t->kind == WEIR_KIND_I64 ? (int64_t)u < (int64_t)t->number :
					       u < t->number;

	if (t->is_bit)
		return (u & t->number) != 0;
	switch (t->op) {
	case OP_LT: return less;
	case OP_LE: return less || u == t->number;
	case OP_GT: return !less && u != t->number;
	case OP_GE: return !less;
	default: return u == t->number;
	}
}

/* What was passed over, or is not found out yet, is not there. */
static bool is_there(const struct weir_value *v)
{
	return weir_present(v) || v->status == WEIR_ERROR;
}

/* As if the operator were =, where it is != . */
static bool value_matches(const struct term *t, const struct weir_value *v)
{
	uint32_t i;

	if (!is_there(v))
		return false;
	if (v->kind == WEIR_KIND_LIST) {
		for (i = 0; v->v.list && i < v->v.list->n; i++)
			if (value_matches(t, &v->v.list->values[i]))
				return true;
		return false;
	}
	/* A plugin's list may have elements of any kind. */
	if (v->kind != t->kind)
		return false;
	if (v->kind == WEIR_KIND_STRV)
		return v->v.p && texts_match(t, v);
	if (kind_is_text(v->kind))
		return v->v.p && text_matches(t, v->v.p, v->len);
	if (v->kind == WEIR_KIND_IP)
		return v->v.p && ip_matches(t, v->v.p);
	return number_matches(t, v->v.u);
}

bool filter_match(const struct filter *f, const struct weir_event *ev)
{
	const struct term *t;
	struct weir_value v;
	bool hit;

	for (t = f->terms; t < f->terms + f->n; t++) {
		v = weir_get(ev, t->field);
		if (t->op >= OP_HAS)
			hit = is_there(&v) == (t->op == OP_HAS);
		else
			hit = value_matches(t, &v) == (t->op != OP_NE);
		if (!hit)
			return false;
	}
	return true;
}
