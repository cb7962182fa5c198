/* SPDX-License-Identifier: Apache-2.0 */
/* Which modifiers there are, and which go with which, in which order. */
#include "sigmamod.h"

#include <stdio.h>
#include <string.h>

#define B(id)	SIGMAMOD_BIT(id)
#define TEXTS	(SIGMAMOD_SHAPES | B(CASED) | B(WINDASH) | B(EXPAND) | SIGMAMOD_WIDES | \
		 SIGMAMOD_BASES)
#define EVERY	(((uint32_t)1 << SIGMAMOD__MAX) - 1)

/* `with`: what may be in the chain, too. */
static const struct {
	const char *name;
	uint32_t with;
} mods[SIGMAMOD__MAX] = {
	[SIGMAMOD_ALL] = { "all", EVERY & ~B(EXISTS) },
	[SIGMAMOD_NEQ] = { "neq", EVERY & ~B(EXISTS) },
	[SIGMAMOD_CONTAINS] = { "contains",
		SIGMAMOD_LISTS | B(FIELDREF) | (TEXTS & ~SIGMAMOD_SHAPES) },
	[SIGMAMOD_STARTSWITH] = { "startswith",
		SIGMAMOD_LISTS | B(FIELDREF) | (TEXTS & ~SIGMAMOD_SHAPES) },
	[SIGMAMOD_ENDSWITH] = { "endswith",
		SIGMAMOD_LISTS | B(FIELDREF) | (TEXTS & ~SIGMAMOD_SHAPES) },
	[SIGMAMOD_CASED] = { "cased", SIGMAMOD_LISTS | B(FIELDREF) | TEXTS },
	[SIGMAMOD_WINDASH] = { "windash", SIGMAMOD_LISTS | TEXTS },
	[SIGMAMOD_EXPAND] = { "expand",
		SIGMAMOD_LISTS | TEXTS | B(RE) | SIGMAMOD_FLAGS | B(CIDR) },
	[SIGMAMOD_WIDE] = { "wide", SIGMAMOD_LISTS | (TEXTS & ~SIGMAMOD_WIDES) },
	[SIGMAMOD_UTF16] = { "utf16", SIGMAMOD_LISTS | (TEXTS & ~SIGMAMOD_WIDES) },
	[SIGMAMOD_UTF16LE] = { "utf16le", SIGMAMOD_LISTS | (TEXTS & ~SIGMAMOD_WIDES) },
	[SIGMAMOD_UTF16BE] = { "utf16be", SIGMAMOD_LISTS | (TEXTS & ~SIGMAMOD_WIDES) },
	[SIGMAMOD_BASE64] = { "base64", SIGMAMOD_LISTS | (TEXTS & ~SIGMAMOD_BASES) },
	[SIGMAMOD_BASE64OFFSET] = { "base64offset", SIGMAMOD_LISTS | (TEXTS & ~SIGMAMOD_BASES) },
	[SIGMAMOD_RE] = { "re", SIGMAMOD_LISTS | SIGMAMOD_FLAGS | B(EXPAND) },
	[SIGMAMOD_I] = { "i", SIGMAMOD_LISTS | SIGMAMOD_FLAGS | B(RE) | B(EXPAND) },
	[SIGMAMOD_M] = { "m", SIGMAMOD_LISTS | SIGMAMOD_FLAGS | B(RE) | B(EXPAND) },
	[SIGMAMOD_S] = { "s", SIGMAMOD_LISTS | SIGMAMOD_FLAGS | B(RE) | B(EXPAND) },
	[SIGMAMOD_CIDR] = { "cidr", SIGMAMOD_LISTS | B(EXPAND) },
	[SIGMAMOD_EXISTS] = { "exists", 0 },
	[SIGMAMOD_FIELDREF] = { "fieldref", SIGMAMOD_LISTS | SIGMAMOD_SHAPES | B(CASED) },
	[SIGMAMOD_LT] = { "lt", SIGMAMOD_LISTS }, [SIGMAMOD_LTE] = { "lte", SIGMAMOD_LISTS },
	[SIGMAMOD_GT] = { "gt", SIGMAMOD_LISTS }, [SIGMAMOD_GTE] = { "gte", SIGMAMOD_LISTS },
	[SIGMAMOD_MINUTE] = { "minute", SIGMAMOD_LISTS },
	[SIGMAMOD_HOUR] = { "hour", SIGMAMOD_LISTS },
	[SIGMAMOD_DAY] = { "day", SIGMAMOD_LISTS },
	[SIGMAMOD_WEEK] = { "week", SIGMAMOD_LISTS },
	[SIGMAMOD_MONTH] = { "month", SIGMAMOD_LISTS },
	[SIGMAMOD_YEAR] = { "year", SIGMAMOD_LISTS },
};

/* Those of `first` have to stand before those of `then`. */
static const struct {
	uint32_t first, then;
} orders[] = {
	{ B(RE), SIGMAMOD_FLAGS },
	{ B(FIELDREF), SIGMAMOD_SHAPES },
	{ B(EXPAND), B(WINDASH) | SIGMAMOD_WIDES | SIGMAMOD_BASES },
	{ B(WINDASH), SIGMAMOD_WIDES | SIGMAMOD_BASES },
	{ SIGMAMOD_WIDES, SIGMAMOD_BASES },
	{ SIGMAMOD_BASES, SIGMAMOD_SHAPES },
};

#define KEYWORDS	(SIGMAMOD_LISTS | B(CONTAINS) | B(CASED) | B(WINDASH) | B(EXPAND) | \
			 SIGMAMOD_WIDES | SIGMAMOD_BASES | B(RE) | SIGMAMOD_FLAGS)

