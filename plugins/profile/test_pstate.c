/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine, with a clock of the test's: each way between states, and none that is not one. */
#include "pstate.h"
#include "tap.h"

#define T0	1000000u
#define WARM	180u
#define STABLE	900u
#define UNSTABLE 3600u
#define QUIET	3600u

static const struct pstate_conf conf = {
	.warmup_s = WARM, .unstable_s = UNSTABLE, .quiet_s = QUIET,
	.stable_s = { [PTYPE_EXEC] = STABLE, [PTYPE_FILE] = STABLE, [PTYPE_DNS] = 2 * STABLE,
		[PTYPE_CONNECT] = STABLE, [PTYPE_BIND] = STABLE, [PTYPE_SIGNAL] = STABLE,
		[PTYPE_MODULE] = STABLE, [PTYPE_CREDENTIALS] = STABLE, [PTYPE_MOUNT] = STABLE,
		[PTYPE_SYSCALL] = STABLE, [PTYPE_CAPABILITY] = STABLE },
};

/* An event: when, in an instance how old, new or not, with a full profile or not. */
struct step {
	uint32_t at, age;
	bool is_new, full;
	enum pstate_is want;
};

#define STEPS	12
#define OLD	100000u

static const struct {
	const char *what;
	enum ptype type;
	struct step steps[STEPS];	/* ended by one at 0 that is not the first */
} rows[] = {
	{ "the first event of an old instance is learnt", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING } } },
	{ "the first event of a young one warms up", PTYPE_EXEC, {
		{ 0, 0, true, false, PSTATE_WARMUP } } },
	{ "warm-up ends with its time", PTYPE_EXEC, {
		{ 0, 0, true, false, PSTATE_WARMUP },
		{ WARM - 1, WARM - 1, false, false, PSTATE_WARMUP },
		{ WARM, WARM, false, false, PSTATE_LEARNING } } },
	{ "warm-up, then stable, when it was quiet meanwhile", PTYPE_EXEC, {
		{ 0, 0, true, false, PSTATE_WARMUP },
		{ STABLE, STABLE, false, false, PSTATE_STABLE } } },
	{ "quiet long enough is stable", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ STABLE - 1, OLD, false, false, PSTATE_LEARNING },
		{ STABLE, OLD, false, false, PSTATE_STABLE } } },
	{ "each type has its time", PTYPE_DNS, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ STABLE, OLD, false, false, PSTATE_LEARNING },
		{ 2 * STABLE, OLD, false, false, PSTATE_STABLE } } },
	{ "what is new begins the time anew", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ STABLE - 1, OLD, true, false, PSTATE_LEARNING },
		{ STABLE + 1, OLD, false, false, PSTATE_LEARNING },
		{ 2 * STABLE - 1, OLD, false, false, PSTATE_STABLE } } },
	{ "never quiet is unstable", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ 800, OLD, true, false, PSTATE_LEARNING },
		{ 1600, OLD, true, false, PSTATE_LEARNING },
		{ 2400, OLD, true, false, PSTATE_LEARNING },
		{ 3200, OLD, true, false, PSTATE_LEARNING },
		{ UNSTABLE, OLD, true, false, PSTATE_UNSTABLE } } },
	{ "quiet for an hour and a look at last: stable comes before unstable", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ UNSTABLE, OLD, true, false, PSTATE_STABLE } } },
	{ "unstable decays", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ 899, OLD, true, false, PSTATE_LEARNING },
		{ 1700, OLD, true, false, PSTATE_LEARNING },
		{ 2500, OLD, true, false, PSTATE_LEARNING },
		{ 3300, OLD, true, false, PSTATE_LEARNING },
		{ 3700, OLD, true, false, PSTATE_UNSTABLE },
		{ 3700 + QUIET - 1, OLD, false, false, PSTATE_UNSTABLE },
		{ 3700 + QUIET, OLD, false, false, PSTATE_LEARNING },
		{ 3700 + QUIET + STABLE - 1, OLD, false, false, PSTATE_LEARNING },
		{ 3700 + QUIET + STABLE, OLD, false, false, PSTATE_STABLE } } },
	{ "unstable is so for as long as something is new", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ 899, OLD, true, false, PSTATE_LEARNING },
		{ 1700, OLD, true, false, PSTATE_LEARNING },
		{ 2500, OLD, true, false, PSTATE_LEARNING },
		{ 3300, OLD, true, false, PSTATE_LEARNING },
		{ 3700, OLD, true, false, PSTATE_UNSTABLE },
		{ 5000, OLD, true, false, PSTATE_UNSTABLE },
		{ 3700 + QUIET, OLD, false, false, PSTATE_UNSTABLE } } },
	{ "a young instance does not take stable away", PTYPE_EXEC, {
		{ 0, 0, true, false, PSTATE_WARMUP },
		{ 2000, 2000, false, false, PSTATE_STABLE },
		{ 2001, 0, true, false, PSTATE_STABLE },
		{ 2300, 2300, false, false, PSTATE_STABLE } } },
	{ "the first young one of a stable version is learnt, and stable stays", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ STABLE, OLD, false, false, PSTATE_STABLE },
		{ 1000, 0, true, false, PSTATE_WARMUP },
		{ 1001, OLD, true, false, PSTATE_STABLE },
		{ 1000 + WARM, WARM, false, false, PSTATE_STABLE },
		{ 1000 + WARM + 5, 0, true, false, PSTATE_STABLE } } },
	{ "a young instance does not take unstable away", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ 899, OLD, true, false, PSTATE_LEARNING },
		{ 1700, OLD, true, false, PSTATE_LEARNING },
		{ 2500, OLD, true, false, PSTATE_LEARNING },
		{ 3300, OLD, true, false, PSTATE_LEARNING },
		{ 3700, OLD, true, false, PSTATE_UNSTABLE },
		{ 3800, 0, true, false, PSTATE_WARMUP },
		{ 3801, OLD, false, false, PSTATE_UNSTABLE } } },
	{ "full while it learns", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ 10, OLD, true, true, PSTATE_FULL },
		{ 20, 0, true, true, PSTATE_FULL },
		{ 30, OLD, false, false, PSTATE_LEARNING } } },
	{ "full and stable is stable, for young ones too", PTYPE_EXEC, {
		{ 0, 0, true, true, PSTATE_FULL },
		{ STABLE, OLD, false, true, PSTATE_STABLE },
		{ STABLE + 1, 0, true, true, PSTATE_STABLE },
		{ STABLE + 2, OLD, true, true, PSTATE_STABLE } } },
	{ "full and never quiet is unstable", PTYPE_EXEC, {
		{ 0, OLD, true, true, PSTATE_FULL },
		{ 899, OLD, true, true, PSTATE_FULL },
		{ 1700, OLD, true, true, PSTATE_FULL },
		{ 2500, OLD, true, true, PSTATE_FULL },
		{ 3300, OLD, true, true, PSTATE_FULL },
		{ 3700, OLD, true, true, PSTATE_UNSTABLE } } },
	{ "stable stays, whatever comes", PTYPE_EXEC, {
		{ 0, OLD, true, false, PSTATE_LEARNING },
		{ STABLE, OLD, true, false, PSTATE_STABLE },
		{ 2 * UNSTABLE, OLD, true, false, PSTATE_STABLE },
		{ 3 * UNSTABLE, OLD, true, false, PSTATE_STABLE } } },
	{ "time that goes back is no time", PTYPE_EXEC, {
		{ 1000, OLD, true, false, PSTATE_LEARNING },
		{ 1, OLD, false, false, PSTATE_LEARNING },
		{ 1000 + STABLE - 1, OLD, false, false, PSTATE_LEARNING },
		{ 1000 + STABLE, OLD, false, false, PSTATE_STABLE } } },
};

