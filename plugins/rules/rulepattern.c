/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which patterns have an automaton already. Rules share them, and so do the programs
 * of a rule for several groups of events.
 */
#include "rulebuild.h"

#include <stdlib.h>
#include <string.h>

#define HEADS	1024u

/* A pattern as bytes: a byte for its kind, then the expression, or the parts of a glob. */
struct pattern {
	struct pattern *next;
	uint32_t field, number, dfa;
	size_t len;
	uint8_t key[];
};

struct rulepatterns {
	struct pattern *heads[HEADS];
};

struct rulepatterns *rulepatterns_new(void)
{
	return calloc(1, sizeof(struct rulepatterns));
}

static size_t key_size(const struct sigma_test *t)
{
	size_t n = 1;
	uint32_t i;

	if (t->op == SIGMA_RE)
		return n + t->regex_len;
	for (i = 0; i < t->glob.n; i++)
		n += 1 + sizeof(t->glob.parts[i].len) + t->glob.parts[i].len;
	return n;
}

static void key_fill(const struct sigma_test *t, uint8_t *to)
{
	const struct sigma_part *p = t->glob.parts;

	*to++ = (uint8_t)(t->op == SIGMA_RE ? 16 + t->re_flags : t->cased);
	if (t->op == SIGMA_RE) {
		memcpy(to, t->regex, t->regex_len);
		return;
	}
	for (; p < t->glob.parts + t->glob.n; p++) {
		*to++ = (uint8_t)p->kind;
		memcpy(to, &p->len, sizeof(p->len));
		if (p->len)
			memcpy(to + sizeof(p->len), p->text, p->len);
		to += sizeof(p->len) + p->len;
	}
}

static uint32_t number_of(const struct pattern *p)
{
	uint64_t h = p->field;
	size_t i;

	for (i = 0; i < p->len; i++)
		h = (h ^ p->key[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

static struct pattern *pattern_new(const struct sigma_test *t, uint32_t field)
{
	size_t len = key_size(t);
	struct pattern *p = malloc(sizeof(*p) + len);

	if (!p)
		return NULL;
	*p = (struct pattern){ .field = field, .len = len, .dfa = MATCH_NONE };
	key_fill(t, p->key);
	p->number = number_of(p);
	return p;
}

uint32_t *rulepatterns_get(struct rulebuild *b, const struct sigma_test *t, uint32_t field)
{
	struct pattern *p = pattern_new(t, field), *old, **head;

	if (!p) {
		b->no_memory = true;
		return NULL;
	}
	head = &b->patterns->heads[p->number % HEADS];
	for (old = *head; old; old = old->next)
		if (old->number == p->number && old->field == field && old->len == p->len &&
		    !memcmp(old->key, p->key, p->len)) {
			free(p);
			return &old->dfa;
		}
	p->next = *head;
	*head = p;
	return &p->dfa;
}

void rulepatterns_free(struct rulepatterns *patterns)
{
	struct pattern *p, *next;
	uint32_t i;

	for (i = 0; patterns && i < HEADS; i++)
		for (p = patterns->heads[i]; p; p = next) {
			next = p->next;
			free(p);
		}
	free(patterns);
}