/* Names of a set, for messages. */
static const char *list(uint32_t set, char *buf, size_t size)
{
	const char *names[SIGMAMOD__MAX];
	unsigned i, n = 0;

	for (i = 0; i < SIGMAMOD__MAX; i++)
		if (set & (uint32_t)1 << i)
			names[n++] = mods[i].name;
	return n ? sigmatake_list(names, n, buf, size) : "no other";
}

static int check_pair(struct sigma_reader *r, const struct ruleplace *at, enum sigmamod_id a,
		      enum sigmamod_id b)
{
	bool b_takes_less = __builtin_popcount(mods[b].with) < __builtin_popcount(mods[a].with);
	enum sigmamod_id strict = b_takes_less ? b : a, other = b_takes_less ? a : b;
	char buf[512];
	unsigned i;

	if (a == b)
		return SIGMA_ERROR(r, at, "`%s` stands twice in the chain", mods[a].name);
	if (!(mods[a].with & (uint32_t)1 << b))
		return SIGMA_ERROR(r, at, "`%s` does not go with `%s`, which takes %s",
				   mods[other].name, mods[strict].name,
				   list(mods[strict].with, buf, sizeof(buf)));
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (orders[i].then & (uint32_t)1 << a && orders[i].first & (uint32_t)1 << b)
			return SIGMA_ERROR(r, at, "`%s` has to stand before `%s`: %s|%s",
					   mods[b].name, mods[a].name, mods[b].name,
					   mods[a].name);
	return 0;
}

static int check_chain(struct sigma_reader *r, const struct ruleplace *at,
		       const struct sigmamod *mod)
{
	uint32_t i, k, bad;
	char buf[512];

	for (i = 0; i < mod->n; i++)
		for (k = i + 1; k < mod->n; k++)
			if (check_pair(r, at, mod->of[i], mod->of[k]))
				return -1;
	bad = mod->set & ~KEYWORDS;
	if (!mod->field && bad)
		return SIGMA_ERROR(r, at, "`%s` needs a field: a keyword, which is found "
				   "anywhere, takes %s", mods[__builtin_ctz(bad)].name,
				   list(KEYWORDS, buf, sizeof(buf)));
	bad = mod->set & SIGMAMOD_FLAGS;
	if (bad && !(mod->set & B(RE)))
		return SIGMA_ERROR(r, at, "`%s` is of a regular expression: re|%s",
				   mods[__builtin_ctz(bad)].name, mods[__builtin_ctz(bad)].name);
	bad = mod->set & SIGMAMOD_WIDES;
	if (bad && !(mod->set & SIGMAMOD_BASES))
		SIGMA_WARN(r, at, "`%s` finds only text of zero bytes unless base64 or "
			   "base64offset follow", mods[__builtin_ctz(bad)].name);
	if (mod->set & B(BASE64OFFSET) && mod->field && !(mod->set & SIGMAMOD_SHAPES))
		SIGMA_WARN(r, at, "`base64offset` is meant for a part of the field: "
			   "base64offset|contains");
	return 0;
}

static int find(const char *name, size_t len)
{
	int i;

	for (i = 0; i < SIGMAMOD__MAX; i++)
		if (strlen(mods[i].name) == len && !memcmp(mods[i].name, name, len))
			return i;
	return -1;
}

static int read_chain(struct sigma_reader *r, const struct ruleplace *at, const char *chain,
		      struct sigmamod *out)
{
	const char *p = chain;
	char buf[512];
	size_t len;
	int id;

	for (; *p; p += len + (p[len] == '|')) {
		len = strcspn(p, "|");
		id = find(p, len);
		if (id < 0)
			return SIGMA_ERROR(r, at, "`%.*s` is no modifier; there are %s",
					   len > 64 ? 64 : (int)len, p,
					   list(EVERY, buf, sizeof(buf)));
		if (out->n == SIGMA_CHAIN)
			return SIGMA_ERROR(r, at, "more than %u modifiers", SIGMA_CHAIN);
		out->of[out->n++] = (enum sigmamod_id)id;
		out->set |= (uint32_t)1 << id;
		if (p[len] && !p[len + 1])
			return SIGMA_ERROR(r, at, "a modifier is missing after the last |");
	}
	return 0;
}

int sigmamod_read(struct sigma_reader *r, const struct yamltree *key, struct sigmamod *out)
{
	const struct ruleplace *at = &key->place;
	size_t len;

	*out = (struct sigmamod){ 0 };
	if (memchr(key->text, 0, key->len))
		return SIGMA_ERROR(r, at, "a field with a zero byte in its name");
	len = strcspn(key->text, "|");
	if (len > SIGMA_FIELD_MAX)
		return SIGMA_ERROR(r, at, "a field's name has at most %u bytes", SIGMA_FIELD_MAX);
	if (key->text[len] && !key->text[len + 1])
		return SIGMA_ERROR(r, at, "a modifier is missing after the last |");
	if (len && (key->text[0] == ' ' || key->text[len - 1] == ' '))
		SIGMA_WARN(r, at, "the field `%.*s` has a blank at its begin or end", (int)len,
			   key->text);
	out->chain = rulearena_text(r->arena, key->text + len + (key->text[len] != 0),
				    key->len - len - (key->text[len] != 0));
	out->field = len ? rulearena_text(r->arena, key->text, len) : NULL;
	if (!out->chain || (len && !out->field))
		return -1;
	if (read_chain(r, at, out->chain, out))
		return -1;
	return check_chain(r, at, out);
}
