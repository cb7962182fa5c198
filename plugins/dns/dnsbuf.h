/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows in memory of a fixed size. What finds no room sets `full`. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct dnsbuf {
	char *p;
	uint32_t len, cap;
	bool full;
};

static inline void dnsbuf_byte(struct dnsbuf *b, char c)
{
	if (b->len < b->cap)
		b->p[b->len++] = c;
	else
		b->full = true;
}

__attribute__((format(printf, 2, 3)))
static inline void dnsbuf_print(struct dnsbuf *b, const char *fmt, ...)
{
	uint32_t room = b->cap - b->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(b->p + b->len, room, fmt, ap);
	va_end(ap);
	/* The NUL needs room, too. */
	if (n < 0 || (uint32_t)n >= room)
		b->full = true;
	else
		b->len += (uint32_t)n;
}
