/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An enricher that fails or blocks where it is told to, and counts events
 * across reloads: `flaky.n` goes on where the instance before it ended.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <weir/plugin.h>

enum { OPT_FAIL, OPT_BLOCK, OPT_SLOW, OPT_TAG, OPT_CRASH };

static const struct weir_option options[] = {
	[OPT_FAIL] = { "fail", WEIR_OPT_ENUM, 0, 0, 0, "none", "none|open|adopt", "Where." },
	[OPT_BLOCK] = { "block", WEIR_OPT_ENUM, 0, 0, 0, "none",
		"none|open|process|close", "Where it never returns." },
	[OPT_SLOW] = { "slow", WEIR_OPT_TIME, 0, 0, 0, "0", NULL, "Of each call." },
	[OPT_CRASH] = { "crash", WEIR_OPT_INT, 0, 0, 0, "0", NULL,
		"The process with this pid makes it crash; 0: none does." },
	[OPT_TAG] = { "tag", WEIR_OPT_INT, 0, 0, 0, "0", NULL, "Of no effect." },
};

static const struct weir_want wants[] = { { "process.pid", WEIR_WANT_REQUIRED, 0 } };

static const struct weir_field_def produces[] = {
	{ FIELD_NAME, WEIR_KIND_U64, 0, NULL, "", "", "", "Events so far.", NULL, 0, 0 },
};

enum { FAIL_NONE, FAIL_OPEN, FAIL_ADOPT };
enum { BLOCK_NONE, BLOCK_OPEN, BLOCK_PROCESS, BLOCK_CLOSE };

struct flaky {
	struct weir_handle out, pid;
	uint64_t n, slow_ns, crash;
	int64_t fail, block;
};

/* No object is there, which the compiler is not to know. */
static volatile uintptr_t crash_at = 8;

static void for_ever(void)
{
	for (;;)
		pause();
}

static int flaky_open(const struct weir_setup *s, void **inst)
{
	struct flaky *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->out = s->produces[0];
	f->pid = s->wants[0];
	f->crash = (uint64_t)s->options[OPT_CRASH].v.i;
	f->fail = s->options[OPT_FAIL].v.i;
	f->block = s->options[OPT_BLOCK].v.i;
	f->slow_ns = (uint64_t)s->options[OPT_SLOW].v.i;
	if (f->fail == FAIL_OPEN) {
		free(f);
		return -1;
	}
	if (f->block == BLOCK_OPEN)
		for_ever();
	*inst = f;
	return 0;
}

static void flaky_close(void *inst)
{
	struct flaky *f = inst;

	if (f->block == BLOCK_CLOSE)
		for_ever();
	free(f);
}

static int flaky_process(void *inst, struct weir_event *ev)
{
	struct flaky *f = inst;
	struct timespec ts = { .tv_nsec = (long)f->slow_ns };

	if (f->block == BLOCK_PROCESS)
		for_ever();
	if (f->crash && weir_get_u64(ev, f->pid, 0) == f->crash)
		*(volatile int *)crash_at = 0;
	if (f->slow_ns)
		nanosleep(&ts, NULL);
	weir_set_u64(ev, f->out, ++f->n);
	return WEIR_CONTINUE;
}

static int flaky_adopt(void *inst, void *other)
{
	struct flaky *f = inst, *o = other;
	uint64_t n = f->n;

	if (f->fail == FAIL_ADOPT)
		return -1;
	f->n = o->n;
	o->n = n;
	return 0;
}

WEIR_PLUGIN_DEFINE(NAME, WEIR_PLUGIN_ENRICHER, VERSION, "Apache-2.0",
	.summary = "Fails where it is told to.",
	.options = options, .n_options = WEIR_N_OF(options),
	.wants = wants, .n_wants = WEIR_N_OF(wants),
	.produces = produces, .n_produces = WEIR_N_OF(produces),
	.open = flaky_open, .close = flaky_close, .process = flaky_process,
	.state = 1, .adopt = flaky_adopt);
