/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is looked up by each name that its field has. Texts are those of json-c, which
 * keeps them as long as the object; those that have to be made are in an arena.
 */
#include "ruleevent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rulearena.h"

#define DEPTH	16u		/* of objects in an event */

struct ruleevent {
	const struct ruleset *set;
	struct json_object *event;
	struct match_value *values;
	struct rulearena arena;
	bool no_memory;
};

struct ruleevent *ruleevent_new(const struct ruleset *set)
{
	struct ruleevent *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->set = set;
	e->values = calloc(set->image.n_fields + 1, sizeof(*e->values));
	return e->values ? e : ruleevent_free(e);
}

/* ---- names -----------------------------------------------------------------------*/

static struct json_object *step(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;
	char *end;
	size_t i;

	if (json_object_is_type(o, json_type_object)) {
		json_object_object_get_ex(o, name, &found);
	} else if (json_object_is_type(o, json_type_array)) {
		i = strtoul(name, &end, 10);
		if (*name && !*end && i < (size_t)json_object_array_length(o))
			found = json_object_array_get_idx(o, i);
	}
	return found;
}

/* a.b.c: a member of that name, or c in b in a. */
static struct json_object *find(struct json_object *o, const char *name)
{
	struct json_object *found = step(o, name), *at = o;
	const char *dot;
	char part[128];

	while (!found && at && (dot = strchr(name, '.'))) {
		if ((size_t)(dot - name) >= sizeof(part))
			return NULL;
		memcpy(part, name, (size_t)(dot - name));
		part[dot - name] = 0;
		at = step(at, part);
		name = dot + 1;
		found = at ? step(at, name) : NULL;
	}
	return found;
}

/* ---- values ----------------------------------------------------------------------*/

static void set_text(struct match_value *v, const char *text, size_t len)
{
	v->flags |= MATCH_VALUE_TEXT;
	v->at = (uintptr_t)text;
	v->len = (uint32_t)len;
}

static void set_number(struct match_value *v, double d)
{
	if (!(fabs(d) < 9e18))
		return;
	v->flags |= MATCH_VALUE_NUMBER;
	v->number = (int64_t)floor(d);
	v->fraction = (uint32_t)((d - floor(d)) * 4294967296.0);
}

void ruleevent_look_into(struct match_value *v, const char *bytes, size_t len)
{
	char text[64], *end;
	long long i;
	double d;

	if (!len || len > sizeof(text) - 1 || memchr(bytes, 0, len))
		return;
	memcpy(text, bytes, len);
	text[len] = 0;
	errno = 0;
	i = strtoll(text, &end, 10);
	if (!*end && !errno && end != text) {
		v->flags |= MATCH_VALUE_NUMBER;
		v->number = i;
	} else if (strspn(text, "+-.0123456789eE") == len) {
		d = strtod(text, &end);
		if (!*end)
			set_number(v, d);
	}
	if (inet_pton(AF_INET, text, v->addr.byte) == 1)
		v->family = 4;
	else if (inet_pton(AF_INET6, text, v->addr.byte) == 1)
		v->family = 6;
	if (v->family)
		v->flags |= MATCH_VALUE_ADDRESS;
	/* ::ffff:a.b.c.d is the address of four bytes. */
	if (v->family == 6 && !memcmp(v->addr.byte, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12)) {
		memmove(v->addr.byte, v->addr.byte + 12, 4);
		memset(v->addr.byte + 4, 0, 12);
		v->family = 4;
	}
}

/* ---- texts that are made -----------------------------------------------------------*/

struct joined {
	char *text;
	size_t len, cap;
	bool no_memory;
};

static void join(struct joined *j, const char *text, size_t len, char between)
{
	char *more;

	if (j->len + len + 2 > j->cap) {
		more = realloc(j->text, (j->len + len) * 2 + 64);
		if (!more) {
			j->no_memory = true;
			return;
		}
		j->text = more;
		j->cap = (j->len + len) * 2 + 64;
	}
	if (between)
		j->text[j->len++] = between;
	memcpy(j->text + j->len, text, len);
	j->len += len;
}

