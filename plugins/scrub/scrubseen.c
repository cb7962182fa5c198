/* SPDX-License-Identifier: Apache-2.0 */
/* A text has one slot, by a number made of its bytes. */
#include "scrubseen.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_TEXT	240u

struct seen {
	uint32_t len, how;
	char text[SEEN_TEXT];
};

struct scrubseen {
	uint32_t mask;
	struct seen slots[];
};

struct scrubseen *scrubseen_new(uint32_t max)
{
	struct scrubseen *s;
	uint32_t n = 1;

	while (n < max)
		n *= 2;
	s = calloc(1, sizeof(*s) + (max ? n : 0) * sizeof(s->slots[0]));
	if (s)
		s->mask = max ? n - 1 : UINT32_MAX;
	return s;
}

static uint64_t word_at(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static uint64_t mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

/* Two numbers at once, as neither has to wait for the other; the ends may overlap. */
static uint64_t number_of(const char *p, uint32_t len, uint32_t how)
{
	uint64_t a = (uint64_t)how << 32 | len, b = ~a, w = 0;
	uint32_t i;

	if (len < 16) {
		for (i = 0; i < len; i++)
			w = w << 5 ^ w >> 59 ^ (uint8_t)p[i];
		return mix(a, w);
	}
	for (i = 0; i + 16 < len; i += 16) {
		a = mix(a, word_at(p + i));
		b = mix(b, word_at(p + i + 8));
	}
	return mix(mix(a, word_at(p + len - 16)), mix(b, word_at(p + len - 8)));
}

bool scrubseen_has(const struct scrubseen *s, const void *p, uint32_t len, uint32_t how,
		   uint32_t *slot)
{
	const struct seen *e;
	uint64_t number;

	*slot = UINT32_MAX;
	if (len > SEEN_TEXT || s->mask == UINT32_MAX)
		return false;
	number = number_of(p, len, how);
	*slot = (uint32_t)number & s->mask;
	e = &s->slots[*slot];
	return e->len == len && e->how == how && !memcmp(e->text, p, len);
}

void scrubseen_add(struct scrubseen *s, const void *p, uint32_t len, uint32_t how, uint32_t slot)
{
	if (slot == UINT32_MAX)
		return;
	s->slots[slot].len = len;
	s->slots[slot].how = how;
	memcpy(s->slots[slot].text, p, len);
}

struct scrubseen *scrubseen_free(struct scrubseen *s)
{
	free(s);
	return NULL;
}
