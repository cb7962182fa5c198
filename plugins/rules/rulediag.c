/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with rules, as a list. Texts quote files of others, hence no byte that
 * a terminal obeys gets through.
 */
#include "rulediag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rulefold.h"
#include "rulegrow.h"

#define TEXT_MAX	1024u	/* before it is made safe */
#define ITEMS_MAX	10000u	/* what is told; all are counted */

static bool is_plain(uint32_t c)
{
	return c != RULEFOLD_BAD && c >= 0x20 && c != 0x7f && (c < 0x80 || c > 0x9f) &&
	       c != 0x2028 && c != 0x2029;
}

/* At most size - 1 bytes and a NUL; no character is cut. */
static void make_safe(const char *text, char *out, size_t size)
{
	size_t n = strlen(text), at = 0;
	unsigned len, i;

	for (; n; text += len, n -= len) {
		if (is_plain(rulefold_get((const uint8_t *)text, n, &len))) {
			if (at + len >= size)
				break;
			memcpy(out + at, text, len);
			at += len;
			continue;
		}
		if (at + 4 * len >= size)
			break;
		for (i = 0; i < len; i++, at += 4)
			snprintf(out + at, 5, "\\x%02x", (uint8_t)text[i]);
	}
	out[at] = 0;
}

__attribute__((format(printf, 5, 0)))
static void add(struct rulediags *d, enum rulediag_level level, const struct ruleplace *at,
		const char *rule, const char *fmt, va_list ap)
{
	char text[TEXT_MAX] = "more is wrong, which is not told", safe[4 * TEXT_MAX];

	if (d->n > ITEMS_MAX || !rulegrow(&d->items, &d->cap, d->n, sizeof(*d->items)))
		return;
	if (d->n < ITEMS_MAX)
		vsnprintf(text, sizeof(text), fmt, ap);
	else
		level = RULEDIAG_NOTE;
	make_safe(text, safe, sizeof(safe));
	d->items[d->n] = (struct rulediag){ level, *at, strdup(safe), rule };
	if (d->items[d->n].text)
		d->n++;
}

int rulediag_error(struct rulediags *d, const struct ruleplace *at, const char *rule,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, RULEDIAG_ERROR, at, rule, fmt, ap);
	va_end(ap);
	d->n_errors++;
	return -1;
}

void rulediag_warn(struct rulediags *d, const struct ruleplace *at, const char *rule,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, RULEDIAG_WARNING, at, rule, fmt, ap);
	va_end(ap);
}

void rulediag_format(const struct rulediag *it, char *buf, size_t size)
{
	static const char *const levels[] = { "error", "warning", "note" };
	char file[512], rule[512], place[32] = "";

	if (!size)
		return;
	make_safe(it->place.file ? it->place.file : "rules", file, sizeof(file));
	make_safe(it->rule ? it->rule : "", rule, sizeof(rule));
	if (it->place.line)
		snprintf(place, sizeof(place), ":%u:%u", it->place.line, it->place.col);
	snprintf(buf, size, "%s%s: %s: %s%s%s", file, place, levels[it->level], rule,
		 *rule ? ": " : "", it->text);
}

void rulediag_fini(struct rulediags *d)
{
	uint32_t i;

	for (i = 0; i < d->n; i++)
		free(d->items[i].text);
	free(d->items);
	*d = (struct rulediags){ 0 };
}
