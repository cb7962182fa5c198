/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets and their documents: a document is told by its keys to be a rule, a correlation, a
 * filter, or an action on others of its file. One that has an error is refused alone.
 */
#include <stdlib.h>
#include <string.h>

#include "sigmapriv.h"
#include "yamlfile.h"

/* Trees live as long as a file is read. */
struct file {
	struct sigma_own *own;
	struct rulearena arena;
	const char *name;
	struct yamlfile *yaml;
	const struct yamltree *global, *previous;
	uint32_t n_merged;	/* nodes that `action` made */
};

static const char *const keys[] = { "title", "id", "name", "related", "taxonomy", "status",
	"description", "license", "references", "author", "date", "modified", "logsource",
	"detection", "fields", "falsepositives", "level", "tags", "scope", "correlation",
	"filter", "weir", "generate" };
#define N_KEYS	(sizeof(keys) / sizeof(keys[0]))
#define KEYS_MAX	256u

/* ---- kinds of documents ----------------------------------------------------------*/

static bool is_full(struct sigma_reader *r, const struct yamltree *doc)
{
	struct sigma_set *set = &r->own->set;

	if (set->n_rules + set->n_correlations < r->own->conf.max_rules)
		return false;
	SIGMA_ERROR(r, &doc->place, "there are %u rules already, which is the most",
		    r->own->conf.max_rules);
	return true;
}

/* false: no memory. */
static bool keep_rule(struct sigma_own *own, struct sigma_rule_own *rule)
{
	struct sigma_set *set = &own->set;
	struct sigma_rule **rules = (struct sigma_rule **)(uintptr_t)set->rules;

	if (!rulearena_more(&own->arena, &rules, set->n_rules, &own->rules_cap, sizeof(*rules)))
		return false;
	rules[set->n_rules++] = &rule->rule;
	set->rules = rules;
	return true;
}

static bool keep_correlation(struct sigma_own *own, struct sigma_correlation *c)
{
	struct sigma_set *set = &own->set;
	struct sigma_correlation **all = (struct sigma_correlation **)(uintptr_t)
		set->correlations;

	if (!rulearena_more(&own->arena, &all, set->n_correlations, &own->correlations_cap,
			    sizeof(*all)))
		return false;
	all[set->n_correlations++] = c;
	set->correlations = all;
	return true;
}

static void read_rule(struct sigma_reader *r, const struct yamltree *doc, uint32_t errors)
{
	static const char *const others[] = { "condition" };
	const struct yamltree *detection = yamltree_get(doc, "detection");
	struct sigma_weighed is = { 0 };
	struct sigma_rule_own *own;

	if (is_full(r, doc))
		return;
	own = rulearena_get(r->arena, 1, sizeof(*own));
	if (!own)
		return;
	sigmameta_read(r, doc, &own->rule.meta);
	sigmameta_logsource(r, doc, &own->rule.logsource);
	if (detection->kind != YAMLTREE_MAP)
		SIGMA_ERROR(r, &detection->place, "`detection` is a map with selections and a "
			    "condition");
	else if (!sigmadetect_all(r, detection, "detection", others, 1, false, NULL, &is))
		own->rule.expr = is.expr;
	own->n_values = is.n_values;
	sigmaweir_read(r, doc, false, &own->rule.weir);
	own->rule.refused = r->diags->n_errors != errors;
	if (r->rule)
		keep_rule(r->own, own);
}

static void read_correlation(struct sigma_reader *r, const struct yamltree *doc,
			     uint32_t errors)
{
	struct sigma_correlation_own *own;
	struct sigma_correlation *c;

	if (is_full(r, doc))
		return;
	own = rulearena_get(r->arena, 1, sizeof(*own));
	if (!own)
		return;
	c = &own->correlation;
	sigmameta_read(r, doc, &c->meta);
	sigmacorr_read(r, doc, c);
	sigmaweir_read(r, doc, true, &c->weir);
	c->refused = r->diags->n_errors != errors;
	if (r->rule)
		keep_correlation(r->own, c);
}

static void read_filter_rules(struct sigma_reader *r, const struct yamltree *map,
			      struct sigma_filter *out)
{
	static const char *const every[] = { "any", "all" };
	const struct yamltree *node = yamltree_get(map, "rules");

