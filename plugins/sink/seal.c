/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the digest of a line, and the text of a seal. */
#include "plugins/sink/seal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sealer {
	EVP_MD_CTX *ctx;
	EVP_PKEY *key;		/* NULL: a plain digest */
};

static const char *const names[] = { [SEAL_SHA256] = "sha256", [SEAL_HMAC] = "hmac" };

struct sealer *sealer_new(const void *key, size_t len)
{
	struct sealer *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ctx = EVP_MD_CTX_new();
	if (key)
		s->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key, len);
	return s->ctx && (!key || s->key) ? s : sealer_free(s);
}

enum seal_kind sealer_kind(const struct sealer *s)
{
	return !s ? SEAL_NONE : s->key ? SEAL_HMAC : SEAL_SHA256;
}

struct sealer *sealer_free(struct sealer *s)
{
	if (!s)
		return NULL;
	EVP_MD_CTX_free(s->ctx);
	EVP_PKEY_free(s->key);
	free(s);
	return NULL;
}

/* ---- digests -------------------------------------------------------------------*/

static bool digest_begin(struct sealer *s)
{
	if (s->key)
		return EVP_DigestSignInit(s->ctx, NULL, EVP_sha256(), NULL, s->key) == 1;
	return EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) == 1;
}

static bool digest_add(struct sealer *s, const void *p, size_t n)
{
	if (s->key)
		return EVP_DigestSignUpdate(s->ctx, p, n) == 1;
	return EVP_DigestUpdate(s->ctx, p, n) == 1;
}

static bool digest_end(struct sealer *s, uint8_t digest[SEAL_DIGEST])
{
	size_t n = SEAL_DIGEST;

	if (s->key)
		return EVP_DigestSignFinal(s->ctx, digest, &n) == 1;
	return EVP_DigestFinal_ex(s->ctx, digest, NULL) == 1;
}

bool sealer_next(struct sealer *s, struct seal *at, const char *line, size_t len)
{
	struct seal next = { .n = at->n + 1 };
	uint8_t n[8];
	unsigned i;

	for (i = 0; i < 8; i++)
		n[i] = (uint8_t)(next.n >> (56 - 8 * i));
	if (!digest_begin(s) || !digest_add(s, at->digest, SEAL_DIGEST) ||
	    !digest_add(s, n, sizeof(n)) || !digest_add(s, line, len) ||
	    !digest_end(s, next.digest))
		return false;
	*at = next;
	return true;
}

/* ---- text ----------------------------------------------------------------------*/

static void hex_put(char *to, const uint8_t digest[SEAL_DIGEST])
{
	unsigned i;

	for (i = 0; i < SEAL_DIGEST; i++) {
		to[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		to[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_get(const char *from, uint8_t digest[SEAL_DIGEST])
{
	int high, low;
	unsigned i;

	for (i = 0; i < SEAL_DIGEST; i++) {
		high = hex_digit(from[2 * i]);
		low = hex_digit(from[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

size_t seal_print(char text[SEAL_TEXT_MAX], enum seal_kind kind, const struct seal *at)
{
	int n = snprintf(text, SEAL_TEXT_MAX, ",\"seal\":{\"n\":%llu,\"%s\":\"",
			 (unsigned long long)at->n, names[kind]);

	hex_put(text + n, at->digest);
	memcpy(text + n + 2 * SEAL_DIGEST, "\"}}", 3);
	return (size_t)n + 2 * SEAL_DIGEST + 3;
}

/* Where the last `,"seal":` begins; it stands within SEAL_TEXT_MAX of the end. */
static const char *seal_find(const char *line, size_t len)
{
	static const char begin[] = ",\"seal\":{\"n\":";
	const size_t n = sizeof(begin) - 1;
	const char *stop = len > SEAL_TEXT_MAX ? line + len - SEAL_TEXT_MAX : line, *p;

	if (len < n)
		return NULL;
	for (p = line + len - n; p >= stop; p--)
		if (!memcmp(p, begin, n))
			return p;
	return NULL;
}

/* What is read must be, byte for byte, what would be printed. */
enum seal_kind seal_read(const char *line, size_t *len, struct seal *told)
{
	const char *p = seal_find(line, *len), *hex = line + *len - 3 - 2 * SEAL_DIGEST;
	char text[SEAL_TEXT_MAX];
	struct seal s = { 0 };
	enum seal_kind kind;
	size_t n;

	if (!p || hex <= p || !hex_get(hex, s.digest))
		return SEAL_NONE;
	for (p += strlen(",\"seal\":{\"n\":"); *p >= '0' && *p <= '9'; p++)
		s.n = s.n * 10 + (uint64_t)(*p - '0');
	p = seal_find(line, *len);
	for (kind = SEAL_SHA256; kind <= SEAL_HMAC; kind++) {
		n = seal_print(text, kind, &s);
		if (n == (size_t)(line + *len - p) && !memcmp(p, text, n)) {
			*len = (size_t)(p - line);
			*told = s;
			return kind;
		}
	}
	return SEAL_NONE;
}
