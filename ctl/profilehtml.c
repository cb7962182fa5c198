/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl profile html`: a profile as one page that needs nothing else. Its script draws
 * what stands as JSON in an element that is no script. A text of the profile cannot end that
 * element, for it has no "<"; and no other script runs, for it would have to know a number
 * that is made with the page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "human.h"
#include "profile.h"
#include "profilepage.h"
#include "weirctl.h"

struct page {
	FILE *out;
	const struct profile *f;
	unsigned order[PTREE_VERSIONS];	/* of versions in the list */
};

/* ---- data ------------------------------------------------------------------------*/

/* In JSON, "<" stands in texts only. */
static void put_json(FILE *out, struct json_object *o)
{
	const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE);

	for (; *s; s++)
		if (*s == '<')
			fputs("\\u003c", out);
		else
			fputc(*s, out);
	json_object_put(o);
}

/* By versions: version, first, last, count of each. NULL: it is only a way to others. */
static struct json_object *sights(const struct page *p, uint32_t ref)
{
	const struct ptree *t = &p->f->p->tree;
	struct json_object *list = NULL, *one;
	const struct pseen *x;
	unsigned v;

	for (v = 0; v < PTREE_VERSIONS; v++) {
		x = ptree_seen(t, ref, (uint8_t)v);
		if (!x)
			continue;
		list = list ? list : json_object_new_array();
		one = json_object_new_array();
		json_object_array_add(one, json_object_new_int64(p->order[v]));
		json_object_array_add(one, json_object_new_int64(x->first_s));
		json_object_array_add(one, json_object_new_int64(x->last_s));
		json_object_array_add(one, json_object_new_int64(x->count));
		json_object_array_add(list, one);
	}
	return list;
}

static void add_part(struct json_object *o, const char *key, struct json_object *part)
{
	if (part)
		json_object_object_add(o, key, part);
}

/* With short keys: there may be very many. */
static void put_node(void *arg, const struct profile_place *at)
{
	const struct page *p = arg;
	const struct ptree *t = &p->f->p->tree;
	const struct pnode *n = ptree_at(t, at->ref);
	struct json_object *whole = profile_node(t, at->ref, n->access, false);
	struct json_object *o = json_object_new_object();

	profile_add_number(o, "p", at->parent);
	add_part(o, "k", json_object_get(json_at(whole, "kind")));
	add_part(o, "t", json_object_get(json_at(whole, "text")));
	add_part(o, "a", json_object_get(json_at(whole, "access")));
	add_part(o, "o", profile_origin(n->origin));
	add_part(o, "s", sights(p, at->ref));
	fputs(at->number > 1 ? ",\n" : "\n", p->out);
	put_json(p->out, o);
	json_object_put(whole);
}

static void put_data(struct page *p)
{
	struct json_object *o = profile_summary(p->f);

	json_object_object_add(o, "versions", profile_versions(p->f->p));
	fputs("{\"profile\":", p->out);
	put_json(p->out, o);
	fputs(",\"nodes\":[", p->out);
	profile_walk(&p->f->p->tree, put_node, p);
	fputs("]}", p->out);
}

/* ---- the page --------------------------------------------------------------------*/

static void make_nonce(char out[33])
{
	unsigned char bytes[16];
	unsigned i;

	/* So few bytes come whole, and once there are any at all they never fail. */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	for (i = 0; i < sizeof(bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void put_page(struct page *p)
{
	static const char *const marks[] = { "NONCE", "STYLE", "SCRIPT", "DATA" };
	const char *s = profilepage_html, *at, *texts[] = { NULL, profilepage_css, profilepage_js };
	char nonce[33];
	unsigned i;

	make_nonce(nonce);
	texts[0] = nonce;
	for (; (at = strchr(s, '@')); s = at + strlen(marks[i]) + 2) {
		fwrite(s, 1, (size_t)(at - s), p->out);
		for (i = 0; strncmp(at + 1, marks[i], strlen(marks[i])); i++)
			;
		if (i < 3)
			fputs(texts[i], p->out);
		else
			put_data(p);
	}
	fputs(s, p->out);
}

int profilehtml_run(const struct profile_options *o)
{
	struct page p = { 0 };
	struct profile f;
	int r = profile_open_word(&f, o);
	char *text = NULL;
	unsigned v, n = 0;
	size_t len = 0;

	if (r != ST_OK)
		return r;
	for (v = 0; v < PTREE_VERSIONS; v++) {
		p.order[v] = n;
		n += *f.p->versions[v].tag != 0;
	}
	p.f = &f;
	p.out = open_memstream(&text, &len);
	if (!p.out)
		abort();
	put_page(&p);
	if (fclose(p.out))
		abort();
	r = profile_put(o, text, len);
	free(text);
	profile_close(&f);
	return r;
}