	if (!node)
		SIGMA_ERROR(r, &map->place, "a filter needs `rules`: ids or names, or any");
	else if (node->kind == YAMLTREE_TEXT && sigmatake_word(node->text, every, 2) >= 0)
		out->is_for_all = true;
	else
		sigmacorr_refs(r, node, "`rules`", &out->refs, &out->n_refs);
}

static void read_filter(struct sigma_reader *r, const struct yamltree *doc, uint32_t errors)
{
	static const char *const others[] = { "condition", "rules" };
	const struct yamltree *map = yamltree_get(doc, "filter");
	struct sigma_own *own = r->own;
	struct sigma_filter *f = rulearena_get(r->arena, 1, sizeof(*f));

	if (!f)
		return;
	sigmameta_read(r, doc, &f->meta);
	sigmameta_logsource(r, doc, &f->logsource);
	if (yamltree_get(doc, "weir"))
		SIGMA_ERROR(r, &yamltree_get(doc, "weir")->place, "a filter only changes where "
			    "rules match: write `weir` in the rules");
	if (own->n_filters == SIGMA_FILTERS)
		SIGMA_ERROR(r, &doc->place, "there are %u filters already, which is the most",
			    SIGMA_FILTERS);
	if (map->kind != YAMLTREE_MAP) {
		SIGMA_ERROR(r, &map->place, "`filter` is a map with rules, selections and a "
			    "condition");
		return;
	}
	read_filter_rules(r, map, f);
	sigmadetect_all(r, map, "filter", others, 2, true, r->rule ? r->rule : "filter",
			&f->cond);
	if (r->diags->n_errors == errors &&
	    rulearena_more(r->arena, &own->filters, own->n_filters, &own->filters_cap,
			   sizeof(*own->filters)))
		own->filters[own->n_filters++] = f;
}

/* Any may be added to a rule; but then nobody reads them. */
static void check_keys(struct sigma_reader *r, const struct yamltree *doc)
{
	uint32_t i;

	for (i = 0; i < doc->n; i++)
		if (sigmatake_word(doc->pairs[i].key->text, keys, N_KEYS) < 0)
			SIGMA_WARN(r, &doc->pairs[i].key->place, "the key `%s` is not known, "
				   "and does nothing", doc->pairs[i].key->text);
}

static void read_one(struct sigma_reader *r, const struct yamltree *doc, uint32_t errors)
{
	bool is_rule = yamltree_get(doc, "detection");
	bool is_correlation = yamltree_get(doc, "correlation");
	bool is_filter = yamltree_get(doc, "filter");

	check_keys(r, doc);
	if (is_rule + is_correlation + is_filter != 1)
		SIGMA_ERROR(r, &doc->place, "a document is a rule with `detection`, or has "
			    "`correlation`, or `filter`: one of them");
	else if (is_rule)
		read_rule(r, doc, errors);
	else if (is_correlation)
		read_correlation(r, doc, errors);
	else
		read_filter(r, doc, errors);
}

/* ---- actions ---------------------------------------------------------------------*/

/* Of a document and the global one, which holds where both say something. */
static void tell_overruled(struct sigma_reader *r, const struct yamltree *doc,
			   const struct yamltree *global)
{
	const struct yamltree *other;
	uint32_t i;

	for (i = 0; i < doc->n; i++) {
		other = yamltree_get(global, doc->pairs[i].key->text);
		if (other && (other->kind != YAMLTREE_MAP ||
			      doc->pairs[i].value->kind != YAMLTREE_MAP))
			SIGMA_WARN(r, &doc->pairs[i].key->place, "`%s` is in the document with "
				   "`action: global`, too, which holds: remove one of them",
				   doc->pairs[i].key->text);
	}
}

static const struct yamltree *merge(struct file *f, struct sigma_reader *r,
				    const struct yamltree *base, const struct yamltree *over,
				    const struct yamltree *doc)
{
	const struct yamltree *map = yamltree_merge(&f->arena, base, over, &doc->place);

	if (!map)
		return NULL;
	f->n_merged += map->weight;
	if (f->n_merged <= YAMLTREE_NODES)
		return map;
	f->n_merged = YAMLTREE_NODES;
	SIGMA_ERROR(r, &doc->place, "`action` makes too much of this file: divide it");
	return NULL;
}