static const char *text_of(struct json_object *o, size_t *len)
{
	const char *text;

	if (json_object_is_type(o, json_type_string)) {
		*len = (size_t)json_object_get_string_len(o);
		return json_object_get_string(o);
	}
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	*len = strlen(text);
	return text;
}

static void keep(struct ruleevent *e, struct match_value *v, const char *text, size_t len)
{
	const char *copy = rulearena_text(&e->arena, len ? text : "", len);

	e->no_memory |= !copy;
	if (copy)
		set_text(v, copy, len);
}

static void join_array(struct ruleevent *e, struct match_value *v, struct json_object *o)
{
	size_t i, n = (size_t)json_object_array_length(o), len;
	struct joined j = { 0 };
	struct json_object *one;
	const char *text;

	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(o, i);
		text = one ? text_of(one, &len) : (len = 0, "");
		join(&j, text, len, i ? ' ' : 0);
	}
	e->no_memory |= j.no_memory;
	keep(e, v, j.text, j.len);
	free(j.text);
}

static struct match_value value_of(struct ruleevent *e, struct json_object *o)
{
	struct match_value v = { 0 };
	const char *text;
	size_t len;

	switch (o ? json_object_get_type(o) : json_type_null) {
	case json_type_null:
	case json_type_object:
		break;
	case json_type_array:
		join_array(e, &v, o);
		break;
	default:
		text = text_of(o, &len);
		if (json_object_is_type(o, json_type_string))
			set_text(&v, text, len);
		else
			keep(e, &v, text, len);
		ruleevent_look_into(&v, text, len);
	}
	return v;
}

/* Every text of the event, in whatever field. */
static void join_all(struct joined *j, struct json_object *o, unsigned depth)
{
	size_t i, len;
	const char *text;

	if (!o || depth > DEPTH)
		return;
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, member) {
			(void)key;
			join_all(j, member, depth + 1);
		}
	} else if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < (size_t)json_object_array_length(o); i++)
			join_all(j, json_object_array_get_idx(o, i), depth + 1);
	} else {
		text = text_of(o, &len);
		join(j, text, len, j->len ? (char)0xff : 0);
	}
}

static struct match_value keywords_of(struct ruleevent *e)
{
	struct match_value v = { 0 };
	struct joined j = { 0 };

	join_all(&j, e->event, 0);
	e->no_memory |= j.no_memory;
	keep(e, &v, j.text, j.len);
	free(j.text);
	return v;
}

/* ---- events ----------------------------------------------------------------------*/

static struct match_value field_of(struct ruleevent *e, const struct ruleset_field *f)
{
	struct json_object *o = find(e->event, f->name);
	uint32_t i;

	for (i = 0; !o && i < f->n_aliases; i++)
		o = find(e->event, f->aliases[i]);
	return value_of(e, o);
}

int ruleevent_take(struct ruleevent *e, struct json_object *event)
{
	const struct ruleset_field *f;
	uint32_t i;

	rulearena_fini(&e->arena);
	e->event = event;
	e->no_memory = false;
	for (i = 0; i < e->set->image.n_fields; i++) {
		f = &e->set->names[i];
		e->values[i] = f->keywords ? keywords_of(e) : field_of(e, f);
	}
	return e->no_memory ? -1 : 0;
}

const struct match_value *ruleevent_values(const struct ruleevent *e)
{
	return e->values;
}

struct match_value ruleevent_get(struct ruleevent *e, const char *name)
{
	uint32_t field = ruleset_field(e->set, name);

	return field != UINT32_MAX ? e->values[field] : value_of(e, find(e->event, name));
}

struct ruleevent *ruleevent_free(struct ruleevent *e)
{
	if (!e)
		return NULL;
	rulearena_fini(&e->arena);
	free(e->values);
	free(e);
	return NULL;
}
