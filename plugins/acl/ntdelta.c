/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences of descriptors and of NFSv4 ACLs. Entries are paired: first those
 * that are the same, then those that differ in their rights alone; what is left
 * was added or removed.
 */
#include "delta.h"
#include "sid.h"

#define ENTRIES_MAX	256	/* of which all pairs are looked at */

static bool same_bytes(struct acl_bytes a, struct acl_bytes b)
{
	return a.len == b.len && (!a.len || !memcmp(a.p, b.p, a.len));
}

static bool same_guid(const uint8_t *a, const uint8_t *b)
{
	return a && b ? !memcmp(a, b, 16) : a == b;
}

/* But for the rights. */
static bool same_entry(const struct ace *a, const struct ace *b)
{
	return a->list == b->list && a->type == b->type && a->flags == b->flags &&
	       a->who == b->who && a->id == b->id && sid_same(&a->sid, &b->sid) &&
	       same_bytes(a->name, b->name) && same_guid(a->object, b->object) &&
	       same_guid(a->inherited, b->inherited) && same_bytes(a->cond, b->cond) &&
	       same_bytes(a->claim, b->claim);
}

struct pairs {
	const struct acl *was, *is;
	uint8_t *was_done, *is_done;
	bool moved;		/* a pair is not at the same place */
};

/* The partner of `is`; n_aces: none. The same place is tried first. */
static uint32_t find(const struct pairs *p, uint32_t is, bool any_mask)
{
	const struct ace *e = &p->is->aces[is];
	uint32_t i, at;

	for (i = 0; i < p->was->n_aces; i++) {
		at = (is + i) % p->was->n_aces;
		if (!p->was_done[at] && (any_mask || p->was->aces[at].mask == e->mask) &&
		    same_entry(&p->was->aces[at], e))
			return at;
	}
	return p->was->n_aces;
}

static void add_changed(struct delta *d, const struct pairs *p, uint32_t was, uint32_t is,
			const struct words *w)
{
	const struct ace *e = &p->is->aces[is];
	struct put *o = delta_begin(d);

	words_put_ace(o, p->was, &p->was->aces[was], w);
	PUT(o, " -> ");
	words_put_rights(o, p->is, e);
	delta_end(d);
}

static void add_entry(struct delta *d, const struct acl *a, const struct ace *e,
		      const char *what, const struct words *w)
{
	struct put *o = delta_begin(d);

	put_text(o, what);
	words_put_ace(o, a, e, w);
	delta_end(d);
}

static void pair(struct delta *d, struct pairs *p, bool any_mask, const struct words *w)
{
	uint32_t i, at;

	for (i = 0; i < p->is->n_aces; i++) {
		if (p->is_done[i])
			continue;
		at = find(p, i, any_mask);
		if (at == p->was->n_aces)
			continue;
		p->was_done[at] = p->is_done[i] = 1;
		p->moved |= at != i;
		if (any_mask)
			add_changed(d, p, at, i, w);
	}
}

static void entries(struct delta *d, const struct acl *was, const struct acl *is,
		    const struct words *w)
{
	uint8_t done[2][ENTRIES_MAX];
	struct pairs p = { was, is, done[0], done[1], false };
	uint32_t i, n = d->n + d->more;

	if (was->n_aces > ENTRIES_MAX || is->n_aces > ENTRIES_MAX) {
		delta_add(d, "too many entries to compare");
		return;
	}
	memset(done[0], 0, was->n_aces);
	memset(done[1], 0, is->n_aces);
	pair(d, &p, false, w);
	pair(d, &p, true, w);
	for (i = 0; i < is->n_aces; i++)
		if (!done[1][i])
			add_entry(d, is, &is->aces[i], "added: ", w);
	for (i = 0; i < was->n_aces; i++)
		if (!done[0][i])
			add_entry(d, was, &was->aces[i], "removed: ", w);
	if (p.moved && n == d->n + d->more)
		delta_add(d, "order of the entries changed");
}

/* ---- the rest of a descriptor -----------------------------------------------------------*/

static void add_whom(struct delta *d, const char *what, const struct sid *was,
		     const struct sid *is, const struct words *w)
{
	struct put *o;

	/* A value without an owner does not say that there is none. */
	if (!sid_is_set(is) || sid_same(was, is))
		return;
	o = delta_begin(d);
	put_text(o, what);
	if (sid_is_set(was))
		sid_put_full(o, was, w->sids);
	else
		PUT(o, "not set");
	PUT(o, " -> ");
	sid_put_full(o, is, w->sids);
	delta_end(d);
}

static void add_state(struct delta *d, enum acl_list list, unsigned was, unsigned is)
{
	static const char *const states[] = { "not set", "none", "empty", "set" };
	struct put *o;

	if (was == is || is == ACL_ABSENT)
		return;
	o = delta_begin(d);
	put_text(o, list == ACL_DACL ? "DACL " : "SACL ");
	put_text(o, states[was]);
	PUT(o, " -> ");
	put_text(o, states[is]);
	if (list == ACL_DACL && is == ACL_NULL)
		PUT(o, ": everyone has full access");
	if (list == ACL_DACL && is == ACL_EMPTY)
		PUT(o, ": nobody has access");
	delta_end(d);
}

static void add_protection(struct delta *d, unsigned was, unsigned is)
{
	if (!((was ^ is) & NT_DACL_PROTECTED))
		return;
	delta_add(d, is & NT_DACL_PROTECTED ? "protected from inheritance" :
					      "no longer protected from inheritance");
}

void ntdelta_run(struct delta *d, const struct acl *was, const struct acl *is,
		 const struct words *w)
{
	bool none = was->notes & ACL_NOTE_REMOVED, gone = is->notes & ACL_NOTE_REMOVED;

	if (none || gone) {
		if (none != gone)
			delta_add(d, gone ? "removed" : "added");
		return;
	}
	if (is->kind != ACL_NFS4) {
		add_whom(d, "owner ", &was->owner, &is->owner, w);
		add_whom(d, "group ", &was->group, &is->group, w);
		add_state(d, ACL_DACL, was->states[ACL_DACL], is->states[ACL_DACL]);
		add_state(d, ACL_SACL, was->states[ACL_SACL], is->states[ACL_SACL]);
		add_protection(d, was->control, is->control);
	}
	entries(d, was, is, w);
}
