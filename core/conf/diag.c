/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the list of what is wrong with a configuration. Texts quote what stands
 * in files, so they are escaped here, in one place: one item stays one line.
 */
#include "conf/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

static char *escape(const char *s)
{
	char *out = malloc(strlen(s) * 4 + 1), *p = out;

	if (!out)
		return NULL;
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			p += sprintf(p, "\\x%02x", (unsigned char)*s);
		else
			*p++ = *s;
	}
	*p = 0;
	return out;
}

__attribute__((format(printf, 4, 0)))
static int item_fill(struct diag_item *it, const char *file, int line,
		     const char *fmt, va_list ap)
{
	char *text;

	memset(it, 0, sizeof(*it));
	it->line = line;
	if (vasprintf(&text, fmt, ap) < 0)
		return -ENOMEM;
	it->text = escape(text);
	free(text);
	if (file)
		it->file = escape(file);
	if (it->text && (it->file || !file))
		return 0;
	free(it->text);
	free(it->file);
	return -ENOMEM;
}

__attribute__((format(printf, 5, 0)))
static void diag_add(struct diag *d, enum diag_severity severity,
		     const char *file, int line, const char *fmt, va_list ap)
{
	struct diag_item *items;
	size_t cap;

	if (d->n == d->cap) {
		cap = d->cap ? d->cap * 2 : 16;
		items = reallocarray(d->items, cap, sizeof(*items));
		if (!items)
			return;
		d->items = items;
		d->cap = cap;
	}
	if (item_fill(&d->items[d->n], file, line, fmt, ap) < 0)
		return;
	d->items[d->n].severity = severity;
	d->n++;
}

int diag_error(struct diag *d, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	d->n_errors++;
	va_start(ap, fmt);
	diag_add(d, DIAG_ERROR, file, line, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void diag_warn(struct diag *d, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(d, DIAG_WARNING, file, line, fmt, ap);
	va_end(ap);
}

void diag_format(const struct diag_item *it, char *buf, size_t size)
{
	if (it->file && it->line)
		snprintf(buf, size, "%s:%d: %s", it->file, it->line, it->text);
	else if (it->file)
		snprintf(buf, size, "%s: %s", it->file, it->text);
	else
		snprintf(buf, size, "%s", it->text);
}

void diag_log(const struct diag *d)
{
	char line[1024];
	size_t i;

	for (i = 0; i < d->n; i++) {
		diag_format(&d->items[i], line, sizeof(line));
		log_msg(d->items[i].severity == DIAG_ERROR ? WEIR_LOG_ERROR :
			WEIR_LOG_WARNING, "%s", line);
	}
	if (d->n_errors && !d->n)
		log_error("out of memory");
}

void diag_fini(struct diag *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		free(d->items[i].file);
		free(d->items[i].text);
	}
	free(d->items);
	memset(d, 0, sizeof(*d));
}
