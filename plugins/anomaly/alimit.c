/* SPDX-License-Identifier: Apache-2.0 */
#include "alimit.h"

#include <stdlib.h>
#include <string.h>

#define NEVER	UINT64_MAX

/* ---- what was told ---------------------------------------------------------------*/

static uint64_t mix(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3u;
	return (h ^ 0xff) * 0x100000001b3u;
}

/* The same thing, of the same program in the same profile, has the same number. */
static uint64_t number_of(const struct afacts *f)
{
	uint64_t h = 0xcbf29ce484222325u;

	h = mix(mix(h, f->profile), f->version);
	h = mix(mix(h, f->type), f->item);
	h = mix(mix(h, f->process), f->process_known ? "" : f->program);
	return h ? h : 1;
}

static bool is_recent(uint64_t now_ns, uint64_t then_ns, uint64_t span_ns)
{
	return now_ns < then_ns || now_ns - then_ns < span_ns;
}

static uint64_t place_of(uint64_t number)
{
	return (number ^ number >> 32) & (ALIMIT_TOLD - 1);
}

/* A place for each number; who comes later takes it, and the former is told once more. */
bool alimit_is_repeated(struct alimit *l, const struct afacts *f)
{
	uint64_t number = number_of(f), at = place_of(number);

	if (l->told[at].number == number &&
	    is_recent(f->time_ns, l->told[at].time_ns, l->repeat_ns))
		return true;
	l->told[at].number = number;
	l->told[at].time_ns = f->time_ns;
	return false;
}

/* ---- windows ---------------------------------------------------------------------*/

static bool is_of(const struct alimit_window *w, const struct afacts *f)
{
	return !strcmp(w->profile, f->profile) && !strcmp(w->type, f->type) &&
	       !strcmp(w->version, f->version);
}

static struct alimit_window *window_new(const struct afacts *f)
{
	struct alimit_window *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	memcpy(w->profile, f->profile, sizeof(w->profile));
	memcpy(w->version, f->version, sizeof(w->version));
	memcpy(w->type, f->type, sizeof(w->type));
	w->begun_ns = f->time_ns;
	return w;
}

/* NULL: there is no room. */
static struct alimit_window *window_get(struct alimit *l, const struct afacts *f)
{
	struct alimit_window **free_one = NULL;
	uint32_t i;

	for (i = 0; i < ALIMIT_WINDOWS; i++) {
		if (l->windows[i] && is_of(l->windows[i], f))
			return l->windows[i];
		if (!l->windows[i] && !free_one)
			free_one = &l->windows[i];
	}
	if (!free_one)
		return NULL;
	*free_one = window_new(f);
	if (*free_one && f->time_ns + ALIMIT_WINDOW_NS < l->due_ns)
		l->due_ns = f->time_ns + ALIMIT_WINDOW_NS;
	return *free_one;
}

static void cut(struct alimit_window *w, const struct afacts *f)
{
	struct alimit_kind *k;
	uint32_t i;

	w->n_cut++;
	for (i = 0; i < w->n_kinds && strcmp(w->kinds[i].kind, f->item_kind); i++)
		;
	if (i == ALIMIT_KINDS)
		return;
	k = &w->kinds[i];
	if (i == w->n_kinds) {
		w->n_kinds++;
		memcpy(k->kind, f->item_kind, sizeof(k->kind));
		memcpy(k->first, f->item, sizeof(k->first));
	}
	k->n++;
}

bool alimit_take(struct alimit *l, const struct afacts *f)
{
	struct alimit_window *w = window_get(l, f);

	if (w && w->n >= l->max) {
		cut(w, f);
		return false;
	}
	if (w)
		w->n++;
	return true;
}

void alimit_give_back(struct alimit *l, const struct afacts *f)
{
	struct alimit_window *w = window_get(l, f);
	uint64_t number = number_of(f);

	if (l->told[place_of(number)].number == number)
		l->told[place_of(number)].number = 0;
	if (w)
		cut(w, f);
}

void alimit_end(struct alimit *l, struct alimit_window *w)
{
	uint32_t i;

	for (i = 0; l->windows[i] != w; i++)
		;
	l->windows[i] = NULL;
	free(w);
}

struct alimit_window *alimit_over(struct alimit *l, uint64_t now_ns)
{
	struct alimit_window *w;
	uint64_t due = NEVER;
	uint32_t i;

	if (now_ns < l->due_ns)
		return NULL;
	for (i = 0; i < ALIMIT_WINDOWS; i++) {
		w = l->windows[i];
		if (!w)
			continue;
		if (is_recent(now_ns, w->begun_ns, ALIMIT_WINDOW_NS))
			due = w->begun_ns + ALIMIT_WINDOW_NS < due ?
				w->begun_ns + ALIMIT_WINDOW_NS : due;
		else if (w->n_cut)
			return w;
		else
			alimit_end(l, w);
	}
	l->due_ns = due;
	return NULL;
}

/* ---- life ------------------------------------------------------------------------*/

struct alimit *alimit_new(uint32_t max, uint64_t repeat_ns)
{
	struct alimit *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->max = max;
	l->repeat_ns = repeat_ns;
	l->due_ns = NEVER;
	return l;
}

struct alimit *alimit_free(struct alimit *l)
{
	uint32_t i;

	for (i = 0; l && i < ALIMIT_WINDOWS; i++)
		free(l->windows[i]);
	free(l);
	return NULL;
}
