/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weir: scope:` as operations behind those of the condition: where it does not hold, the
 * rule does not match.
 */
#include "rulebuild.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ruleac.h"

static void refuse(struct rulebuild *b, const char *what, const char *word)
{
	rulediag_error(b->diags, &b->rule->weir.place, b->rule->meta.title, "%s: %s", what, word);
	b->failed = true;
}

/* Two or more are alternatives. */
static void alternative(struct rulebuild *b, uint32_t *n)
{
	if ((*n)++)
		rulebuild_op(b, MATCH_OP_OR, 0);
}

static void uid_is(struct rulebuild *b, uint32_t uid, uint32_t *n)
{
	uint32_t field = rulename_field(b, "process.uid", &b->rule->weir.place);
	struct match_test t = { .op = MATCH_TEST_EQ, .field = (uint16_t)field, .value = uid };

	if (field == UINT32_MAX)
		return;
	ruleleaf_test(b, &t);
	alternative(b, n);
}

static void users(struct rulebuild *b, const struct sigma_weir *w, uint32_t *n)
{
	uint32_t i, uid;

	for (i = 0; i < w->n_uids; i++)
		uid_is(b, w->uids[i], n);
	for (i = 0; i < w->users.n; i++) {
		if (!rulenumber_uid(w->users.word[i], &uid))
			refuse(b, "there is no such user here: write its uid", w->users.word[i]);
		else
			uid_is(b, uid, n);
	}
}

/* One of the words; flags: enum ruleac_flags, where it has to stand. */
static void words_of(struct rulebuild *b, const char *name, const struct sigma_words *words,
		     uint8_t flags, uint32_t *n)
{
	uint32_t i, field = words->n ? rulename_field(b, name, &b->rule->weir.place) : UINT32_MAX;
	struct rulestring s = { .flags = flags };

	for (i = 0; i < words->n && field != UINT32_MAX; i++) {
		s.text = words->word[i];
		s.len = (uint32_t)strlen(s.text);
		rulebuild_op(b, MATCH_OP_BIT, rulebits_get(b, field, true, &s, 1));
		alternative(b, n);
	}
}

/* A cgroup, and all below it: by the ancestor at its depth. */
static void cgroups(struct rulebuild *b, const struct sigma_weir *w, uint32_t *n)
{
	struct match_test t = { .op = MATCH_TEST_CGROUP };
	char path[4096];
	struct stat st;
	const char *c;
	uint32_t i;

	for (i = 0; i < w->cgroups.n; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s", w->cgroups.word[i]);
		if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
			refuse(b, "there is no such cgroup now", w->cgroups.word[i]);
			continue;
		}
		t.value = (int64_t)st.st_ino;
		t.more = 0;
		for (c = w->cgroups.word[i]; *c; c++)
			t.more += *c == '/' && c[1] && c[1] != '/';
		t.field = (uint16_t)rulename_field(b, "process.cgroup.id", &w->place);
		ruleleaf_test(b, &t);
		alternative(b, n);
	}
}

static void both(struct rulebuild *b, uint32_t n)
{
	if (n)
		rulebuild_op(b, MATCH_OP_AND, 0);
}

void rulescope_emit(struct rulebuild *b)
{
	const struct sigma_weir *w = &b->rule->weir;
	uint32_t n = 0;

	users(b, w, &n);
	both(b, n);
	n = 0;
	words_of(b, "process.exe.path", &w->paths, RULEAC_STARTS, &n);
	both(b, n);
	n = 0;
	cgroups(b, w, &n);
	both(b, n);
	n = 0;
	if (w->containers.n)
		rulebuild_user(b, "a container's scope");
	words_of(b, "container.id", &w->containers, RULEAC_STARTS | RULEAC_ENDS, &n);
	words_of(b, "container.name", &w->containers, RULEAC_STARTS | RULEAC_ENDS, &n);
	both(b, n);
}