static enum pstate_is run_step(struct pstate *p, enum ptype type, const struct step *s)
{
	struct pstate_ask ask = { T0 + s->at, T0 + s->at - s->age, s->full };
	enum pstate_is is = pstate_look(p, &conf, type, &ask), really;

	really = pstate_at(p, &conf, type, &ask);
	if (s->is_new)
		pstate_new(p, ask.now_s);
	return is == really ? is : PSTATE__MAX;
}

static void test_rows(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pstate p = { 0 };

		for (k = 0; k < STEPS && (!k || rows[i].steps[k].at); k++)
			is_str(pstate_name(run_step(&p, rows[i].type, &rows[i].steps[k])),
			       pstate_name(rows[i].steps[k].want), "%s: at %u", rows[i].what,
			       rows[i].steps[k].at);
		ok(p.is <= PSTATE_UNSTABLE, "%s: what is kept is no warm-up and no fullness",
		   rows[i].what);
	}
}

static void test_look(void)
{
	struct pstate p = { 0 }, was;
	struct pstate_ask ask = { T0, 0, false };

	was = p;
	is_int(pstate_look(&p, &conf, PTYPE_EXEC, &ask), PSTATE_LEARNING,
	       "a question of the first");
	ok(!memcmp(&p, &was, sizeof(p)), "changes nothing");
	pstate_at(&p, &conf, PTYPE_EXEC, &ask);
	was = p;
	ask.now_s += STABLE;
	is_int(pstate_look(&p, &conf, PTYPE_EXEC, &ask), PSTATE_STABLE,
	       "nor does one that finds a change");
	ok(!memcmp(&p, &was, sizeof(p)), "so it does not");
}

static void test_pause(void)
{
	struct pstate p = { 0 }, none = { 0 };
	struct pstate_ask ask = { T0, 0, false };

	pstate_at(&p, &conf, PTYPE_EXEC, &ask);
	pstate_new(&p, T0);
	pstate_pause(&p, 10 * UNSTABLE);
	ask.now_s = T0 + 10 * UNSTABLE + STABLE - 1;
	is_int(pstate_at(&p, &conf, PTYPE_EXEC, &ask), PSTATE_LEARNING,
	       "time that nobody saw is not quiet");
	ask.now_s++;
	is_int(pstate_at(&p, &conf, PTYPE_EXEC, &ask), PSTATE_STABLE, "the rest is");
	pstate_pause(&none, 5);
	is_int(none.since_s, 0, "what has not begun has no clock");
	pstate_forget(&p);
	is_int(p.is, PSTATE_NONE, "forgotten");
}

int main(void)
{
	test_rows();
	test_look();
	test_pause();
	is_int(pstate_learns(PSTATE_STABLE), false, "stable learns nothing");
	is_int(pstate_learns(PSTATE_UNSTABLE), true, "unstable does, to become quiet");
	return done_testing();
}
