/* SPDX-License-Identifier: Apache-2.0 */
/* `weir:`, what the sensor is to do where a rule matches. All of its keys are known. */
#include "sigmapriv.h"

static const char *const actions[] = { "observe", "exclude", "block", "kill", "block_kill",
	"block_kill_parent" };

static void read_action(struct sigma_reader *r, const struct yamltree *map,
			struct sigma_weir *out)
{
	const unsigned n = sizeof(actions) / sizeof(actions[0]);
	const struct yamltree *node = yamltree_get(map, "action");
	const char *text;
	char list[128];
	int i;

	if (!node)
		return;
	text = sigmatake_text(r, node, "`action`", true);
	i = text ? sigmatake_word(text, actions, n) : 0;
	if (i < 0)
		SIGMA_ERROR(r, &node->place, "`action` is %s",
			    sigmatake_list(actions, n, list, sizeof(list)));
	else
		out->action = (enum sigma_action)i;
}

static void read_uids(struct sigma_reader *r, const struct yamltree *node,
		      struct sigma_weir *out)
{
	const struct yamltree *const one[] = { node }, *const *items = one;
	uint32_t i, n = 1, *uids;

	if (node->kind == YAMLTREE_LIST) {
		items = node->items;
		n = node->n;
	}
	uids = rulearena_get(r->arena, n, sizeof(*uids));
	if (!uids)
		return;
	for (i = 0; i < n; i++)
		if (sigmatake_u32(r, items[i], "`uid`", 0, UINT32_MAX - 1, &uids[i]))
			return;
	out->n_uids = n;
	out->uids = uids;
}

static void read_paths(struct sigma_reader *r, const struct yamltree *node, const char *what,
		       struct sigma_words *out)
{
	uint32_t i;

	if (sigmatake_words(r, node, what, out))
		return;
	for (i = 0; i < out->n; i++)
		if (out->word[i][0] != '/')
			SIGMA_ERROR(r, &node->place, "%s is a beginning of what begins with /: "
				    "write /%s", what, out->word[i]);
}

/* A list without anything would be no limit at all. */
static const struct yamltree *scope_of(struct sigma_reader *r, const struct yamltree *map,
				       const char *key)
{
	const struct yamltree *node = yamltree_get(map, key);

	if (!node || node->kind != YAMLTREE_LIST || node->n)
		return node;
	SIGMA_ERROR(r, &node->place, "`%s` is empty: give it a value, or leave it out", key);
	return NULL;
}

/* A map below `weir`, even if it has keys that it does not know. NULL: none. */
static const struct yamltree *map_of(struct sigma_reader *r, const struct yamltree *weir,
				     const char *key, const char *over,
				     const char *const *keys, unsigned n)
{
	const struct yamltree *map = yamltree_get(weir, key);

	if (!map)
		return NULL;
	sigmatake_map(r, map, over, keys, n);
	return map->kind == YAMLTREE_MAP ? map : NULL;
}

static void read_scope(struct sigma_reader *r, const struct yamltree *weir,
		       struct sigma_weir *out)
{
	static const char *const keys[] = { "uid", "user", "cgroup", "container", "path" };
	const struct yamltree *scope = map_of(r, weir, "scope", "weir: scope", keys, 5), *node;

	if (!scope)
		return;
	if (!scope->n)
		SIGMA_ERROR(r, &scope->place, "`scope` is empty: give it a key, or leave it out");
	if ((node = scope_of(r, scope, "uid")))
		read_uids(r, node, out);
	if ((node = scope_of(r, scope, "user")))
		sigmatake_words(r, node, "`user`", &out->users);
	if ((node = scope_of(r, scope, "container")))
		sigmatake_words(r, node, "`container`", &out->containers);
	if ((node = scope_of(r, scope, "cgroup")))
		read_paths(r, node, "`cgroup`", &out->cgroups);
	if ((node = scope_of(r, scope, "path")))
		read_paths(r, node, "`path`", &out->paths);
}

static void read_budget(struct sigma_reader *r, const struct yamltree *weir,
			struct sigma_weir *out)
{
	static const char *const keys[] = { "per_minute", "targets" };
	const struct yamltree *budget = map_of(r, weir, "budget", "weir: budget", keys, 2), *node;

	if (!budget)
		return;
	if ((node = yamltree_get(budget, "per_minute")))
		sigmatake_u32(r, node, "`per_minute`", 1, UINT32_MAX, &out->per_minute);
	if ((node = yamltree_get(budget, "targets")))
		sigmatake_u32(r, node, "`targets`", 1, UINT32_MAX, &out->targets);
}

static void read_flag(struct sigma_reader *r, const struct yamltree *map, const char *key,
		      const char *what, bool *out)
{
	const struct yamltree *node = yamltree_get(map, key);

	if (node)
		sigmatake_bool(r, node, what, out);
}

/* What would do nothing. */
static void check(struct sigma_reader *r, const struct sigma_weir *w)
{
	bool is_active = w->action != SIGMA_OBSERVE && w->action != SIGMA_EXCLUDE;
	bool is_block = is_active && w->action != SIGMA_KILL;

	if (w->unless_in_profile && w->action != SIGMA_OBSERVE)
		SIGMA_ERROR(r, &w->place, "`unless_in_profile` is for rules that observe: what is "
			    "refused or left out is so before the profile is asked");
	if (w->dry_run && !is_active)
		SIGMA_WARN(r, &w->place, "`dry_run` is for block and kill: this rule does "
			   "neither");
	if (w->block_unknown && !is_block)
		SIGMA_WARN(r, &w->place, "`block_unknown` is for block: this rule does not");
	if ((w->per_minute || w->targets) && !is_active)
		SIGMA_WARN(r, &w->place, "`budget` is for block and kill: this rule does "
			   "neither");
}

void sigmaweir_read(struct sigma_reader *r, const struct yamltree *doc, bool is_correlation,
		    struct sigma_weir *out)
{
	static const char *const keys[] = { "action", "set", "dry_run", "block_unknown", "scope",
		"budget", "unless_in_profile" };
	const struct yamltree *map = yamltree_get(doc, "weir"), *node;

	if (!map)
		return;
	out->place = map->place;
	/* A correlation is known only after the fact. */
	sigmatake_map(r, map, "weir", keys, is_correlation ? 2 : 7);
	if (map->kind != YAMLTREE_MAP)
		return;
	read_action(r, map, out);
	if (is_correlation && out->action != SIGMA_OBSERVE)
		SIGMA_ERROR(r, &map->place, "a correlation can only observe: it is known after "
			    "the last of its events");
	if ((node = yamltree_get(map, "set")))
		sigmaset_read(r, node, out);
	if (is_correlation)
		return;
	read_flag(r, map, "dry_run", "`dry_run`", &out->dry_run);
	read_flag(r, map, "block_unknown", "`block_unknown`", &out->block_unknown);
	read_flag(r, map, "unless_in_profile", "`unless_in_profile`", &out->unless_in_profile);
	read_scope(r, map, out);
	read_budget(r, map, out);
	check(r, out);
}
