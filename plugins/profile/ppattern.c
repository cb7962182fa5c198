/* SPDX-License-Identifier: Apache-2.0 */
#include "ppattern.h"

#include "preduce.h"

#include <string.h>

#define LOOK_AT	64u	/* the newest children */

struct same {
	char text[PTEXT_MAX];	/* the template */
	uint32_t len;
	uint32_t refs[LOOK_AT];
	uint32_t n;
	uint32_t n_children;
};

static bool may_merge(const struct pnode *n)
{
	return n->kind == PNODE_FILE && !n->child && !(n->access & (PNODE_MAP | PNODE_EXEC));
}

static bool fits(const struct ptree *t, uint32_t ref, const struct same *s)
{
	char text[PTEXT_MAX];
	uint32_t len, n;
	const char *name = ptree_name(t, ref, &len);

	n = preduce_template(name, len, text);
	return n == s->len && !memcmp(text, s->text, n);
}

static void collect(const struct ptree *t, uint32_t folder, struct same *s)
{
	uint32_t ref = ptree_at(t, folder)->child;

	for (; ref && s->n_children < LOOK_AT; ref = ptree_at(t, ref)->next) {
		s->n_children++;
		if (may_merge(ptree_at(t, ref)) && fits(t, ref, s))
			s->refs[s->n++] = ref;
	}
}

uint32_t ppattern_learn(struct ptree *t, uint32_t ref)
{
	uint32_t folder = ptree_at(t, ref)->parent, len, pattern, i;
	const char *name = ptree_name(t, ref, &len);
	struct same s;
	struct pkey key;

	s.n = s.n_children = 0;
	s.len = may_merge(ptree_at(t, ref)) ? preduce_template(name, len, s.text) : 0;
	if (!s.len)
		return ref;
	collect(t, folder, &s);
	if (s.n < PPATTERN_SAME || s.n_children < PPATTERN_CHILDREN)
		return ref;
	key = (struct pkey){ .kind = PNODE_PATTERN, .name = s.text, .len = s.len };
	pattern = ptree_add(t, folder, &key);
	if (!pattern)
		return ref;
	for (i = 0; i < s.n; i++)
		ptree_absorb(t, pattern, s.refs[i]);
	return pattern;
}
