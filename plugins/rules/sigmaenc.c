/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modifiers that make other texts of a value, one or several: dashes, encodings, and what
 * may stand before and behind.
 */
#include <string.h>

#include "rulefold.h"
#include "sigmaglob.h"
#include "sigmamod.h"

#define DASHES	8u	/* of a value: 5^8 is more than any rule takes */

bool sigmaenc_add(struct sigma_reader *r, const struct yamltree *node,
		  struct sigma_values *values, const struct sigma_glob *one)
{
	r->n_bytes += sigmaglob_len(one);
	if (values->n >= r->own->conf.max_values - r->n_values || r->n_bytes > SIGMA_BYTES) {
		SIGMA_ERROR(r, &node->place, "with this one and what modifiers make of it, the "
			    "rule has more than %u values, or %u MiB of them",
			    r->own->conf.max_values, SIGMA_BYTES >> 20);
		return false;
	}
	if (!rulearena_more(r->arena, &values->of, values->n, &values->cap, sizeof(*values->of)))
		return false;
	values->of[values->n++] = *one;
	return true;
}

/* ---- windash ---------------------------------------------------------------------*/

static bool is_in(uint32_t c, const uint32_t (*ranges)[2], size_t n)
{
	while (n--)
		if (c >= ranges[n][0] && c <= ranges[n][1])
			return true;
	return false;
}

/* What regular expressions call a word's character, but for rare signs. */
static bool is_word(uint32_t c)
{
	static const uint32_t no_words[][2] = {
		{ 0x80, 0xa9 }, { 0xab, 0xb1 }, { 0xb4, 0xb4 }, { 0xb6, 0xb8 }, { 0xbb, 0xbb },
		{ 0xbf, 0xbf }, { 0xd7, 0xd7 }, { 0xf7, 0xf7 }, { 0x300, 0x36f },
		{ 0x2000, 0x206f }, { 0x20a0, 0x20cf }, { 0x2190, 0x245f }, { 0x2500, 0x2bff },
		{ 0x3000, 0x3004 }, { 0x3008, 0x3020 }, { 0x3030, 0x3030 }, { 0xe000, 0xf8ff },
		{ 0xfe00, 0xfe6f }, { 0xff00, 0xff0f }, { 0xff1a, 0xff20 }, { 0xff3b, 0xff40 },
		{ 0xff5b, 0xff65 }, { 0x1f000, 0x1faff }, { RULEFOLD_BAD, RULEFOLD_BAD },
	};

	if (c < 0x80)
		return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		       c == '_';
	return !is_in(c, no_words, sizeof(no_words) / sizeof(no_words[0]));
}

/* A dash before a word's character and not behind one; its places, at most DASHES + 1. */
static uint32_t find_dashes(const struct sigma_part *part, const char **at, uint32_t n)
{
	const char *p = part->text, *end = p + part->len;
	uint32_t c, before = ' ';
	unsigned len, unused;

	for (; p < end && n <= DASHES; p += len, before = c) {
		c = rulefold_get((const uint8_t *)p, (size_t)(end - p), &len);
		if ((c == '-' || c == '/') && !is_word(before) && p + 1 < end &&
		    is_word(rulefold_get((const uint8_t *)p + 1, (size_t)(end - p - 1), &unused)))
			at[n++] = p;
	}
	return n;
}

/* The part with dash number k by its digit of base 5. */
static void put_dashes(struct sigmaglob *g, const struct sigma_part *part,
		       const char *const *at, uint32_t n, uint32_t *number)
{
	static const char *const dashes[] = { "-", "/", "\u2013", "\u2014", "\u2015" };
	const char *p = part->text, *end = p + part->len;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (at[i] < p || at[i] >= end)
			continue;
		sigmaglob_literal(g, p, (size_t)(at[i] - p));
		sigmaglob_literal(g, dashes[*number % 5], strlen(dashes[*number % 5]));
		*number /= 5;
		p = at[i] + 1;
	}
	sigmaglob_literal(g, p, (size_t)(end - p));
}

