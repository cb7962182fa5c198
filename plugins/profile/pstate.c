/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only four states are kept; each has a way out but STABLE, which only a new version
 * or a person ends. Warm-up is a matter of the instance that the event is of, and
 * fullness one of the whole profile: both are said of the event, and kept nowhere, so
 * they cannot take the place of what was found out.
 *
 * STABLE holds for young instances too, once a whole warm-up was seen. Before, the
 * sensor may have come later than the workload, and never have seen it begin.
 */
#include "pstate.h"

static uint32_t since(uint32_t now_s, uint32_t then_s)
{
	return now_s > then_s ? now_s - then_s : 0;
}

static void enter(struct pstate *p, enum pstate_is is, uint32_t now_s)
{
	p->is = (uint8_t)is;
	p->since_s = now_s;
}

static void begin_learning(struct pstate *p, uint32_t now_s)
{
	enter(p, PSTATE_LEARNING, now_s);
	p->new_s = now_s;
}

static bool is_young(const struct pstate_conf *c, const struct pstate_ask *ask)
{
	return since(ask->now_s, ask->start_s) < c->warmup_s;
}

static bool was_warm(const struct pstate *p, uint32_t now_s)
{
	return p->warm_s && now_s >= p->warm_s;
}

static void move_on(struct pstate *p, const struct pstate_conf *c, enum ptype type, uint32_t now_s)
{
	if (p->is == PSTATE_UNSTABLE && since(now_s, p->new_s) >= c->quiet_s)
		begin_learning(p, now_s);
	else if (p->is == PSTATE_LEARNING && since(now_s, p->new_s) >= c->stable_s[type])
		enter(p, PSTATE_STABLE, now_s);
	else if (p->is == PSTATE_LEARNING && since(now_s, p->since_s) >= c->unstable_s)
		enter(p, PSTATE_UNSTABLE, now_s);
}

enum pstate_is pstate_at(struct pstate *p, const struct pstate_conf *c, enum ptype type,
			 const struct pstate_ask *ask)
{
	bool young = is_young(c, ask);

	if (p->is == PSTATE_NONE)
		begin_learning(p, ask->now_s);
	if (young && !p->warm_s)
		p->warm_s = ask->start_s + c->warmup_s;
	if (!young)
		move_on(p, c, type, ask->now_s);
	if (p->is == PSTATE_STABLE && (!young || was_warm(p, ask->now_s)))
		return PSTATE_STABLE;
	if (p->is == PSTATE_UNSTABLE && !young)
		return PSTATE_UNSTABLE;
	if (ask->full)
		return PSTATE_FULL;
	return young ? PSTATE_WARMUP : PSTATE_LEARNING;
}

enum pstate_is pstate_look(const struct pstate *p, const struct pstate_conf *c, enum ptype type,
			   const struct pstate_ask *ask)
{
	struct pstate copy = *p;

	return pstate_at(&copy, c, type, ask);
}

void pstate_new(struct pstate *p, uint32_t now_s)
{
	if (now_s > p->new_s)
		p->new_s = now_s;
}

void pstate_pause(struct pstate *p, uint32_t gap_s)
{
	if (p->is == PSTATE_NONE)
		return;
	p->since_s += gap_s;
	p->new_s += gap_s;
}

void pstate_forget(struct pstate *p)
{
	*p = (struct pstate){ .is = PSTATE_NONE };
}

bool pstate_learns(enum pstate_is is)
{
	return is != PSTATE_NONE && !pstate_judges(is);
}

bool pstate_judges(enum pstate_is is)
{
	return is == PSTATE_STABLE || is == PSTATE_FROZEN;
}

const char *pstate_name(enum pstate_is is)
{
	static const char *const names[PSTATE__MAX] = {
		[PSTATE_NONE] = "no_profile", [PSTATE_LEARNING] = "learning",
		[PSTATE_STABLE] = "stable", [PSTATE_UNSTABLE] = "unstable",
		[PSTATE_WARMUP] = "warming_up", [PSTATE_FULL] = "at_maximum_size",
		[PSTATE_FROZEN] = "frozen",
	};

	return names[is];
}
