/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl profile rules`: Sigma rules that match what a workload does and its profile does
 * not know. What a rule has to leave out stands in it as a comment. They observe: who writes
 * "block" there has read them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "profile.h"
#include "ruleout.h"
#include "sigmaout.h"
#include "weirctl.h"

struct writer {
	FILE *out;
	struct facts facts;
	const struct profile *f;
	const char *tag;	/* of the only version that is meant; NULL: all */
};

/* The same for the same workload and kind of rule, on all hosts: version 8 of RFC 9562. */
static void put_id(struct writer *w, const char *key)
{
	char *text;
	uint32_t h[4];
	int i, n = asprintf(&text, "weir profile rule %s of %s", key, w->facts.profile->name);

	if (n < 0)
		abort();
	for (i = 0; i < 4; i++)
		h[i] = phash_of(text, (size_t)n, (uint64_t)i + 1);
	fprintf(w->out, "id: %08x-%04x-8%03x-%04x-%04x%08x\n", h[0], h[1] >> 16, h[1] & 0xfff,
		(h[2] >> 16 & 0x3fff) | 0x8000, h[2] & 0xffff, h[3]);
	free(text);
}

/* "getty@.service" is of all instances. */
static void put_unit(struct writer *w, const char *unit)
{
	const char *at = strstr(unit, "@.");
	char *any;

	fputs(at ? "systemd.unit|re: " : "systemd.unit|cased: ", w->out);
	if (!at) {
		sigmaout_value(w->out, unit, strlen(unit), SIGMAOUT_TEXT);
		return;
	}
	if (asprintf(&any, "%.*s*%s", (int)(at + 1 - unit), unit, at + 1) < 0)
		abort();
	sigmaout_value(w->out, any, strlen(any), SIGMAOUT_REGEX);
	free(any);
}

static void put_workload(struct writer *w)
{
	const char *name = w->facts.profile->name, *value = strchr(name, ':') + 1;

	fputs("  workload:\n    ", w->out);
	if (!strncmp(name, "unit:", 5)) {
		put_unit(w, value);
	} else {
		fputs(*name == 'i' ? "container.image.name|cased: " : *name == 'c' ?
		      "container.name|cased: " : "systemd.owner.uid: ", w->out);
		sigmaout_value(w->out, value, strlen(value), SIGMAOUT_TEXT);
	}
	fputc('\n', w->out);
	if (*name == 'u')
		fputs("    container.runtime: none\n", w->out);
	if (w->tag && *name == 'i') {
		fputs("    container.image.tag|cased: ", w->out);
		sigmaout_value(w->out, w->tag, strlen(w->tag), SIGMAOUT_TEXT);
		fputc('\n', w->out);
	}
}

/* Texts that no rule can have: what they stand for is told as new. */
static void tell_left_out(struct writer *w, enum pnode_kind kind)
{
	const struct fact *x;

	FACTS_EACH(&w->facts, kind, x) {
		if (sigmaout_can(x->text, x->len))
			continue;
		fputs("  # left out, it is no UTF-8: ", w->out);
		human_put(w->out, x->text);
		fputc('\n', w->out);
	}
}

static void put_title(struct writer *w, const char *what)
{
	char *title;

	if (asprintf(&title, "%s %s", w->facts.profile->name, what) < 0)
		abort();
	fputs("---\ntitle: ", w->out);
	sigmaout_string(w->out, title);
	fputc('\n', w->out);
	free(title);
}

static void put_rule(struct writer *w, const struct ruleout_kind *r)
{
	struct ruleout x = { .out = w->out, .facts = &w->facts };
	bool stable = w->facts.stable >> r->type & 1;

	put_title(w, r->what);
	put_id(w, r->key);
	fprintf(w->out, "status: %s\nlevel: %s\nlogsource: { category: %s, service: weir }\n"
		"detection:\n", stable ? "test" : "experimental", r->level, r->category);
	put_workload(w);
	if (r->exists)
		fprintf(w->out, "    %s|exists: true\n", r->exists);
	tell_left_out(w, r->told);
	r->put(&x);
	fprintf(w->out, "  condition: workload%s%s%s\n", r->condition, x.selection ? " and " : "",
		!x.selection ? "" : r->unknown ? r->unknown : "not known");
	fprintf(w->out, "falsepositives: [ %s ]\nweir: { action: observe }\n",
		stable ? "what the workload does rarely" :
			 "what is new; it was not stable when this was made");
}

static void put_head(struct writer *w)
{
	struct json_object *o = json_object_new_object();
	unsigned type;

	profile_add_time(o, "at", w->f->saved_s);
	fputs("# What is not in the profile ", w->out);
	human_put(w->out, w->facts.profile->name);
	fprintf(w->out, ",\n# as it was written at %s. Made by `weirctl profile rules`.\n",
		json_object_get_string(json_at(o, "at")));
	json_object_put(o);
	for (type = 0; type < PTYPE__MAX; type++)
		if (!facts_has(&w->facts, type))
			fprintf(w->out, "# No rule: nothing of type %s was recorded.\n",
				pitem_type_name(type));
}

static int check(struct writer *w)
{
	const char *name = w->facts.profile->name, *colon = strchr(name, ':');

	if (!colon || !sigmaout_can(name, strlen(name)) || !strchr("iucu", *name)) {
		human_error("%s: its name is none of a workload that a rule can have: %s",
			    w->f->path, name);
		return ST_FAILED;
	}
	if (!w->facts.recorded) {
		human_error("%s: nothing was recorded", w->f->path);
		return ST_FAILED;
	}
	return ST_OK;
}

static int put_rules(struct writer *w, const struct profile_options *o)
{
	char *text = NULL;
	const struct ruleout_kind *kind;
	int r = check(w);
	size_t len = 0;

	if (r != ST_OK)
		return r;
	w->out = open_memstream(&text, &len);
	if (!w->out)
		abort();
	put_head(w);
	for (kind = ruleout_kinds; kind->category; kind++)
		if (facts_has(&w->facts, kind->type))
			put_rule(w, kind);
	if (fclose(w->out))
		abort();
	r = profile_put(o, text, len);
	free(text);
	return r;
}

int profilerules_run(const struct profile_options *o)
{
	struct writer w = { .tag = o->version };
	struct profile f;
	int r = profile_open_word(&f, o);

	if (r != ST_OK)
		return r;
	w.f = &f;
	facts_init(&w.facts, f.p);
	r = put_rules(&w, o);
	facts_fini(&w.facts);
	profile_close(&f);
	return r;
}
