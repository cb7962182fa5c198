/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a message from its front; stops at the first thing that is wrong. */
#include "dnsmsg.h"

#include <string.h>
#include <strings.h>

#define HEAD	12u
#define AF4	2
#define AF6	10

struct reader {
	const uint8_t *p;
	size_t len, at;
};

static uint16_t short_at(const struct reader *r, size_t at)
{
	return (uint16_t)(r->p[at] << 8 | r->p[at + 1]);
}

static uint32_t long_at(const struct reader *r, size_t at)
{
	return (uint32_t)short_at(r, at) << 16 | short_at(r, at + 2);
}

static bool has(const struct reader *r, size_t n)
{
	return r->len - r->at >= n;
}

static struct dnsbuf buf_begin(struct dnsmsg *m)
{
	return (struct dnsbuf){ m->pool + m->used, 0, DNSMSG_POOL - m->used, false };
}

/* The text is kept; of several equal names in a row only one. */
static struct dnsmsg_text buf_keep(struct dnsmsg *m, const struct dnsbuf *b,
				   const struct dnsmsg_text *last)
{
	if (last && last->len == b->len && !memcmp(last->p, b->p, b->len))
		return *last;
	m->used += b->len;
	return (struct dnsmsg_text){ b->p, b->len };
}

static enum dnsname_result name_read(struct dnsmsg *m, struct reader *r,
				     const struct dnsmsg_text *last, struct dnsmsg_text *out,
				     bool *full)
{
	struct dnsbuf b = buf_begin(m);
	enum dnsname_result res = dnsname_put(&b, r->p, r->len, r->at, &r->at);

	if (res)
		return res;
	*full = b.full;
	*out = buf_keep(m, &b, last);
	return DNSNAME_OK;
}

static enum dnsname_result questions_read(struct dnsmsg *m, struct reader *r)
{
	struct dnsmsg_text name;
	enum dnsname_result res;
	uint32_t used;
	uint16_t i;
	bool full;

	for (i = 0; i < m->n_questions; i++) {
		used = m->used;
		res = name_read(m, r, NULL, &name, &full);
		if (res)
			return res;
		if (!has(r, 4))
			return DNSNAME_SHORT;
		if (!i) {
			m->question = name;
			m->qtype = short_at(r, r->at);
			m->qclass = short_at(r, r->at + 2);
		} else {
			m->used = used;
		}
		r->at += 4;
	}
	return DNSNAME_OK;
}

static void address_set(struct dnsmsg_answer *a, const uint8_t *p)
{
	if (a->class != DNS_CLASS_IN || (a->type != DNS_A && a->type != DNS_AAAA))
		return;
	a->ip.family = a->type == DNS_A ? AF4 : AF6;
	memcpy(a->ip.addr, p, a->type == DNS_A ? 4 : 16);
}

static enum dnsname_result answer_read(struct dnsmsg *m, struct reader *r, bool *full)
{
	const struct dnsmsg_text *last = m->n_answers ?
		&m->answers[m->n_answers - 1].name : m->question.p ? &m->question : NULL;
	struct dnsmsg_answer a = { 0 };
	enum dnsname_result res = name_read(m, r, last, &a.name, full);
	struct dnsbuf b;
	uint16_t len;

	if (res || *full)
		return res;
	if (!has(r, 10))
		return DNSNAME_SHORT;
	a.type = short_at(r, r->at);
	a.class = short_at(r, r->at + 2);
	a.ttl = long_at(r, r->at + 4);
	/* RFC 2181: as if it were 0. */
	if (a.ttl >> 31)
		a.ttl = 0;
	len = short_at(r, r->at + 8);
	r->at += 10;
	if (!has(r, len))
		return DNSNAME_SHORT;
	b = buf_begin(m);
	res = dnsdata_put(&b, r->p, r->at, r->at + len, a.type, a.class);
	*full = b.full;
	if (res || b.full)
		return res;
	a.data = buf_keep(m, &b, NULL);
	address_set(&a, r->p + r->at);
	r->at += len;
	m->answers[m->n_answers++] = a;
	return DNSNAME_OK;
}

enum dnsmsg_end dnsmsg_read(struct dnsmsg *m, const uint8_t *p, size_t len, bool cut)
{
	struct reader r = { p, len, HEAD };
	enum dnsname_result res;
	uint16_t n, i;
	bool full = false;

	m->flags = m->n_questions = m->qtype = m->qclass = 0;
	m->question = (struct dnsmsg_text){ NULL, 0 };
	m->n_answers = m->used = 0;
	if (len < HEAD)
		return cut ? DNSMSG_CUT : DNSMSG_BAD;
	m->flags = short_at(&r, 2);
	m->n_questions = short_at(&r, 4);
	n = short_at(&r, 6);
	res = questions_read(m, &r);
	for (i = 0; !res && !full && i < n; i++) {
		full = m->n_answers == DNSMSG_ANSWERS;
		if (!full)
			res = answer_read(m, &r, &full);
	}
	if (res == DNSNAME_BAD || (res == DNSNAME_SHORT && !cut))
		return DNSMSG_BAD;
	return res || full ? DNSMSG_CUT : DNSMSG_WHOLE;
}

bool dnsmsg_same(const struct dnsmsg_text *a, const struct dnsmsg_text *b)
{
	return a->len == b->len && !strncasecmp(a->p, b->p, a->len);
}

static const struct dnsmsg_answer *alias_of(const struct dnsmsg *m,
					    const struct dnsmsg_text *name)
{
	const struct dnsmsg_answer *a = m->answers;
	uint32_t i;

	for (i = 0; i < m->n_answers; i++, a++)
		if (a->type == DNS_CNAME && a->class == DNS_CLASS_IN &&
		    dnsmsg_same(&a->name, name))
			return a;
	return NULL;
}

const struct dnsmsg_text *dnsmsg_canonical(const struct dnsmsg *m, uint32_t *ttl)
{
	const struct dnsmsg_text *name = &m->question;
	const struct dnsmsg_answer *a;
	uint32_t i;

	*ttl = UINT32_MAX;
	/* A ring ends here, too. */
	for (i = 0; i < DNSMSG_LINKS; i++) {
		a = alias_of(m, name);
		if (!a)
			break;
		name = &a->data;
		*ttl = a->ttl < *ttl ? a->ttl : *ttl;
	}
	return name;
}
