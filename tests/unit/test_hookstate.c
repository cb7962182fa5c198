/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel that lacks something makes of each type of event. */
#include "source/hookstate.h"
#include "tap.h"

#include <weir/wire.h>

#include "util/macros.h"

#define T(name) (1ull << WEIR_EV_##name)

/* `gone`: not in this kernel; `off`: there, but not attached. Prefixes of targets. */
static const struct {
	const char *what;
	unsigned type;
	uint64_t wanted;
	const char *gone, *off;
	bool no_loop, no_flags;
	enum source_hook_state state;
	const char *why;
} cases[] = {
	{ "all there", WEIR_EV_unlink, T(unlink), NULL, NULL, false, false,
	  SOURCE_HOOK_ATTACHED, "" },
	{ "not asked for", WEIR_EV_unlink, T(exec), NULL, NULL, false, false,
	  SOURCE_HOOK_OFF, "" },
	{ "the kernel has no such hook", WEIR_EV_unlink, T(unlink), "path_unlink", NULL, false,
	  false, SOURCE_HOOK_UNAVAILABLE, "not available on this kernel" },
	{ "it could not be attached", WEIR_EV_unlink, T(unlink), NULL, "path_unlink", false, false,
	  SOURCE_HOOK_UNAVAILABLE, "cannot attach to path_unlink" },
	{ "nobody tells the outcome", WEIR_EV_unlink, T(unlink), "vfs_unlink", NULL, false, false,
	  SOURCE_HOOK_DEGRADED, "its outcome is not told" },
	{ "a function of several is not attached", WEIR_EV_bind, T(bind), NULL, "inet6_bind",
	  false, false, SOURCE_HOOK_DEGRADED, "cannot attach to inet6_bind" },
	{ "a function of several is not there", WEIR_EV_bind, T(bind), "unix_bind", NULL, false,
	  false, SOURCE_HOOK_ATTACHED, "" },
	{ "hooks of later kernels", WEIR_EV_set_acl, T(set_acl), "inode_set_acl", NULL, false,
	  false, SOURCE_HOOK_ATTACHED, "" },
	{ "one hook stands in for another", WEIR_EV_exit, T(exit), "taskstats_exit", NULL, false,
	  false, SOURCE_HOOK_ATTACHED, "" },
	{ "no flags of rename", WEIR_EV_rename, T(rename), NULL, NULL, false, true,
	  SOURCE_HOOK_DEGRADED, "no rename.flags" },
	{ "which others do not need", WEIR_EV_link, T(link), NULL, NULL, false, true,
	  SOURCE_HOOK_ATTACHED, "" },
	{ "no bpf_loop", WEIR_EV_fork, T(fork), NULL, NULL, true, false, SOURCE_HOOK_DEGRADED,
	  "no bpf_loop: paths of at most 128 components" },
	{ "the first reason is told", WEIR_EV_bind, T(bind), NULL, "inet6_bind", true, false,
	  SOURCE_HOOK_DEGRADED, "cannot attach to inet6_bind" },
};

static bool named(const char *target, const char *name)
{
	return name && !strcmp(target, name);
}

int main(void)
{
	static struct kernel_facts facts;
	bool attached[HOOK_MAX];
	struct hookstate in = { .facts = &facts, .attached = attached };
	struct source_hook h;
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		for (j = 0; j < n_hooks; j++) {
			facts.have[j] = !named(hooks[j].target, cases[i].gone);
			attached[j] = facts.have[j] && !named(hooks[j].target, cases[i].off);
		}
		facts.loop = !cases[i].no_loop;
		facts.rename_flags = !cases[i].no_flags;
		in.wanted = cases[i].wanted;
		hookstate_of(&in, cases[i].type, &h);
		is_int(h.state, cases[i].state, "%s", cases[i].what);
		is_str(h.why, cases[i].why, "why");
	}
	return done_testing();
}
