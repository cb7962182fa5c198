/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges a type by the table of hooks: what serves it, what tells its outcome.
 * A function that this kernel does not have is no loss where another one in the
 * table does its work (set_acl before 6.2), so only what is there and could not
 * be attached counts, and outcomes that nobody tells.
 */
#include "source/hookstate.h"

#include <stdio.h>

#include <weir/wire.h>

static bool is_for(const struct hook *h, unsigned type)
{
	return h->kind != HOOK_ITER && h->types != UINT64_MAX && h->types >> type & 1;
}

static bool is_served(const struct hookstate *in, unsigned type)
{
	size_t i;

	for (i = 0; i < n_hooks; i++)
		if (hooks[i].serves >> type & 1 && in->attached[i])
			return true;
	return false;
}

/* The first program that this kernel has a place for, and does not run. */
static const struct hook *refused(const struct hookstate *in, unsigned type)
{
	size_t i;

	for (i = 0; i < n_hooks; i++)
		if ((is_for(&hooks[i], type) || hooks[i].serves >> type & 1) &&
		    in->facts->have[i] && !in->attached[i])
			return &hooks[i];
	return NULL;
}

/* Has it functions that tell how it ended, none of which is followed? */
static bool is_untold(const struct hookstate *in, unsigned type)
{
	bool any = false;
	size_t i;

	for (i = 0; i < n_hooks; i++) {
		if (hooks[i].kind != HOOK_OUTCOME || !is_for(&hooks[i], type))
			continue;
		if (in->attached[i])
			return false;
		any = true;
	}
	return any;
}

static void degrade(struct source_hook *out, const char *why, const char *what)
{
	if (out->state == SOURCE_HOOK_ATTACHED)
		snprintf(out->why, sizeof(out->why), "%s%s", why, what);
	out->state = SOURCE_HOOK_DEGRADED;
}

void hookstate_of(const struct hookstate *in, unsigned type, struct source_hook *out)
{
	const struct hook *h;

	*out = (struct source_hook){ .state = SOURCE_HOOK_OFF };
	if (!(in->wanted >> type & 1))
		return;
	h = refused(in, type);
	if (!is_served(in, type)) {
		out->state = SOURCE_HOOK_UNAVAILABLE;
		snprintf(out->why, sizeof(out->why), h ? "cannot attach to %s" :
			 "not available on this kernel", h ? h->target : "");
		return;
	}
	out->state = SOURCE_HOOK_ATTACHED;
	if (h)
		degrade(out, "cannot attach to ", h->target);
	if (is_untold(in, type))
		degrade(out, "its outcome is not told", "");
	if (type == WEIR_EV_rename && !in->facts->rename_flags)
		degrade(out, "no rename.flags", "");
	if (!in->facts->loop)
		degrade(out, "no bpf_loop: paths of at most 128 components", "");
}
