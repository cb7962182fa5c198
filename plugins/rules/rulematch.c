/* SPDX-License-Identifier: Apache-2.0 */
/* Gives the matcher its arrays. An index outside of one is nothing, as in a map. */
#include "rulematch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct match {
	const struct ruleset *set;
	const struct match_value *values;
	struct match_work *w;
};

#define ELEMENT(type, name, array, count) \
	static inline const type *name(const struct match *m, weir_u32 i) \
	{ \
		return i < m->set->count ? &m->set->array[i] : NULL; \
	}

ELEMENT(struct match_cell, match_cell, cells, n_cells)
ELEMENT(struct match_out, match_out, outs, n_outs)
ELEMENT(struct match_automaton, match_automaton, automata, n_automata)
ELEMENT(struct match_field, match_field, fields, image.n_fields)
ELEMENT(struct match_bit, match_bit, bits, image.n_bits)
ELEMENT(struct match_test, match_test, tests, n_tests)
ELEMENT(struct match_dfa, match_dfa, dfas, n_dfas)
ELEMENT(struct match_rule, match_rule, rules, image.n_rules)
ELEMENT(weir_u32, match_list, list, n_list)
ELEMENT(weir_u32, match_op, ops, n_ops)
ELEMENT(weir_u16, match_next, next, n_next)

static inline const struct match_value *match_value(const struct match *m, weir_u32 field)
{
	return field < m->set->image.n_fields ? &m->values[field] : NULL;
}

static inline weir_u8 match_byte(const struct match *m, const struct match_value *v, weir_u32 at)
{
	(void)m;
	return ((const weir_u8 *)(uintptr_t)v->at)[at];
}

static inline void match_loop(struct match *m, weir_u32 n, int (*step)(struct match *))
{
	while (n-- && !step(m))
		;
}

static int match_part(const struct match *m, const struct match_value *v,
		      const struct match_test *t);

/* What lies above it is known to the kernel. */
static inline int match_cgroup(const struct match *m, const struct match_value *v,
			       const struct match_test *t)
{
	(void)m;
	return v->number == t->value ? MATCH_TRUE : MATCH_UNKNOWN;
}

#include "matchrun.bpf.h"

/* ---- points of time ----------------------------------------------------------------*/

static bool part_of(const struct tm *tm, enum sigma_timepart part, int64_t *out)
{
	char week[4];

	switch (part) {
	case SIGMA_MINUTE:
		*out = tm->tm_min;
		break;
	case SIGMA_HOUR:
		*out = tm->tm_hour;
		break;
	case SIGMA_DAY:
		*out = tm->tm_mday;
		break;
	case SIGMA_WEEK:
		if (!strftime(week, sizeof(week), "%V", tm))
			return false;
		*out = atoi(week);
		break;
	case SIGMA_MONTH:
		*out = tm->tm_mon + 1;
		break;
	default:
		*out = tm->tm_year + 1900;
	}
	return true;
}

/* Seconds since 1970, or a date and time in the form of RFC 3339, taken for UTC. */
static bool time_of(const struct match_value *v, struct tm *tm)
{
	char text[32] = "";
	time_t t;

	memset(tm, 0, sizeof(*tm));
	if (v->flags & MATCH_VALUE_NUMBER) {
		t = (time_t)v->number;
		return gmtime_r(&t, tm) != NULL;
	}
	if (!(v->flags & MATCH_VALUE_TEXT) || v->len < 10)
		return false;
	memcpy(text, (const char *)(uintptr_t)v->at, v->len < 31 ? v->len : 31);
	if (text[10] == 'T')
		text[10] = ' ';
	if (!strptime(text, v->len > 10 ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d", tm))
		return false;
	t = timegm(tm);		/* the day of the week, for the number of the week */
	return gmtime_r(&t, tm) != NULL;
}

static int match_part(const struct match *m, const struct match_value *v,
		      const struct match_test *t)
{
	int64_t part;
	struct tm tm;

	(void)m;
	if (!time_of(v, &tm) || !part_of(&tm, t->more, &part))
		return MATCH_FALSE;
	return part == t->value;
}

/* ---- life ------------------------------------------------------------------------*/

struct rulematch {
	struct match match;
	struct match_work work;
};

struct rulematch *rulematch_new(const struct ruleset *set)
{
	struct rulematch *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->match.set = set;
	m->match.w = &m->work;
	return m;
}

const struct match_found *rulematch_run(struct rulematch *m, uint32_t type,
					const struct match_value *values, uint32_t *n)
{
	m->match.values = values;
	match_event(&m->match, &m->match.set->image, type);
	*n = m->work.n_found;
	return m->work.found;
}

uint32_t rulematch_more(const struct rulematch *m)
{
	return m->work.more;
}

bool rulematch_overflow(const struct rulematch *m)
{
	return m->work.overflow;
}

uint32_t rulematch_tried(const struct rulematch *m)
{
	return m->work.n_cands;
}

struct rulematch *rulematch_free(struct rulematch *m)
{
	free(m);
	return NULL;
}
