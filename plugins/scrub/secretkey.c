/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words in names. A word begins and ends where a reader would say so: at `_`, `-`,
 * `.`, a digit, or where small letters change to capitals. So `auth` is in auth_token
 * and proxyAuth, not in author.
 */
#include "secretkey.h"

#include <string.h>

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_lower((char)(c | 0x20));
}

static char fold(char c)
{
	return is_upper(c) ? (char)(c | 0x20) : c;
}

static bool is_joint(char c)
{
	return c == '_' || c == '-' || c == '.';
}

/* Between i - 1 and i. */
static bool is_border(const char *p, size_t len, size_t i)
{
	if (!i || i == len || !is_letter(p[i - 1]) || !is_letter(p[i]))
		return true;
	if (!is_upper(p[i]))
		return false;
	/* accessToken, and the second word of DBPassword */
	return is_lower(p[i - 1]) || (i + 1 < len && is_lower(p[i + 1]));
}

/* Bytes of p that are the word, joints included; 0: they are not. */
static size_t match(const struct secretkey_word *w, const char *p, size_t len)
{
	size_t i = 0, j;

	for (j = 0; j < w->len; j++, i++) {
		if (j > 1 && i < len && is_joint(p[i]))
			i++;
		if (i >= len || fold(p[i]) != w->text[j])
			return 0;
	}
	return i;
}

/* Of two letters in either case; others share a number with some letter. */
static unsigned pair_of(const char *p)
{
	return ((uint8_t)p[0] & 31u) << 5 | ((uint8_t)p[1] & 31u);
}

struct find {
	const struct secretkeys *keys;
	const char *key;
	size_t len;
	enum secret_class best;
	bool harmless;
};

static void find_word(struct find *f, const struct secretkey_word *w, size_t at)
{
	size_t n;

	if (w->cls <= f->best && w->cls != SECRET_HARMLESS)
		return;
	n = match(w, f->key + at, f->len - at);
	if (!n || !is_border(f->key, f->len, at + n))
		return;
	if (w->cls != SECRET_HARMLESS)
		f->best = w->cls;
	else
		f->harmless |= at + n == f->len;
}

static void find_at(struct find *f, size_t at, unsigned pair)
{
	const struct secretkeys *k = f->keys;
	const struct secretkey_word *w;
	uint32_t next;

	if (k->first[pair] && is_border(f->key, f->len, at)) {
		for (next = k->first[pair]; next; next = w->next) {
			w = &k->words[next - 1];
			find_word(f, w, at);
		}
		return;
	}
	for (next = k->first_inner[pair]; next; next = w->next_inner) {
		w = &k->words[next - 1];
		find_word(f, w, at);
	}
}

enum secret_class secretkeys_find(const struct secretkeys *k, const char *key, size_t len)
{
	struct find f = { k, key, len, SECRET_NONE, false };
	unsigned pair;
	size_t i;

	for (i = 0; i + 1 < len; i++) {
		pair = pair_of(key + i);
		if (k->first[pair])
			find_at(&f, i, pair);
	}
	return f.harmless ? SECRET_NONE : f.best;
}

static void link_word(struct secretkeys *k, const struct secretkey_word *word, bool inner)
{
	struct secretkey_word *w = &k->words[k->n++];
	unsigned pair = pair_of(word->text);

	*w = *word;
	w->next = k->first[pair];
	k->first[pair] = (uint16_t)k->n;
	if (inner) {
		w->next_inner = k->first_inner[pair];
		k->first_inner[pair] = (uint16_t)k->n;
	}
}

int secretkeys_add(struct secretkeys *k, const char *word, enum secret_class cls,
		   const char **why)
{
	struct secretkey_word w = { .cls = (uint8_t)cls };
	bool inner = *word == '*';

	for (word += inner; *word; word++) {
		if (is_joint(*word))
			continue;
		*why = "has more than letters, digits, _ - . and a * at its beginning";
		if (!is_letter(*word) && !(*word >= '0' && *word <= '9'))
			return -1;
		*why = "is too long";
		if (w.len == SECRETKEY_LEN)
			return -1;
		w.text[w.len++] = fold(*word);
	}
	*why = "is one letter or none";
	if (w.len < 2)
		return -1;
	*why = "is one too many";
	if (k->n == SECRETKEY_WORDS)
		return -1;
	link_word(k, &w, inner);
	return 0;
}
