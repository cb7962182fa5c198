/* SPDX-License-Identifier: Apache-2.0 */
/* The writer. */
#include "pjson.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PLAIN	(JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

struct out {
	FILE *f;
	const struct pprofile *p;
	uint8_t order[PTREE_VERSIONS];	/* versions as they are written */
	unsigned n_versions;
	bool failed;
};

char *pjson_time(uint32_t s, char out[PJSON_TIME])
{
	time_t t = s;
	struct tm tm;

	strftime(out, PJSON_TIME, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	return out;
}

const char *pjson_kind(unsigned kind)
{
	return kind == PNODE_PATTERN ? "pattern" : pitem_kind_name(kind);
}

/* ---- values ------------------------------------------------------------------------*/

/* A text, or {"hex": "..."} of one that JSON cannot have. */
static struct json_object *text_of(const char *p, uint32_t len)
{
	struct json_object *o;
	char *hex;
	uint32_t i;

	if (pitem_is_utf8(p, len))
		return json_object_new_string_len(p, (int)len);
	hex = malloc(2 * (size_t)len + 1);
	if (!hex)
		return NULL;
	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (uint8_t)p[i]);
	o = json_object_new_object();
	json_object_object_add(o, "hex", json_object_new_string(hex));
	free(hex);
	return o;
}

static void add_text(struct json_object *o, const char *name, const char *p, uint32_t len)
{
	json_object_object_add(o, name, text_of(p, len));
}

static void add_time(struct json_object *o, const char *name, uint32_t s)
{
	char text[PJSON_TIME];

	json_object_object_add(o, name, json_object_new_string(pjson_time(s, text)));
}

static void add_number(struct json_object *o, const char *name, uint64_t n)
{
	json_object_object_add(o, name, json_object_new_int64((int64_t)n));
}

static void add_bits(struct json_object *o, const char *name, uint8_t bits,
		     const char *(*word)(unsigned bit))
{
	struct json_object *list = json_object_new_array();
	unsigned i;

	for (i = 0; i < 8; i++)
		if (bits >> i & 1)
			json_object_array_add(list, word(i) ? json_object_new_string(word(i)) :
							      json_object_new_int((int)i));
	if (bits)
		json_object_object_add(o, name, list);
	else
		json_object_put(list);
}

/* The object is gone; without its closing bracket if it goes on. */
static void put(struct out *o, struct json_object *x, bool goes_on)
{
	const char *text = json_object_to_json_string_ext(x, PLAIN);

	if (text)
		fprintf(o->f, "%.*s", (int)(strlen(text) - goes_on), text);
	else
		o->failed = true;
	json_object_put(x);
}

/* ---- versions ------------------------------------------------------------------------*/

static int compare_versions(const void *a, const void *b, void *arg)
{
	const struct pprofile *p = arg;
	const struct pversion *v = &p->versions[*(const uint8_t *)a];
	const struct pversion *w = &p->versions[*(const uint8_t *)b];

	if (v->first_s != w->first_s)
		return v->first_s < w->first_s ? -1 : 1;
	return strcmp(v->tag, w->tag);
}

static void order_versions(struct out *o)
{
	uint8_t i;

	for (i = 0; i < PTREE_VERSIONS; i++)
		if (*o->p->versions[i].tag)
			o->order[o->n_versions++] = i;
	qsort_r(o->order, o->n_versions, 1, compare_versions, (void *)o->p);
}

static struct json_object *state_json(const struct pstate *s)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "state", json_object_new_string(pstate_name(s->is)));
	add_time(o, "since", s->since_s);
	add_time(o, "last_new", s->new_s);
	if (s->warm_s)
		add_time(o, "first_warm_up_ends", s->warm_s);
	add_number(o, "events", s->n);
	return o;
}

static void put_version(struct out *o, const struct pversion *v)
{
	static const struct pstate none;
	struct json_object *x = json_object_new_object(), *types = json_object_new_object();
	uint32_t i;

	add_text(x, "tag", v->tag, (uint32_t)strlen(v->tag));
	add_time(x, "first", v->first_s);
	add_time(x, "last", v->last_s);
	for (i = 0; i < PTYPE__MAX; i++)
		if (memcmp(&v->states[i], &none, sizeof(none)))
			json_object_object_add(types, pitem_type_name(i),
					       state_json(&v->states[i]));
	json_object_object_add(x, "types", types);
	put(o, x, false);
}

static void put_versions(struct out *o)
{
	unsigned i;

	fprintf(o->f, "\"versions\": [");
	for (i = 0; i < o->n_versions; i++) {
		fprintf(o->f, "%s\n ", i ? "," : "");
		put_version(o, &o->p->versions[o->order[i]]);
	}
	fprintf(o->f, "\n],\n");
}

/* ---- nodes ---------------------------------------------------------------------------*/

/* False: it is not as pitem_net() makes it. */
static bool add_net(struct json_object *o, const struct pnode *n, const char *name, uint32_t len)
{
	struct pitem_net net = { 0 }, again;
	char addr[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];

	if ((n->kind != PNODE_CONNECT && n->kind != PNODE_BIND) || len > sizeof(net))
		return false;
	memcpy(&net, name, len);
	if ((net.family != 2 && net.family != 10) || net.bits > (net.family == 2 ? 32 : 128) ||
	    pitem_net(&again, net.family, net.protocol, net.addr, net.bits) != len ||
	    memcmp(&net, &again, len))
		return false;
	inet_ntop(net.family == 2 ? AF_INET : AF_INET6, net.addr, addr, sizeof(addr));
	snprintf(text, sizeof(text), "%s/%u", addr, net.bits);
	json_object_object_add(o, "address", json_object_new_string(text));
	add_number(o, "protocol", net.protocol);
	return true;
}

