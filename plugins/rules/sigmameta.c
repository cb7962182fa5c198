/* SPDX-License-Identifier: Apache-2.0 */
/* What a document says about itself, and where its events come from. */
#include <string.h>

#include "sigmapriv.h"

#define TITLE_MAX	256u

static const char *const levels[] = { "informational", "low", "medium", "high", "critical" };
static const char *const statuses[] = { "stable", "test", "experimental", "deprecated",
	"unsupported" };

static const char *text_of(struct sigma_reader *r, const struct yamltree *doc, const char *key)
{
	const struct yamltree *node = yamltree_get(doc, key);

	return node ? sigmatake_text(r, node, key, false) : NULL;
}

static void words_of(struct sigma_reader *r, const struct yamltree *doc, const char *key,
		     struct sigma_words *out)
{
	const struct yamltree *node = yamltree_get(doc, key);

	if (node && node->kind != YAMLTREE_NULL)
		sigmatake_words(r, node, key, out);
}

/* Dates and states mean nothing to a sensor; hence no errors. */
static void check_date(struct sigma_reader *r, const struct yamltree *doc, const char *key,
		       const char *date)
{
	static const char form[] = "dddd-dd-dd", old[] = "dddd/dd/dd";
	size_t i;

	if (!date)
		return;
	for (i = 0; date[i] && i < sizeof(form); i++)
		if (form[i] == 'd' ? date[i] < '0' || date[i] > '9' :
		    date[i] != form[i] && date[i] != old[i])
			break;
	if (date[i] || i != sizeof(form) - 1)
		SIGMA_WARN(r, &yamltree_get(doc, key)->place, "`%s` is a date: 2026-01-31", key);
}

static void read_level(struct sigma_reader *r, const struct yamltree *doc,
		       struct sigma_meta *out)
{
	const unsigned n = sizeof(levels) / sizeof(levels[0]);
	const char *text = text_of(r, doc, "level");
	char list[128];
	int i;

	if (!text)
		return;
	i = sigmatake_word(text, levels, n);
	out->level = (enum sigma_level)(i + 1);
	if (i < 0)
		SIGMA_ERROR(r, &yamltree_get(doc, "level")->place, "`level` is %s",
			    sigmatake_list(levels, n, list, sizeof(list)));
}

static void check_status(struct sigma_reader *r, const struct yamltree *doc,
			 const char *status)
{
	const unsigned n = sizeof(statuses) / sizeof(statuses[0]);
	char list[128];

	if (status && sigmatake_word(status, statuses, n) < 0)
		SIGMA_WARN(r, &yamltree_get(doc, "status")->place, "`status` is %s",
			   sigmatake_list(statuses, n, list, sizeof(list)));
}

void sigmameta_read(struct sigma_reader *r, const struct yamltree *doc,
		    struct sigma_meta *out)
{
	out->place = doc->place;
	out->id = text_of(r, doc, "id");
	out->name = text_of(r, doc, "name");
	out->title = text_of(r, doc, "title");
	out->status = text_of(r, doc, "status");
	out->description = text_of(r, doc, "description");
	out->author = text_of(r, doc, "author");
	out->date = text_of(r, doc, "date");
	out->modified = text_of(r, doc, "modified");
	out->license = text_of(r, doc, "license");
	words_of(r, doc, "tags", &out->tags);
	words_of(r, doc, "references", &out->references);
	words_of(r, doc, "falsepositives", &out->falsepositives);
	words_of(r, doc, "fields", &out->fields);
	read_level(r, doc, out);
	check_status(r, doc, out->status);
	check_date(r, doc, "date", out->date);
	check_date(r, doc, "modified", out->modified);
	if (!out->title)
		SIGMA_ERROR(r, &doc->place, "no title: add `title: ...`");
	else if (strlen(out->title) > TITLE_MAX)
		SIGMA_WARN(r, &yamltree_get(doc, "title")->place, "a title has at most %u "
			   "characters", TITLE_MAX);
}

const char *sigmameta_called(struct sigma_reader *r, const struct yamltree *doc)
{
	static const char *const keys[] = { "title", "id" };
	const struct yamltree *node;
	unsigned i;

	for (i = 0; i < 2; i++) {
		node = yamltree_get(doc, keys[i]);
		if (node && node->kind <= YAMLTREE_TEXT && node->kind != YAMLTREE_NULL &&
		    node->len && !memchr(node->text, 0, node->len))
			return rulearena_text(r->arena, node->text, node->len);
	}
	return NULL;
}

void sigmameta_logsource(struct sigma_reader *r, const struct yamltree *doc,
			 struct sigma_logsource *out)
{
	static const char *const keys[] = { "category", "product", "service", "definition" };
	const struct yamltree *node = yamltree_get(doc, "logsource");

	if (!node) {
		SIGMA_ERROR(r, &doc->place, "no logsource: add `logsource:` with a category or "
			    "service, and product: linux");
		return;
	}
	out->place = node->place;
	sigmatake_map(r, node, "logsource", keys, 4);
	if (node->kind != YAMLTREE_MAP)
		return;
	out->category = text_of(r, node, "category");
	out->product = text_of(r, node, "product");
	out->service = text_of(r, node, "service");
	if (!out->category && !out->product && !out->service)
		SIGMA_ERROR(r, &node->place, "an empty logsource: give a category, product or "
			    "service");
}
