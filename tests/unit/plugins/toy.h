/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins whose behaviour a test decides: the option `ctl` is the address of
 * a struct toy in the test's memory, whose functions the callbacks call.
 */
#pragma once

#include <weir/plugin.h>

struct toy {
	/* NULL: 0, WEIR_CONTINUE, the record as it is, WEIR_WRITE_OK, 0 */
	int (*open)(struct toy *toy);
	int (*process)(struct toy *toy, struct weir_event *ev);
	int (*encode)(struct toy *toy, const struct weir_event *ev, struct weir_buf *out);
	int (*write)(struct toy *toy, const struct weir_batch *batch, struct weir_write *w);
	int (*adopt)(struct toy *toy, struct toy *other);
	void (*tick)(struct toy *toy);
	const struct weir_setup *setup;	/* from open on */
	unsigned n_open, n_close, n_calls, n_ticks, n_adopts;
	void *user;
};

__attribute__((unused)) static const struct weir_option toy_options[] = {
	{ .name = "ctl", .type = WEIR_OPT_INT, .flags = WEIR_OPTION_REQUIRED,
	  .doc = "Address of a struct toy." },
	{ .name = "speed", .type = WEIR_OPT_INT, .min = 1, .max = 9, .dflt = "5",
	  .doc = "Of no effect." },
	{ .name = "room", .type = WEIR_OPT_SIZE, .dflt = "4096", .doc = "Of no effect." },
	{ .name = "words", .type = WEIR_OPT_STRLIST, .dflt = "a,b", .doc = "Of no effect." },
	{ .name = "text", .type = WEIR_OPT_STR, .dflt = "", .doc = "Of no effect." },
};

/* Several threads may call a toy. */
static inline void toy_count(unsigned *n)
{
	__atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

static inline unsigned toy_get(const unsigned *n)
{
	return __atomic_load_n(n, __ATOMIC_RELAXED);
}

__attribute__((unused))
static int toy_open(const struct weir_setup *setup, void **inst)
{
	struct toy *toy = (struct toy *)(uintptr_t)setup->options[0].v.i;

	toy->setup = setup;
	if (toy->open && toy->open(toy))
		return -1;
	toy_count(&toy->n_open);
	*inst = toy;
	return 0;
}

__attribute__((unused)) static void toy_close(void *inst)
{
	struct toy *toy = inst;

	toy_count(&toy->n_close);
}

__attribute__((unused)) static void toy_tick(void *inst, uint64_t now_ns)
{
	struct toy *toy = inst;

	(void)now_ns;
	toy_count(&toy->n_ticks);
	if (toy->tick)
		toy->tick(toy);
}

__attribute__((unused)) static int toy_process(void *inst, struct weir_event *ev)
{
	struct toy *toy = inst;

	toy_count(&toy->n_calls);
	return toy->process ? toy->process(toy, ev) : WEIR_CONTINUE;
}

__attribute__((unused)) static int toy_adopt(void *inst, void *other)
{
	struct toy *toy = inst;

	toy_count(&toy->n_adopts);
	return toy->adopt ? toy->adopt(toy, other) : 0;
}

#define TOY_TEXTS .sigma = "", .ecs = "", .ocsf = "", .doc = "A toy."
#define TOY_COMMON							\
	.summary = "For tests.", .options = toy_options,		\
	.n_options = WEIR_N_OF(toy_options),				\
	.open = toy_open, .close = toy_close, .tick = toy_tick
