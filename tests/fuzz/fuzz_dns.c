/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin `dns` reads of a message, and what it remembers of it. The
 * first byte tells whether the message is cut, and how far its end is away.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/dns/dnsmsg.h"
#include "../../plugins/dns/dnstab.h"

#define NAMES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static void check_text(const struct dnsmsg *m, const struct dnsmsg_text *x)
{
	uint32_t i;

	must(x->p >= m->pool && x->p + x->len <= m->pool + m->used);
	for (i = 0; i < x->len; i++)
		must(x->p[i] >= ' ' && x->p[i] < 127);
}

static void check_message(const struct dnsmsg *m, enum dnsmsg_end end, size_t size)
{
	const struct dnsmsg_answer *a;
	uint32_t i;

	must(m->used <= DNSMSG_POOL && m->n_answers <= DNSMSG_ANSWERS);
	if (m->question.p)
		check_text(m, &m->question);
	for (i = 0; i < m->n_answers; i++) {
		a = &m->answers[i];
		must(a->name.len && a->name.len <= 4 * DNSNAME_WIRE && !(a->ttl >> 31));
		check_text(m, &a->name);
		check_text(m, &a->data);
		must(!a->ip.family || a->type == (a->ip.family == 2 ? DNS_A : DNS_AAAA));
	}
	must(size >= 12 || end != DNSMSG_WHOLE);
}

/* Each address has the name that was learnt with it last. */
static void check_table(struct dnstab *t, const struct dnsmsg *m)
{
	const struct dnstab_name *name;
	uint32_t i, ttl;

	must(dnsmsg_canonical(m, &ttl)->len != 0);
	for (i = 0; i < m->n_answers; i++) {
		if (!m->answers[i].ip.family)
			continue;
		dnstab_learn(t, 1, &m->answers[i].ip, m->question.p, m->question.len, i);
		name = dnstab_find(t, 1, &m->answers[i].ip);
		must(name && name->expires_ns == i && dnstab_count(t) <= NAMES);
		must(name->cut == (m->question.len > DNSTAB_NAME));
		must(!dnstab_find(t, 2, &m->answers[i].ip));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dnsmsg m;
	static struct dnstab *t;
	enum dnsmsg_end end;
	uint8_t *copy;
	bool cut;

	if (!size)
		return 0;
	if (!t)
		t = dnstab_new(NAMES, 1);
	must(t != NULL);
	cut = data[0] & 1;
	size--;
	if (cut && (size_t)(data[0] >> 1) < size)
		size -= data[0] >> 1;
	/* Memory of its own, for the sanitizer to see who reads beyond. */
	copy = malloc(size ? size : 1);
	must(copy != NULL);
	memcpy(copy, data + 1, size);
	end = dnsmsg_read(&m, copy, size, cut);
	free(copy);
	check_message(&m, end, size);
	must(!cut || end != DNSMSG_BAD || size >= 12);
	if (m.question.p)
		check_table(t, &m);
	return 0;
}