static struct json_object *seen_json(const struct out *o, const struct pseen *s)
{
	struct json_object *x = json_object_new_object();
	const char *tag = o->p->versions[s->version].tag;

	add_text(x, "version", tag, (uint32_t)strlen(tag));
	add_time(x, "first", s->first_s);
	add_time(x, "last", s->last_s);
	add_number(x, "count", s->count);
	return x;
}

static struct json_object *node_json(const struct out *o, uint32_t ref)
{
	const struct pnode *n = ptree_at(&o->p->tree, ref);
	struct json_object *x = json_object_new_object(), *list = json_object_new_array();
	const struct pseen *s;
	const char *name;
	uint32_t len, i;

	name = ptree_name(&o->p->tree, ref, &len);
	json_object_object_add(x, "kind", json_object_new_string(pjson_kind(n->kind)));
	if (!add_net(x, n, name, len) && len)
		add_text(x, "name", name, len);
	if (n->number)
		add_number(x, "number", n->number);
	add_bits(x, "access", n->access, pitem_access_name);
	add_bits(x, "origin", n->origin, pitem_origin_name);
	for (i = 0; i < o->n_versions; i++) {
		s = ptree_seen(&o->p->tree, ref, o->order[i]);
		if (s)
			json_object_array_add(list, seen_json(o, s));
	}
	if (n->seen)
		json_object_object_add(x, "seen", list);
	else
		json_object_put(list);
	return x;
}

static int compare_nodes(const void *a, const void *b, void *arg)
{
	const struct ptree *t = arg;
	const struct pnode *n = ptree_at(t, *(const uint32_t *)a);
	const struct pnode *m = ptree_at(t, *(const uint32_t *)b);
	uint32_t n_len, m_len;
	const char *n_name = ptree_name(t, *(const uint32_t *)a, &n_len);
	const char *m_name = ptree_name(t, *(const uint32_t *)b, &m_len);
	int r;

	if (n->kind != m->kind)
		return n->kind < m->kind ? -1 : 1;
	r = memcmp(n_name, m_name, n_len < m_len ? n_len : m_len);
	if (r || n_len != m_len)
		return r ? r : n_len < m_len ? -1 : 1;
	return n->number < m->number ? -1 : n->number > m->number;
}

/* NULL and *n: none; or no memory. */
static uint32_t *children_of(struct out *o, uint32_t ref, uint32_t *n)
{
	const struct ptree *t = &o->p->tree;
	uint32_t at, *list;

	for (*n = 0, at = ptree_at(t, ref)->child; at; at = ptree_at(t, at)->next)
		++*n;
	list = *n ? malloc(*n * sizeof(*list)) : NULL;
	if (!list) {
		o->failed |= *n != 0;
		*n = 0;
		return NULL;
	}
	for (*n = 0, at = ptree_at(t, ref)->child; at; at = ptree_at(t, at)->next)
		list[(*n)++] = at;
	qsort_r(list, *n, sizeof(*list), compare_nodes, (void *)t);
	return list;
}

/* As deep as the tree, which is bounded by PTREE_DEPTH. */
static void put_below(struct out *o, uint32_t ref, unsigned depth)
{
	uint32_t n, i, *list = children_of(o, ref, &n);
	bool more;

	for (i = 0; i < n; i++) {
		fprintf(o->f, "%s\n%*s", i ? "," : "", (int)depth, "");
		more = ptree_at(&o->p->tree, list[i])->child;
		put(o, node_json(o, list[i]), more);
		if (!more)
			continue;
		fprintf(o->f, ",\"below\":[");
		put_below(o, list[i], depth + 1);
		fprintf(o->f, "]}");
	}
	free(list);
}

/* ---- the whole -------------------------------------------------------------------------*/

static void put_member(struct out *o, const char *name, struct json_object *x)
{
	fprintf(o->f, "\"%s\": ", name);
	put(o, x, false);
	fprintf(o->f, ",\n");
}

static void put_time(struct out *o, const char *name, uint32_t s)
{
	char text[PJSON_TIME];

	put_member(o, name, json_object_new_string(pjson_time(s, text)));
}

char *pjson_write(const struct pprofile *p, uint32_t saved_s)
{
	struct out o = { .p = p };
	char *text = NULL;
	size_t len;

	o.f = open_memstream(&text, &len);
	if (!o.f)
		return NULL;
	order_versions(&o);
	fprintf(o.f, "{\n\"weir_profile\": %d,\n", PJSON_VERSION);
	put_member(&o, "name", text_of(p->name, (uint32_t)strlen(p->name)));
	put_time(&o, "begun", p->created_s);
	put_time(&o, "written", saved_s);
	if (p->frozen_s)
		put_time(&o, "frozen", p->frozen_s);
	put_versions(&o);
	fprintf(o.f, "\"nodes\": [");
	put_below(&o, p->tree.root, 1);
	fprintf(o.f, "\n]\n}\n");
	o.failed |= ferror(o.f);
	if (fclose(o.f) || o.failed) {
		free(text);
		return NULL;
	}
	return text;
}
