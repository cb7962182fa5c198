/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader. json-c says what is no JSON; here every member is looked at: none may be
 * there that is not known, each has its kind and range, and each node its place. The first
 * fault ends it, and what was read is thrown away.
 */
#include "pjson.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH	(2 * PTREE_DEPTH + 16)	/* of brackets */

struct in {
	struct pprofile *p;
	char at[256];		/* path to where it is */
	size_t n;
	char *why;
	bool bad;
};

__attribute__((format(printf, 2, 3)))
static bool fail(struct in *x, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (x->bad)
		return false;
	x->bad = true;
	n = snprintf(x->why, PJSON_WHY, "%s%s", x->at, *x->at ? ": " : "");
	va_start(ap, fmt);
	vsnprintf(x->why + n, PJSON_WHY - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

/* Down to a member; the answer is for up(). */
__attribute__((format(printf, 2, 3)))
static size_t down(struct in *x, const char *fmt, ...)
{
	size_t was = x->n, left = sizeof(x->at) - x->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(x->at + x->n, left, fmt, ap);
	va_end(ap);
	x->n += n < (int)left ? (size_t)n : left - 1;
	return was;
}

static void up(struct in *x, size_t was)
{
	if (x->bad)
		return;
	x->n = was;
	x->at[was] = 0;
}

/* ---- members ---------------------------------------------------------------------------*/

/* names: ends in NULL. */
static bool only(struct in *x, struct json_object *o, const char *const *names)
{
	unsigned i;

	if (!json_object_is_type(o, json_type_object))
		return fail(x, "it is no object");
	json_object_object_foreach(o, key, v) {
		(void)v;
		for (i = 0; names[i] && strcmp(names[i], key); i++)
			;
		if (!names[i])
			return fail(x, "there is no \"%.40s\"", key);
	}
	return true;
}

/* NULL: it is not there; must: that is a fault. */
static struct json_object *member(struct in *x, struct json_object *o, const char *name,
				  enum json_type type, bool must)
{
	struct json_object *v;
	size_t was;

	if (!json_object_object_get_ex(o, name, &v)) {
		if (must)
			fail(x, "\"%s\" is missing", name);
		return NULL;
	}
	if (json_object_is_type(v, type))
		return v;
	was = down(x, "%s%s", x->n ? "." : "", name);
	fail(x, "it is no %s", json_type_to_name(type));
	up(x, was);
	return NULL;
}

static uint64_t number(struct in *x, struct json_object *o, const char *name, uint64_t min,
		       uint64_t max)
{
	struct json_object *v = member(x, o, name, json_type_int, min > 0);

	if (!v)
		return 0;
	/* What is too large for json-c becomes its largest, which is out of range, too. */
	if (json_object_get_int64(v) < (int64_t)min || json_object_get_int64(v) > (int64_t)max)
		fail(x, "\"%s\" is out of range", name);
	return (uint64_t)json_object_get_int64(v);
}

static bool time_of(const char *text, uint32_t *s)
{
	char again[PJSON_TIME];
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	time_t t = end && !*end ? timegm(&tm) : -1;

	if (t < 0 || t > UINT32_MAX || strcmp(text, pjson_time((uint32_t)t, again)))
		return false;
	*s = (uint32_t)t;
	return true;
}

static uint32_t instant(struct in *x, struct json_object *o, const char *name, bool must)
{
	struct json_object *v = member(x, o, name, json_type_string, must);
	uint32_t s = 0;

	if (v && !time_of(json_object_get_string(v), &s))
		fail(x, "\"%s\" is no time as 2026-01-31T12:00:00Z", name);
	return s;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint32_t unhex(struct in *x, struct json_object *o, char out[PTEXT_MAX])
{
	static const char *const names[] = { "hex", NULL };
	struct json_object *v = only(x, o, names) ? member(x, o, "hex", json_type_string, true) :
						    NULL;
	const char *p = v ? json_object_get_string(v) : "";
	uint32_t len = v ? (uint32_t)json_object_get_string_len(v) : 0, i;

	if (len % 2 || len > 2 * PTEXT_MAX)
		fail(x, "its \"hex\" is too long, or no pairs of digits");
	for (i = 0; !x->bad && i < len; i += 2)
		if (digit(p[i]) < 0 || digit(p[i + 1]) < 0)
			fail(x, "its \"hex\" has more than hex digits");
		else
			out[i / 2] = (char)(digit(p[i]) << 4 | digit(p[i + 1]));
	return len / 2;
}

/* A text or bytes in hex. Bytes; 0: there is none. */
static uint32_t text(struct in *x, struct json_object *o, const char *name, char out[PTEXT_MAX])
{
	struct json_object *v = NULL;
	uint32_t len = 0;
	size_t was;

	if (!json_object_object_get_ex(o, name, &v))
		return 0;
	was = down(x, "%s%s", x->n ? "." : "", name);
	if (json_object_is_type(v, json_type_object)) {
		len = unhex(x, v, out);
	} else if (!json_object_is_type(v, json_type_string)) {
		fail(x, "it is no text");
	} else if (json_object_get_string_len(v) > (int)PTEXT_MAX) {
		fail(x, "it is too long");
	} else {
		len = (uint32_t)json_object_get_string_len(v);
		memcpy(out, json_object_get_string(v), len);
	}
	up(x, was);
	return len;
}

/* As a string of C's, not empty. */
static void string(struct in *x, struct json_object *o, const char *name, char *to, uint32_t size)
{
	char bytes[PTEXT_MAX];
	uint32_t len = text(x, o, name, bytes);

	if (!x->bad && (!len || len >= size || memchr(bytes, 0, len)))
		fail(x, "\"%s\" is missing or empty, has a NUL, or is too long", name);
	if (!x->bad)
		memcpy(to, bytes, len);
}

static uint8_t bit_of(struct in *x, struct json_object *v, const char *(*word)(unsigned bit))
{
	unsigned i;

	for (i = 0; i < 8; i++)
		if (word(i) ? json_object_is_type(v, json_type_string) &&
			      !strcmp(json_object_get_string(v), word(i)) :
			      json_object_is_type(v, json_type_int) &&
			      json_object_get_int64(v) == (int64_t)i)
			return (uint8_t)(1u << i);
	fail(x, "there is no %.40s", json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
	return 0;
}

static uint8_t bits(struct in *x, struct json_object *o, const char *name,
		    const char *(*word)(unsigned bit))
{
	struct json_object *v = member(x, o, name, json_type_array, false);
	uint8_t all = 0;
	size_t i, was;

	for (i = 0; v && !x->bad && i < json_object_array_length(v); i++) {
		was = down(x, ".%s[%zu]", name, i);
		all |= bit_of(x, json_object_array_get_idx(v, i), word);
		up(x, was);
	}
	return all;
}

/* ---- versions --------------------------------------------------------------------------*/

static void get_state(struct in *x, struct json_object *o, struct pstate *s)
{
	static const char *const names[] = { "state", "since", "last_new", "first_warm_up_ends",
		"events", NULL };
	struct json_object *v = only(x, o, names) ? member(x, o, "state", json_type_string, true) :
						    NULL;
	unsigned is = 0;

	if (!v)
		return;
	while (is <= PSTATE_UNSTABLE && strcmp(pstate_name(is), json_object_get_string(v)))
		is++;
	if (is > PSTATE_UNSTABLE)
		fail(x, "\"state\" is none that is kept");
	*s = (struct pstate){ .is = (uint8_t)is, .since_s = instant(x, o, "since", true),
		.new_s = instant(x, o, "last_new", true),
		.warm_s = instant(x, o, "first_warm_up_ends", false),
		.n = (uint32_t)number(x, o, "events", 0, UINT32_MAX) };
}

static void get_types(struct in *x, struct json_object *o, struct pversion *v)
{
	enum ptype type;
	size_t was;

	if (!o)
		return;
	json_object_object_foreach(o, key, state) {
		type = pitem_type_of(key);
		was = down(x, ".types.%.40s", key);
		if (type == PTYPE__MAX)
			fail(x, "there is no such type of event");
		else
			get_state(x, state, &v->states[type]);
		up(x, was);
		if (x->bad)
			return;
	}
}

static void get_span(struct in *x, struct json_object *o, uint32_t *first_s, uint32_t *last_s)
{
	*first_s = instant(x, o, "first", true);
	*last_s = instant(x, o, "last", true);
	if (*last_s < *first_s)
		fail(x, "\"last\" is before \"first\"");
}

static void get_version(struct in *x, struct json_object *o, uint32_t i)
{
	static const char *const names[] = { "tag", "first", "last", "types", NULL };
	struct pversion *v = &x->p->versions[i];

	if (!only(x, o, names))
		return;
	string(x, o, "tag", v->tag, sizeof(v->tag));
	if (!x->bad && pprofile_find_version(x->p, v->tag, (uint32_t)strlen(v->tag)) != (int)i)
		fail(x, "it is there twice");
	get_span(x, o, &v->first_s, &v->last_s);
	get_types(x, member(x, o, "types", json_type_object, false), v);
}

static void get_versions(struct in *x, struct json_object *list)
{
	size_t n = list ? json_object_array_length(list) : 0, i, was;

	if (n > PTREE_VERSIONS)
		fail(x, "there are more than %u versions", PTREE_VERSIONS);
	for (i = 0; !x->bad && i < n; i++) {
		was = down(x, "versions[%zu]", i);
		get_version(x, json_object_array_get_idx(list, i), (uint32_t)i);
		up(x, was);
	}
}

/* ---- nodes -----------------------------------------------------------------------------*/

static void get_sight(struct in *x, struct json_object *o, uint32_t ref)
{
	static const char *const names[] = { "version", "first", "last", "count", NULL };
	char tag[PPROFILE_TAG] = "";
	struct pseen s = { 0 };
	int version;

	if (!only(x, o, names))
		return;
	string(x, o, "version", tag, sizeof(tag));
	version = pprofile_find_version(x->p, tag, (uint32_t)strlen(tag));
	get_span(x, o, &s.first_s, &s.last_s);
	s.count = number(x, o, "count", 1, PTREE_COUNT_MAX) & PTREE_COUNT_MAX;
	if (version < 0)
		fail(x, "there is no version \"%.40s\"", tag);
	if (x->bad)
		return;
	s.version = (uint8_t)version;
	if (ptree_seen(&x->p->tree, ref, s.version))
		fail(x, "a version is there twice");
	else if (!ptree_join(&x->p->tree, ref, &s))
		fail(x, "out of memory");
}

static void get_seen(struct in *x, struct json_object *list, uint32_t ref)
{
	size_t i, was;

	for (i = 0; list && !x->bad && i < json_object_array_length(list); i++) {
		was = down(x, ".seen[%zu]", i);
		get_sight(x, json_object_array_get_idx(list, i), ref);
		up(x, was);
	}
}

static uint8_t get_kind(struct in *x, struct json_object *o)
{
	struct json_object *v = member(x, o, "kind", json_type_string, true);
	unsigned kind;

	for (kind = PNODE_ROOT + 1; v && kind < PNODE__MAX; kind++)
		if (pjson_kind(kind) && !strcmp(pjson_kind(kind), json_object_get_string(v)))
			return (uint8_t)kind;
	if (v)
		fail(x, "there is no kind \"%.40s\"", json_object_get_string(v));
	return 0;
}

/* As pitem_net() makes it, from "10.0.0.0/24". Bytes. */
static uint32_t get_net(struct in *x, struct json_object *o, char out[PTEXT_MAX])
{
	struct json_object *v = member(x, o, "address", json_type_string, true);
	const char *p = v ? json_object_get_string(v) : "", *slash = strchr(p, '/');
	char addr[INET6_ADDRSTRLEN] = "", *end = NULL;
	struct pitem_net net;
	unsigned long n_bits = slash ? strtoul(slash + 1, &end, 10) : 0;
	bool six = strchr(p, ':');
	uint8_t bytes[16];

	if (slash && slash - p < (long)sizeof(addr))
		memcpy(addr, p, (size_t)(slash - p));
	if (!end || *end || n_bits > (six ? 128 : 32) ||
	    inet_pton(six ? AF_INET6 : AF_INET, addr, bytes) != 1) {
		fail(x, "\"address\" is none as 10.0.0.0/24");
		return 0;
	}
	n_bits = pitem_net(&net, six ? 10 : 2, (uint8_t)number(x, o, "protocol", 0, 255), bytes,
			   (unsigned)n_bits);
	memcpy(out, &net, n_bits);
	return (uint32_t)n_bits;
}

static uint32_t add(struct in *x, struct json_object *o, uint32_t parent)
{
	struct ptree *t = &x->p->tree;
	char name[PTEXT_MAX];
	struct pkey key = { .kind = get_kind(x, o), .name = name };
	uint32_t ref;

	key.number = (uint32_t)number(x, o, "number", 0, UINT32_MAX);
	if (json_object_object_get_ex(o, "address", NULL))
		key.len = get_net(x, o, name);
	else
		key.len = text(x, o, "name", name);
	if (x->bad)
		return 0;
	if (!pformat_is_in_place(&key, ptree_at(t, parent)->kind))
		fail(x, "it has no such name, or does not stand below such a node");
	else if (ptree_find(t, parent, &key))
		fail(x, "it is there twice");
	ref = x->bad ? 0 : ptree_add(t, parent, &key);
	if (!ref)
		fail(x, "out of memory");
	return ref;
}

static void get_below(struct in *x, struct json_object *list, uint32_t parent, unsigned depth);

static void get_node(struct in *x, struct json_object *o, uint32_t parent, unsigned depth)
{
	static const char *const names[] = { "kind", "name", "address", "protocol", "number",
		"access", "origin", "seen", "below", NULL };
	uint32_t ref;

	if (depth > PTREE_DEPTH)
		fail(x, "it is too deep");
	ref = !x->bad && only(x, o, names) ? add(x, o, parent) : 0;
	if (!ref)
		return;
	ptree_mark(&x->p->tree, ref, bits(x, o, "origin", pitem_origin_name),
		   bits(x, o, "access", pitem_access_name));
	get_seen(x, member(x, o, "seen", json_type_array, false), ref);
	get_below(x, member(x, o, "below", json_type_array, false), ref, depth + 1);
}

/* Backwards: the newest child is the first one. */
static void get_below(struct in *x, struct json_object *list, uint32_t parent, unsigned depth)
{
	size_t i = list ? json_object_array_length(list) : 0, was;

	while (!x->bad && i--) {
		was = down(x, depth > 1 ? ".below[%zu]" : "nodes[%zu]", i);
		get_node(x, json_object_array_get_idx(list, i), parent, depth);
		up(x, was);
	}
}

/* ---- the whole -------------------------------------------------------------------------*/

static void get_all(struct in *x, struct json_object *o, uint32_t *saved_s)
{
	static const char *const names[] = { "weir_profile", "name", "begun", "written", "frozen",
		"versions", "nodes", NULL };

	if (!only(x, o, names))
		return;
	if (number(x, o, "weir_profile", 1, UINT32_MAX) != PJSON_VERSION)
		fail(x, "it is no profile, or of a later version: \"weir_profile\" is not %d",
		     PJSON_VERSION);
	string(x, o, "name", x->p->name, sizeof(x->p->name));
	x->p->created_s = instant(x, o, "begun", true);
	*saved_s = instant(x, o, "written", true);
	x->p->frozen_s = instant(x, o, "frozen", false);
	get_versions(x, member(x, o, "versions", json_type_array, true));
	if (!x->bad)
		get_below(x, member(x, o, "nodes", json_type_array, true), x->p->tree.root, 1);
}

static size_t line_of(const char *text, size_t at)
{
	size_t n = 1;

	while (at--)
		n += *text++ == '\n';
	return n;
}

/* NULL: it is no JSON, and why. */
static struct json_object *parse(const char *text, size_t len, char *why)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH);
	struct json_object *o;
	size_t end;

	if (!tok || len > INT32_MAX) {
		snprintf(why, PJSON_WHY, "no memory, or too long");
		json_tokener_free(tok);
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text, (int)len);
	end = json_tokener_get_parse_end(tok);
	if (json_tokener_get_error(tok) == json_tokener_continue)
		snprintf(why, PJSON_WHY, "line %zu: it ends too early", line_of(text, len));
	else if (!o)
		snprintf(why, PJSON_WHY, "line %zu: %s", line_of(text, end < len ? end : len),
			 json_tokener_get_error(tok) ?
			 json_tokener_error_desc(json_tokener_get_error(tok)) : "it is null");
	json_tokener_free(tok);
	return o;
}

int pjson_read(const char *text, size_t len, uint64_t seed, struct pprofile **out,
	       uint32_t *saved_s, char why[PJSON_WHY])
{
	struct in x = { .why = why, .p = pprofile_new("", 0, 0, seed, 0) };
	struct json_object *o;

	if (!x.p)
		return -ENOMEM;
	o = parse(text, len, why);
	if (o)
		get_all(&x, o, saved_s);
	json_object_put(o);
	if (!o || x.bad) {
		pprofile_free(x.p);
		return -EINVAL;
	}
	*out = x.p;
	return 0;
}
