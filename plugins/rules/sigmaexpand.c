/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placeholders: `%name%` in the text of a value. What they stand for is data, a wildcard
 * in it none. `\%` is a % alone.
 */
#include <string.h>

#include "sigmaglob.h"
#include "sigmamod.h"

#define HOLDERS	8u	/* of a value */
#define NAME	64u

/* A value cut at its placeholders: piece, words, piece, words, ..., piece. */
struct cut {
	uint32_t n;			/* placeholders */
	struct sigma_glob before[HOLDERS + 1];
	struct sigma_words words[HOLDERS];
};

/* Length of the placeholder that begins at p; 0: none does. */
static size_t holder_len(const char *p, size_t n)
{
	size_t i;

	if (n < 3 || *p != '%')
		return 0;
	for (i = 1; i < n && p[i] != '%'; i++)
		if (!((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z') &&
		    !(p[i] >= '0' && p[i] <= '9') && p[i] != '_')
			return 0;
	return i > 1 && i < n ? i + 1 : 0;
}

static bool look_up(struct sigma_reader *r, const struct yamltree *node, const char *p,
		    size_t len, struct sigma_words *out)
{
	const struct sigma_conf *conf = &r->own->conf;
	char name[NAME + 1];

	len -= 2;
	memcpy(name, p + 1, len > NAME ? NAME : len);
	name[len > NAME ? NAME : len] = 0;
	*out = (struct sigma_words){ 0 };
	if (len <= NAME && conf->expand && conf->expand(conf->arg, name, out) && out->n)
		return true;
	SIGMA_ERROR(r, &node->place, len > NAME || !conf->expand ?
		    "there is no list for %%%s%%: name its file in the configuration" :
		    "the list of %%%s%% is not there, or empty", name);
	return false;
}

static bool begin_piece(struct sigma_reader *r, const struct sigma_glob *glob,
			struct sigmaglob *g)
{
	return sigmaglob_begin(g, r->arena, glob->n, sigmaglob_len(glob));
}

/* false: told, or no memory. */
static bool cut_literal(struct sigma_reader *r, const struct yamltree *node,
			const struct sigma_glob *glob, const struct sigma_part *part,
			struct sigmaglob *g, struct cut *cut)
{
	const char *p = part->text, *end = p + part->len;
	size_t len;

	for (; p < end; p += len) {
		len = holder_len(p, (size_t)(end - p));
		if (!len) {
			p += *p == '\\' && end - p > 1 && p[1] == '%';
			sigmaglob_literal(g, p, len = 1);
			continue;
		}
		if (cut->n == HOLDERS) {
			SIGMA_ERROR(r, &node->place, "more than %u placeholders in a value",
				    HOLDERS);
			return false;
		}
		if (!look_up(r, node, p, len, &cut->words[cut->n]))
			return false;
		cut->before[cut->n++] = sigmaglob_end(g);
		if (!begin_piece(r, glob, g))
			return false;
	}
	return true;
}

static bool cut_value(struct sigma_reader *r, const struct yamltree *node,
		      const struct sigma_glob *glob, struct cut *cut)
{
	struct sigmaglob g;
	uint32_t i;

	cut->n = 0;
	if (!begin_piece(r, glob, &g))
		return false;
	for (i = 0; i < glob->n; i++) {
		if (glob->parts[i].kind != SIGMA_LITERAL)
			sigmaglob_put(&g, &glob->parts[i]);
		else if (!cut_literal(r, node, glob, &glob->parts[i], &g, cut))
			return false;
	}
	cut->before[cut->n] = sigmaglob_end(&g);
	return true;
}

/* The value with the words of these numbers. */
static bool put_together(struct sigma_reader *r, const struct cut *cut, const uint32_t *word,
			 struct sigma_glob *out)
{
	size_t n = 0, len = 0;
	struct sigmaglob g;
	uint32_t i, k;

	for (i = 0; i <= cut->n; i++) {
		n += cut->before[i].n + 1;
		len += sigmaglob_len(&cut->before[i]);
		len += i < cut->n ? strlen(cut->words[i].word[word[i]]) : 0;
	}
	if (!sigmaglob_begin(&g, r->arena, n, len))
		return false;
	for (i = 0; i <= cut->n; i++) {
		for (k = 0; k < cut->before[i].n; k++)
			sigmaglob_put(&g, &cut->before[i].parts[k]);
		if (i < cut->n)
			sigmaglob_literal(&g, cut->words[i].word[word[i]],
					  strlen(cut->words[i].word[word[i]]));
	}
	*out = sigmaglob_end(&g);
	return true;
}

/* Counts like a number whose digits have each its base; false: all were there. */
static bool next_words(const struct cut *cut, uint32_t *word)
{
	uint32_t i;

	for (i = cut->n; i--; word[i] = 0)
		if (++word[i] < cut->words[i].n)
			return true;
	return false;
}

static bool expand(struct sigma_reader *r, const struct yamltree *node,
		   const struct sigma_glob *glob, struct sigma_values *into)
{
	uint32_t word[HOLDERS] = { 0 };
	struct sigma_glob one;
	struct cut cut;

	if (!cut_value(r, node, glob, &cut))
		return false;
	if (!cut.n)
		SIGMA_WARN(r, &node->place, "there is no %%name%% in it: leave out `expand`");
	do {
		if (!put_together(r, &cut, word, &one) || !sigmaenc_add(r, node, into, &one))
			return false;
	} while (next_words(&cut, word));
	return true;
}

bool sigmaexpand_apply(struct sigma_reader *r, const struct yamltree *node,
		       struct sigma_values *values)
{
	struct sigma_values into = { 0 };
	uint32_t i;

	for (i = 0; i < values->n; i++)
		if (!expand(r, node, &values->of[i], &into))
			return false;
	*values = into;
	return true;
}
