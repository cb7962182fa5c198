/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text into a buffer of fixed size: what does not fit is left out, and `full`
 * says so. Nothing is written beyond cap; there is no NUL at the end.
 */
#pragma once

#include "model.h"

struct put {
	char *p;
	size_t len, cap;
	bool full;
};

/* A word whose length the compiler knows. */
#define PUT(o, word)	put_mem(o, "" word, sizeof(word) - 1)

static inline void put_init(struct put *o, void *p, size_t cap)
{
	*o = (struct put){ p, 0, cap, false };
}

/* As much of it as there is room for: less than all. */
void put_part(struct put *o, const void *p);

static inline void put_mem(struct put *o, const void *p, size_t n)
{
	if (__builtin_expect(n > o->cap - o->len, 0)) {
		put_part(o, p);
		return;
	}
	memcpy(o->p + o->len, p, n);
	o->len += n;
}

/* Of 1 to 32 bytes. Two copies that may overlap are cheaper than a call. */
static inline void put_short(struct put *o, const char *p, size_t n)
{
	char *to = o->p + o->len;

	if (__builtin_expect(n > o->cap - o->len, 0)) {
		put_part(o, p);
		return;
	}
	o->len += n;
	if (n >= 16) {
		memcpy(to, p, 16);
		memcpy(to + n - 16, p + n - 16, 16);
	} else if (n >= 8) {
		memcpy(to, p, 8);
		memcpy(to + n - 8, p + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, p, 4);
		memcpy(to + n - 4, p + n - 4, 4);
	} else {
		to[0] = p[0];
		to[n - 1] = p[n - 1];
		to[n / 2] = p[n / 2];
	}
}

static inline void put_char(struct put *o, char c)
{
	if (o->len < o->cap)
		o->p[o->len++] = c;
	else
		o->full = true;
}

static inline void put_text(struct put *o, const char *s)
{
	put_mem(o, s, strlen(s));
}

void put_u64(struct put *o, uint64_t u);
void put_i64(struct put *o, int64_t i);
/* At least `digits` of them, lower case, no 0x. */
void put_hex(struct put *o, uint64_t u, unsigned digits);
void put_octal(struct put *o, uint64_t u, unsigned digits);
void put_bytes_hex(struct put *o, const uint8_t *p, size_t n);
void put_guid(struct put *o, const uint8_t guid[16]);

/*
 * Of whoever made the file: control characters, quotes, backslashes and bytes
 * that are no UTF-8 come out as \xNN.
 */
void put_escaped(struct put *o, const void *p, size_t n);
/* A JSON string, quotes included; bytes that are no UTF-8 become U+FFFD. */
void put_json(struct put *o, const void *p, size_t n);
static inline void put_json_text(struct put *o, const char *s)
{
	put_json(o, s, strlen(s));
}

/* Control characters in what was put since `begin` become question marks. */
void put_tame(struct put *o, size_t begin);

/* As UTF-8; a surrogate without its other half becomes U+FFFD. n: bytes. */
void put_utf16(struct put *o, const uint8_t *p, size_t n);

/* Bytes of the character that begins at p; 0: none does. */
size_t utf8_len(const uint8_t *p, size_t n);
/* Its code point, and 0 bytes if none begins there. */
size_t utf8_get(const uint8_t *p, size_t n, uint32_t *c);
