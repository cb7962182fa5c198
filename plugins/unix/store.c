/* SPDX-License-Identifier: Apache-2.0 */
/* Owns a ring of bytes and a ring of lines. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#define LINE_LEAST	64u	/* bytes for each line in the ring of lines */

bool store_init(struct store *s, size_t size)
{
	*s = (struct store){ .cap = size, .max = (uint32_t)(size / LINE_LEAST) };
	s->p = malloc(size);
	s->lines = malloc(s->max * sizeof(*s->lines));
	return s->p && s->lines;
}

bool store_add(struct store *s, const void *line, uint32_t len)
{
	size_t at = s->end % s->cap, head = len < s->cap - at ? len : s->cap - at;

	if (len > s->cap)
		return false;
	while (s->first < s->next && (s->next - s->first == s->max ||
	       s->end + len - s->lines[s->first % s->max].at > s->cap))
		s->first++;
	memcpy(s->p + at, line, head);
	memcpy(s->p, (const char *)line + head, len - head);
	s->lines[s->next++ % s->max] = (struct stored){ s->end, len };
	s->end += len;
	return true;
}

int store_get(const struct store *s, uint64_t number, uint32_t from, struct iovec iov[2])
{
	const struct stored *line = &s->lines[number % s->max];
	size_t at = (line->at + from) % s->cap, len = line->len - from;
	size_t head = len < s->cap - at ? len : s->cap - at;

	iov[0] = (struct iovec){ s->p + at, head };
	iov[1] = (struct iovec){ s->p, len - head };
	return len > head ? 2 : 1;
}

void store_fini(struct store *s)
{
	free(s->p);
	free(s->lines);
	*s = (struct store){ 0 };
}
