/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the lists. No memory is one more thing that is told: as untold. */
#include "logfaults.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add(struct logfaults *f, struct logplace at, bool note, const char *fmt, va_list ap)
{
	struct logfault *p = f->faults;
	size_t cap = f->cap ? 2 * f->cap : 64;
	char *text;

	f->n_faults += !note;
	if (f->n >= LOGFAULTS_MAX || vasprintf(&text, fmt, ap) < 0) {
		f->n_untold++;
		return;
	}
	if (f->n == f->cap) {
		p = realloc(f->faults, cap * sizeof(*p));
		if (!p) {
			free(text);
			f->n_untold++;
			return;
		}
		f->faults = p;
		f->cap = cap;
	}
	p[f->n] = (struct logfault){ at, note, f->n, text };
	f->n++;
}

void logfault_add(struct logfaults *f, struct logplace at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, at, false, fmt, ap);
	va_end(ap);
}

void lognote_add(struct logfaults *f, struct logplace at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, at, true, fmt, ap);
	va_end(ap);
}

/* ---- their order ---------------------------------------------------------------*/

struct order {
	char *const *files;
	size_t n;
};

/* The log as a whole comes last. */
static size_t place_of(const struct order *o, const char *file)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->files[i] == file)
			return i;
	return o->n;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct logfault *x = a, *y = b;
	size_t i = place_of(arg, x->at.file), j = place_of(arg, y->at.file);

	if (i != j)
		return i < j ? -1 : 1;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void logfaults_sort(struct logfaults *f, char *const *files, size_t n)
{
	struct order o = { files, n };

	if (f->n)
		qsort_r(f->faults, f->n, sizeof(*f->faults), compare, &o);
}

void logfaults_fini(struct logfaults *f)
{
	while (f->n)
		free(f->faults[--f->n].text);
	free(f->faults);
	*f = (struct logfaults){ 0 };
}

const char *logrange(const char *what, uint64_t from, uint64_t to, char text[LOGRANGE_TEXT])
{
	if (from == to)
		snprintf(text, LOGRANGE_TEXT, "%s %" PRIu64, what, from);
	else
		snprintf(text, LOGRANGE_TEXT, "%ss %" PRIu64 " to %" PRIu64, what, from, to);
	return text;
}

/* ---- gaps ----------------------------------------------------------------------*/

static bool room(struct loggaps *g)
{
	size_t cap = g->cap ? 2 * g->cap : 16;
	struct loggap *p;

	if (g->n < g->cap)
		return true;
	p = realloc(g->gaps, cap * sizeof(*p));
	if (!p)
		return false;
	g->gaps = p;
	g->cap = cap;
	return true;
}

void loggap_add(struct loggaps *g, uint64_t from, uint64_t to, struct logplace at)
{
	if (room(g))
		g->gaps[g->n++] = (struct loggap){ from, to, at };
}

/* What comes late is mostly of the last gaps. */
bool loggap_fill(struct loggaps *g, uint64_t number)
{
	size_t i, stop = g->n > LOGGAPS_MAX ? g->n - LOGGAPS_MAX : 0;
	struct loggap *gap, old;

	for (i = g->n; i > stop; i--) {
		gap = &g->gaps[i - 1];
		if (number < gap->from || number > gap->to)
			continue;
		old = *gap;
		if (old.from == old.to) {
			memmove(gap, gap + 1, (g->n - i) * sizeof(*gap));
			g->n--;
		} else if (number == old.from) {
			gap->from++;
		} else {
			gap->to = number - 1;
			if (number < old.to)
				loggap_add(g, number + 1, old.to, old.at);
		}
		return true;
	}
	return false;
}

uint64_t loggaps_sum(const struct loggaps *g)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < g->n; i++)
		n += g->gaps[i].to - g->gaps[i].from + 1;
	return n;
}

void loggaps_fini(struct loggaps *g)
{
	free(g->gaps);
	*g = (struct loggaps){ 0 };
}
