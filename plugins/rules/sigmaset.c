/* SPDX-License-Identifier: Apache-2.0 */
/* `weir: set:`, what a match does to variables: checked as the stage `variables` reads it. */
#include <arpa/inet.h>
#include <string.h>

#include "sigmapriv.h"

#define SETS		64u	/* of a rule */
#define VAR_NAME	63u
#define VALUE_MAX	4096u

enum type { BOOL, INT, STRING, IP, LIST };	/* and LIST + those */

static const char *const types[] = { "bool", "int", "string", "ip", "bool[]", "int[]",
	"string[]", "ip[]" };
static const char *const ops[] = { "set", "append", "unset", "expire" };
static const char *const scopes[] = { "global", "process", "container", "user" };

static bool is_good_name(const char *name)
{
	const char *p;

	for (p = name; *p; p++)
		if (!((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') && !(*p >= '0' && *p <= '9') &&
		    !strchr("_.-", *p))
			return false;
	return p > name && p - name <= (int)VAR_NAME;
}

/* One of n words under a key; NULL: told. `other`: if the key is not there. */
static const char *word_of(struct sigma_reader *r, const struct yamltree *map, const char *key,
			   const char *const *words, unsigned n, const char *other)
{
	const struct yamltree *node = yamltree_get(map, key);
	const char *text;
	char list[128];
	int i;

	if (!node && other)
		return other;
	text = node ? sigmatake_text(r, node, key, true) : "";
	if (!text)
		return NULL;
	i = sigmatake_word(text, words, n);
	if (i >= 0)
		return words[i];
	SIGMA_ERROR(r, node ? &node->place : &map->place, "`set` needs `%s`: %s", key,
		    sigmatake_list(words, n, list, sizeof(list)));
	return NULL;
}

static bool is_int(const char *text)
{
	struct yamltree s = { .text = text, .len = (uint32_t)strlen(text) };

	yamlscalar_read(&s);
	return s.kind == YAMLTREE_INT && s.fits && !strpbrk(text, "xo+");
}

static bool is_of(unsigned type, const char *text)
{
	uint8_t addr[16];

	switch (type) {
	case BOOL:
		return !strcmp(text, "true") || !strcmp(text, "false");
	case INT:
		return is_int(text);
	case IP:
		return inet_pton(AF_INET, text, addr) == 1 ||
		       inet_pton(AF_INET6, text, addr) == 1;
	default:
		return true;
	}
}

static bool check_item(struct sigma_reader *r, const struct yamltree *node, int type,
		       const char *text)
{
	if (!is_of((unsigned)type % LIST, text)) {
		SIGMA_ERROR(r, &node->place, "`%s` is no %s", text,
			    types[(unsigned)type % LIST]);
		return false;
	}
	if (type >= LIST && strchr(text, ',')) {
		SIGMA_ERROR(r, &node->place, "an item of a list has no comma: write the items as "
			    "a list of YAML");
		return false;
	}
	return true;
}

/* A list's items by commas, as `variables` has them. */
static const char *read_value(struct sigma_reader *r, const struct yamltree *node, int type)
{
	struct sigma_words words = { 0 };
	size_t len = 0;
	uint32_t i;
	char *text;

	if (node->kind == YAMLTREE_TEXT && !node->len && type == STRING)
		return "";
	if (sigmatake_words(r, node, "`value`", &words))
		return NULL;
	if (!words.n || (type < LIST && node->kind == YAMLTREE_LIST)) {
		SIGMA_ERROR(r, &node->place, "`value` is %s", type < LIST ? "one value: for "
			    "several the type is a list, such as string[]" :
			    "a list with at least one value");
		return NULL;
	}
	for (i = 0; i < words.n; i++) {
		if (!check_item(r, node, type, words.word[i]))
			return NULL;
		len += strlen(words.word[i]) + 1;
	}
	if (len > VALUE_MAX) {
		SIGMA_ERROR(r, &node->place, "`value` has at most %u bytes", VALUE_MAX);
		return NULL;
	}
	text = rulearena_get(r->arena, len, 1);
	for (i = 0, len = 0; text && i < words.n; i++) {
		if (i)
			text[len++] = ',';
		memcpy(text + len, words.word[i], strlen(words.word[i]));
		len += strlen(words.word[i]);
	}
	return text;
}

/* Only what gives a variable a value has one. */
static void read_typed(struct sigma_reader *r, const struct yamltree *map,
		       struct sigma_set_variable *out)
{
	const struct yamltree *value = yamltree_get(map, "value");
	bool is_needed = !strcmp(out->op, "set") || !strcmp(out->op, "append");

	if (!is_needed) {
		if (value || yamltree_get(map, "type"))
			SIGMA_ERROR(r, &map->place, "`%s` takes no type and no value", out->op);
		return;
	}
	if (!value) {
		SIGMA_ERROR(r, &map->place, "`%s` needs a value", out->op);
		return;
	}
	out->type = word_of(r, map, "type", types, sizeof(types) / sizeof(types[0]),
			    value->kind == YAMLTREE_LIST ? "string[]" :
			    value->kind == YAMLTREE_BOOL ? "bool" :
			    value->kind == YAMLTREE_INT ? "int" : "string");
	if (out->type)
		out->value = read_value(r, value, sigmatake_word(out->type, types, 8));
	if (out->value && !strcmp(out->op, "append") &&
	    (!strcmp(out->type, "bool") || !strcmp(out->type, "ip")))
		SIGMA_ERROR(r, &map->place, "nothing can be appended to a %s: use `set`, or the "
			    "type %s[]", out->type, out->type);
}

static void read_flags(struct sigma_reader *r, const struct yamltree *map,
		       struct sigma_set_variable *out)
{
	const struct yamltree *node;

	if ((node = yamltree_get(map, "ttl")))
		sigmatake_time(r, node, "`ttl`", &out->ttl_ns);
	else if (!strcmp(out->op, "expire"))
		SIGMA_ERROR(r, &map->place, "`expire` needs `ttl`, such as 10m");
	if ((node = yamltree_get(map, "inherit")))
		sigmatake_bool(r, node, "`inherit`", &out->inherit);
	if ((node = yamltree_get(map, "private")))
		sigmatake_bool(r, node, "`private`", &out->is_private);
	if (out->inherit && out->scope != SIGMA_SCOPE_PROCESS)
		SIGMA_ERROR(r, &map->place, "only variables of a process can be inherited: write "
			    "`scope: process`");
}

static void read_one(struct sigma_reader *r, const struct yamltree *map,
		     struct sigma_set_variable *out)
{
	static const char *const keys[] = { "name", "op", "type", "value", "scope", "ttl",
		"inherit", "private" };
	const struct yamltree *name = yamltree_get(map, "name");
	const char *scope;

	out->place = map->place;
	if (sigmatake_map(r, map, "weir: set", keys, 8))
		return;
	out->name = name ? sigmatake_text(r, name, "`name`", true) : NULL;
	if (!name || (out->name && !is_good_name(out->name)))
		SIGMA_ERROR(r, name ? &name->place : &map->place, "`set` needs `name`: up to %u "
			    "letters, digits, _ . -", VAR_NAME);
	scope = word_of(r, map, "scope", scopes, 4, NULL);
	out->scope = scope ? (enum sigma_scope)sigmatake_word(scope, scopes, 4) :
		SIGMA_SCOPE_PROCESS;
	out->op = word_of(r, map, "op", ops, 4, "set");
	if (!out->op)
		return;
	read_typed(r, map, out);
	read_flags(r, map, out);
}

void sigmaset_read(struct sigma_reader *r, const struct yamltree *node,
		   struct sigma_weir *out)
{
	const struct yamltree *const one[] = { node }, *const *items = one;
	struct sigma_set_variable *sets;
	uint32_t i, n = 1;

	if (node->kind == YAMLTREE_LIST) {
		items = node->items;
		n = node->n;
	}
	if (!n || n > SETS) {
		SIGMA_ERROR(r, &node->place, "`set` is a map, or a list of 1 to %u maps", SETS);
		return;
	}
	sets = rulearena_get(r->arena, n, sizeof(*sets));
	if (!sets)
		return;
	for (i = 0; i < n; i++)
		read_one(r, items[i], &sets[i]);
	out->n_sets = n;
	out->sets = sets;
}