/* What the document amounts to; NULL: nothing that could be read as a rule. */
static const struct yamltree *act(struct file *f, struct sigma_reader *r,
				  const struct yamltree *doc)
{
	const struct yamltree *action = yamltree_get(doc, "action");
	const char *text = action && action->kind <= YAMLTREE_TEXT ? action->text : "";

	if (!action) {
		if (!f->global)
			return f->previous = doc;
		tell_overruled(r, doc, f->global);
		return f->previous = merge(f, r, doc, f->global, doc);
	}
	doc = yamltree_without(&f->arena, doc, "action");
	if (!doc)
		return NULL;
	if (!strcmp(text, "global")) {
		f->global = f->previous = doc;
	} else if (!strcmp(text, "reset")) {
		f->global = NULL;
	} else if (strcmp(text, "repeat")) {
		SIGMA_ERROR(r, &action->place, "`action` is global, reset or repeat");
	} else if (!f->previous) {
		SIGMA_ERROR(r, &action->place, "there is no document before that `action: "
			    "repeat` could repeat");
	} else {
		return f->previous = merge(f, r, f->previous, doc, doc);
	}
	return NULL;
}

/* What was told while nobody knew whose it is. */
static void call(struct sigma_reader *r, const struct yamltree *doc, uint32_t first)
{
	uint32_t i;

	r->rule = sigmameta_called(r, doc);
	for (i = first; i < r->diags->n; i++)
		if (!r->diags->items[i].rule)
			r->diags->items[i].rule = r->rule;
}

/* Whether it is refused. errors and first: what was told before it. */
static bool read_document(struct file *f, const struct yamltree *doc, uint32_t errors,
			  uint32_t first)
{
	struct sigma_own *own = f->own;
	struct sigma_reader r = { .own = own, .arena = &own->arena, .diags = &own->set.diags,
		.file = f->name };

	if (!doc || (doc->kind == YAMLTREE_NULL && own->set.diags.n_errors == errors))
		return doc == NULL;
	if (doc->kind != YAMLTREE_MAP) {
		SIGMA_ERROR(&r, &doc->place, "a document is a map that begins with `title:`, "
			    "and not %s", yamlscalar_kind(doc));
		return true;
	}
	call(&r, doc, first);
	if (doc->n > KEYS_MAX) {
		SIGMA_ERROR(&r, &doc->place, "a document has at most %u keys", KEYS_MAX);
		return true;
	}
	doc = act(f, &r, doc);
	if (doc) {
		call(&r, doc, first);
		read_one(&r, doc, errors);
	}
	return own->set.diags.n_errors != errors;
}

/* ---- sets ------------------------------------------------------------------------*/

struct sigma_set *sigma_new(const struct sigma_conf *conf)
{
	struct sigma_own *own = calloc(1, sizeof(*own));

	if (!own)
		return NULL;
	own->conf = *conf;
	if (!own->conf.max_rules)
		own->conf.max_rules = 65536;
	if (!own->conf.max_values)
		own->conf.max_values = 65536;
	own->arena.max = SIGMA_MEMORY;
	return &own->set;
}

int sigma_read(struct sigma_set *set, const char *name, const void *bytes, size_t n)
{
	struct sigma_own *own = (struct sigma_own *)set;
	struct file f = { .own = own };
	const struct yamltree *doc;
	uint32_t errors = set->diags.n_errors, first = set->diags.n;
	int r = -1, n_refused = 0;

	f.name = rulearena_text(&own->arena, name, strlen(name));
	if (f.name)
		f.yaml = yamlfile_open(&f.arena, &set->diags, f.name, bytes, n);
	while (f.yaml && (r = yamlfile_next(f.yaml, &doc)) > 0) {
		n_refused += read_document(&f, doc, errors, first);
		errors = set->diags.n_errors;
		first = set->diags.n;
		if (own->arena.failed || f.arena.failed)
			break;
	}
	/* What is said of the file as a whole. */
	if (!r)
		n_refused += set->diags.n_errors != errors;
	if (f.yaml)
		yamlfile_close(f.yaml);
	rulearena_fini(&f.arena);
	return r ? -1 : n_refused;
}

struct sigma_set *sigma_free(struct sigma_set *set)
{
	struct sigma_own *own = (struct sigma_own *)set;

	if (own) {
		rulediag_fini(&own->set.diags);
		rulearena_fini(&own->arena);
		free(own);
	}
	return NULL;
}