static bool windash(struct sigma_reader *r, const struct yamltree *node,
		    const struct sigma_glob *glob, struct sigma_values *into)
{
	uint32_t i, k, number, n = 0, total = 1;
	const char *at[DASHES + 1];
	struct sigma_glob one;
	struct sigmaglob g;

	for (i = 0; i < glob->n; i++)
		if (glob->parts[i].kind == SIGMA_LITERAL)
			n = find_dashes(&glob->parts[i], at, n);
	if (n > DASHES) {
		SIGMA_ERROR(r, &node->place, "`windash` is for at most %u dashes in a value",
			    DASHES);
		return false;
	}
	for (i = 0; i < n; i++)
		total *= 5;
	for (i = 0; i < total; i++) {
		number = i;
		if (!sigmaglob_begin(&g, r->arena, glob->n, sigmaglob_len(glob) + 2 * n))
			return false;
		for (k = 0; k < glob->n; k++)
			if (glob->parts[k].kind == SIGMA_LITERAL)
				put_dashes(&g, &glob->parts[k], at, n, &number);
			else
				sigmaglob_put(&g, &glob->parts[k]);
		one = sigmaglob_end(&g);
		if (!sigmaenc_add(r, node, into, &one))
			return false;
	}
	return true;
}

/* ---- UTF-16 ----------------------------------------------------------------------*/

static size_t put_unit(char *to, uint32_t unit, bool big)
{
	to[big ? 0 : 1] = (char)(unit >> 8);
	to[big ? 1 : 0] = (char)(unit & 0xff);
	return 2;
}

static void put_wide(struct sigmaglob *g, const struct sigma_part *part, bool big)
{
	const uint8_t *p = (const uint8_t *)part->text, *end = p + part->len;
	unsigned len;
	char to[4];
	uint32_t c;
	size_t n;

	for (; p < end; p += len) {
		c = rulefold_get(p, (size_t)(end - p), &len);
		if (c == RULEFOLD_BAD)
			c = 0xfffd;
		n = put_unit(to, c < 0x10000 ? c : 0xd800 + ((c - 0x10000) >> 10), big);
		if (c >= 0x10000)
			n += put_unit(to + n, 0xdc00 + ((c - 0x10000) & 0x3ff), big);
		sigmaglob_literal(g, to, n);
	}
}

static bool wide(struct sigma_reader *r, enum sigmamod_id id, const struct yamltree *node,
		 const struct sigma_glob *glob, struct sigma_values *into)
{
	struct sigma_glob one;
	struct sigmaglob g;
	uint32_t i;

	if (sigmaglob_has(glob, SIGMA_ONE)) {
		SIGMA_ERROR(r, &node->place, "the wildcard ? cannot be in a value that is "
			    "encoded: \\? for a question mark");
		return false;
	}
	if (!sigmaglob_begin(&g, r->arena, (size_t)glob->n + 1, 2 * sigmaglob_len(glob) + 2))
		return false;
	if (id == SIGMAMOD_UTF16)
		sigmaglob_literal(&g, "\xff\xfe", 2);
	for (i = 0; i < glob->n; i++)
		if (glob->parts[i].kind == SIGMA_LITERAL)
			put_wide(&g, &glob->parts[i], id == SIGMAMOD_UTF16BE);
		else
			sigmaglob_put(&g, &glob->parts[i]);
	one = sigmaglob_end(&g);
	return sigmaenc_add(r, node, into, &one);
}

/* ---- base64 ----------------------------------------------------------------------*/

static size_t encode(const uint8_t *in, size_t n, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, len = 0;
	uint32_t v;

	for (i = 0; i < n; i += 3) {
		v = (uint32_t)in[i] << 16 | (i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0) |
		    (i + 2 < n ? in[i + 2] : 0);
		out[len++] = digits[v >> 18];
		out[len++] = digits[v >> 12 & 63];
		out[len++] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		out[len++] = i + 2 < n ? digits[v & 63] : '=';
	}
	return len;
}

static bool add_encoded(struct sigma_reader *r, const struct yamltree *node,
			const struct sigma_glob *glob, unsigned shift, bool is_part,
			struct sigma_values *into)
{
	static const unsigned begin[] = { 0, 2, 3 }, end[] = { 0, 3, 2 };
	size_t n = sigmaglob_len(glob) + shift, len;
	uint8_t *in = rulearena_get(r->arena, n, 1);
	char *out = rulearena_get(r->arena, n / 3 * 4 + 4, 1);
	struct sigma_glob one;

	if (!in || !out)
		return false;
	memset(in, ' ', shift);
	if (glob->n)
		memcpy(in + shift, glob->parts[0].text, glob->parts[0].len);
	len = encode(in, n, out);
	if (is_part) {
		len -= begin[shift] + end[n % 3];
		out += begin[shift];
	}
	return sigmaglob_plain(r->arena, out, len, &one) && sigmaenc_add(r, node, into, &one);
}

static bool base64(struct sigma_reader *r, enum sigmamod_id id, const struct yamltree *node,
		   const struct sigma_glob *glob, struct sigma_values *into)
{
	size_t least = id == SIGMAMOD_BASE64 ? 1 : 2;
	unsigned shift;

	if (sigmaglob_has(glob, SIGMA_ANY) || sigmaglob_has(glob, SIGMA_ONE)) {
		SIGMA_ERROR(r, &node->place, "a wildcard cannot be in a value that is encoded: "
			    "\\* and \\? for the characters");
		return false;
	}
	if (sigmaglob_len(glob) < least) {
		SIGMA_ERROR(r, &node->place, "too short to be encoded: at least %zu bytes",
			    least);
		return false;
	}
	if (id == SIGMAMOD_BASE64)
		return add_encoded(r, node, glob, 0, false, into);
	for (shift = 0; shift < 3; shift++)
		if (!add_encoded(r, node, glob, shift, true, into))
			return false;
	return true;
}

/* ---- all of them -----------------------------------------------------------------*/

static bool open_ends(struct sigma_reader *r, enum sigmamod_id id, const struct yamltree *node,
		      const struct sigma_glob *glob, struct sigma_values *into)
{
	struct sigma_glob one = *glob;

	if (!glob->n)
		SIGMA_WARN(r, &node->place, "an empty text is in each value: write `*` if any "
			   "is meant");
	return sigmaglob_open(r->arena, id != SIGMAMOD_STARTSWITH, id != SIGMAMOD_ENDSWITH,
			      &one) &&
	       sigmaenc_add(r, node, into, &one);
}

static bool apply(struct sigma_reader *r, enum sigmamod_id id, const struct yamltree *node,
		  const struct sigma_glob *glob, struct sigma_values *into)
{
	switch (id) {
	case SIGMAMOD_WINDASH:
		return windash(r, node, glob, into);
	case SIGMAMOD_WIDE:
	case SIGMAMOD_UTF16:
	case SIGMAMOD_UTF16LE:
	case SIGMAMOD_UTF16BE:
		return wide(r, id, node, glob, into);
	case SIGMAMOD_BASE64:
	case SIGMAMOD_BASE64OFFSET:
		return base64(r, id, node, glob, into);
	case SIGMAMOD_CONTAINS:
	case SIGMAMOD_STARTSWITH:
	case SIGMAMOD_ENDSWITH:
		return open_ends(r, id, node, glob, into);
	default:
		return sigmaenc_add(r, node, into, glob);
	}
}

bool sigmaenc_apply(struct sigma_reader *r, enum sigmamod_id id, const struct yamltree *node,
		    struct sigma_values *values)
{
	struct sigma_values into = { 0 };
	uint32_t i;

	for (i = 0; i < values->n; i++)
		if (!apply(r, id, node, &values->of[i], &into))
			return false;
	*values = into;
	return true;
}
