/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of modes, POSIX ACLs, capabilities, labels and attributes. */
#include "delta.h"

#include "formats.h"
#include "nttab.h"

/* ---- items ---------------------------------------------------------------------------*/

void delta_init(struct delta *d, void *p, size_t cap)
{
	d->n = d->more = 0;
	put_init(&d->text, p, cap);
}

struct put *delta_begin(struct delta *d)
{
	if (d->n < DELTA_ITEMS)
		d->items[d->n].p = (const uint8_t *)d->text.p + d->text.len;
	return &d->text;
}

/* What did not fit whole is not told, but counted. */
void delta_end(struct delta *d)
{
	size_t begin;

	if (d->n == DELTA_ITEMS || d->text.full) {
		d->more++;
		return;
	}
	begin = (size_t)(d->items[d->n].p - (const uint8_t *)d->text.p);
	d->items[d->n++].len = (uint32_t)(d->text.len - begin);
}

void delta_add(struct delta *d, const char *text)
{
	put_text(delta_begin(d), text);
	delta_end(d);
}

static bool is_none(const struct acl *a)
{
	return a->notes & ACL_NOTE_REMOVED;
}

/* ---- rights of one class -----------------------------------------------------------------*/

/* "gains write, execute", "loses read"; of others: "gain". */
static void put_moves(struct put *o, uint32_t was, uint32_t is, bool plural)
{
	static const char *const names[3] = { "read", "write", "execute" };
	static const char *const verbs[2][2] = { { " loses ", " gains " }, { " lose ", " gain " } };
	uint32_t moved, gain;
	const char *gap;
	unsigned i;
	bool first = true;

	for (gain = 2; gain-- > 0;) {
		moved = gain ? is & ~was : was & ~is;
		if (!moved)
			continue;
		if (!first)
			put_char(o, ',');
		first = false;
		put_text(o, verbs[plural][gain]);
		for (i = 0, gap = ""; i < 3; i++)
			if (moved & 4u >> i) {
				put_text(o, gap);
				put_text(o, names[i]);
				gap = ", ";
			}
	}
}

static void put_perm_change(struct put *o, uint32_t was, uint32_t is)
{
	posix_put_perm(o, was);
	PUT(o, " -> ");
	posix_put_perm(o, is);
}

/* ---- modes ---------------------------------------------------------------------------------*/

static void add_special(struct delta *d, const struct acl *was, const struct acl *is,
			const struct words *w)
{
	uint32_t gained = is->mode & ~was->mode, lost = was->mode & ~is->mode;
	struct put *o;

	if (gained & MODE_SETUID) {
		o = delta_begin(d);
		PUT(o, "setuid added");
		if (!is->is_dir && is->mode & 0111 && is->uid != ACL_NO_ID) {
			PUT(o, ": the program runs as its owner ");
			words_put_id(o, w, is->uid, false);
		}
		delta_end(d);
	}
	if (lost & MODE_SETUID)
		delta_add(d, "setuid removed");
	if (gained & MODE_SETGID)
		delta_add(d, is->is_dir ? "setgid added: new files take its group" : "setgid added");
	if (lost & MODE_SETGID)
		delta_add(d, "setgid removed");
	if (gained & MODE_STICKY)
		delta_add(d, is->is_dir ? "sticky added: only owners may delete" : "sticky added");
	if (lost & MODE_STICKY)
		delta_add(d, is->is_dir ? "sticky removed: who may write may delete" :
					  "sticky removed");
}

static void add_owner(struct delta *d, const char *what, uint32_t was, uint32_t is, bool group,
		      const struct words *w)
{
	struct put *o;

	if (was == is || is == ACL_NO_ID || was == ACL_NO_ID)
		return;
	o = delta_begin(d);
	put_text(o, what);
	words_put_id(o, w, was, group);
	PUT(o, " -> ");
	words_put_id(o, w, is, group);
	delta_end(d);
}

static void mode_delta(struct delta *d, const struct acl *was, const struct acl *is,
		       const struct words *w)
{
	static const char *const names[3] = { "owner", "group", "others" };
	struct put *o;
	unsigned i;

	for (i = 0; i < 3; i++) {
		uint32_t before = was->mode >> (6 - 3 * i) & 7, now = is->mode >> (6 - 3 * i) & 7;

		if (before == now)
			continue;
		o = delta_begin(d);
		put_text(o, names[i]);
		put_moves(o, before, now, i == 2);
		delta_end(d);
	}
	add_special(d, was, is, w);
	add_owner(d, "owner ", was->uid, is->uid, false, w);
	add_owner(d, "group ", was->gid, is->gid, true, w);
}

/* ---- POSIX ACLs ----------------------------------------------------------------------------*/

/* Of several for one trustee the first is in force. */
static const struct ace *posix_find(const struct acl *a, const struct ace *like)
{
	uint32_t i;

	for (i = 0; i < a->n_aces; i++)
		if (a->aces[i].type == like->type &&
		    (a->aces[i].id == like->id ||
		     (like->type != POSIX_USER && like->type != POSIX_GROUP)))
			return &a->aces[i];
	return NULL;
}

static void put_effective(struct put *o, const struct ace *e)
{
	if (e->effective == e->mask)
		return;
	PUT(o, " (effective ");
	posix_put_perm(o, e->effective);
	put_char(o, ')');
}

/* The entry's own rights. */
static void add_posix(struct delta *d, const struct ace *was, const struct ace *is,
		      const struct words *w)
{
	struct put *o;

	if (was && is && was->mask == is->mask)
		return;
	o = delta_begin(d);
	words_put_trustee(o, is ? is : was, w);
	if (!was) {
		PUT(o, " added with ");
		posix_put_perm(o, (uint32_t)is->mask);
		put_effective(o, is);
	} else if (!is) {
		PUT(o, " removed, had ");
		posix_put_perm(o, (uint32_t)was->mask);
		put_effective(o, was);
	} else {
		put_char(o, ' ');
		put_perm_change(o, (uint32_t)was->mask, (uint32_t)is->mask);
		put_effective(o, is);
	}
	delta_end(d);
}

/* Who gains or loses by the mask alone. */
static void add_masked(struct delta *d, const struct ace *was, const struct ace *is,
		       const struct words *w)
{
	struct put *o;

	if (was->mask != is->mask || was->effective == is->effective)
		return;
	o = delta_begin(d);
	PUT(o, "by the mask, ");
	words_put_trustee(o, is, w);
	put_moves(o, was->effective, is->effective, is->type == POSIX_OTHER);
	delta_end(d);
}

static void posix_delta(struct delta *d, const struct acl *was, const struct acl *is,
			const struct words *w)
{
	const struct ace *e;
	uint32_t i;

	if (is_none(is) && !is_none(was))
		delta_add(d, is->is_default ? "default ACL removed" : "access ACL removed");
	if (is_none(was) && !is_none(is))
		delta_add(d, is->is_default ? "default ACL added" : "access ACL added");
	for (i = 0; i < is->n_aces; i++) {
		e = posix_find(was, &is->aces[i]);
		/* Of a file without ACL, the three are its mode and no news. */
		if (e || !is_none(was) || (is->aces[i].type != POSIX_USER_OBJ &&
		    is->aces[i].type != POSIX_GROUP_OBJ && is->aces[i].type != POSIX_OTHER))
			add_posix(d, e, &is->aces[i], w);
	}
	for (i = 0; i < was->n_aces; i++)
		if (!posix_find(is, &was->aces[i]) && was->aces[i].type != POSIX_USER_OBJ &&
		    was->aces[i].type != POSIX_GROUP_OBJ && was->aces[i].type != POSIX_OTHER)
			add_posix(d, &was->aces[i], NULL, w);
	for (i = 0; i < is->n_aces; i++) {
		e = posix_find(was, &is->aces[i]);
		if (e)
			add_masked(d, e, &is->aces[i], w);
	}
}

/* ---- capabilities ---------------------------------------------------------------------------*/

static void add_caps(struct delta *d, uint64_t mask, const char *verb, const char *set)
{
	const char *gap = "";
	struct put *o;

	if (!mask)
		return;
	o = delta_begin(d);
	for (; mask; mask &= mask - 1, gap = ", ") {
		put_text(o, gap);
		cap_put_name(o, (unsigned)__builtin_ctzll(mask));
	}
	put_text(o, verb);
	put_text(o, set);
	delta_end(d);
}

static void cap_delta(struct delta *d, const struct acl *was, const struct acl *is)
{
	static const char *const sets[CAP__MAX] = { "permitted", "inheritable" };
	uint64_t before, now;
	struct put *o;
	unsigned i;

	for (i = 0; i < CAP__MAX; i++) {
		before = is_none(was) ? 0 : was->aces[i].mask;
		now = is_none(is) ? 0 : is->aces[i].mask;
		add_caps(d, now & ~before, " added, ", sets[i]);
		add_caps(d, before & ~now, " removed, was ", sets[i]);
	}
	if (was->effective != is->effective)
		delta_add(d, is->effective ? "effective on execution" :
					     "no longer effective on execution");
	if (is->has_rootid && (!was->has_rootid || was->rootid != is->rootid)) {
		o = delta_begin(d);
		PUT(o, "valid only in user namespaces with root uid ");
		put_u64(o, is->rootid);
		delta_end(d);
	}
}

/* ---- labels and attributes ---------------------------------------------------------------------*/

static bool same(struct acl_bytes a, struct acl_bytes b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

static void add_text(struct delta *d, const char *what, struct acl_bytes was, struct acl_bytes is)
{
	struct put *o;

	if (same(was, is))
		return;
	o = delta_begin(d);
	put_text(o, what);
	put_escaped(o, was.p, was.len);
	PUT(o, " -> ");
	put_escaped(o, is.p, is.len);
	delta_end(d);
}

static void label_delta(struct delta *d, const struct acl *was, const struct acl *is)
{
	static const char *const names[] = { "user ", "role ", "type ", "range " };
	struct acl_bytes before[4], now[4];
	unsigned i, n;

	if (is_none(was) || is_none(is)) {
		if (is_none(was) != is_none(is))
			delta_add(d, is_none(is) ? "label removed" : "label added");
		return;
	}
	n = is->kind == ACL_SELINUX ? label_split(is->text, now) : 0;
	if (!n || label_split(was->text, before) != n) {
		add_text(d, "label ", was->text, is->text);
		return;
	}
	for (i = 0; i < n; i++)
		add_text(d, names[i], before[i], now[i]);
}

static void inode_flags_delta(struct delta *d, const struct acl *was, const struct acl *is)
{
	uint32_t moved = was->acl_flags ^ is->acl_flags;
	const char *name;
	struct put *o;

	for (; moved; moved &= moved - 1) {
		o = delta_begin(d);
		name = inode_flag_name(is->xflags, (unsigned)__builtin_ctz(moved));
		put_words(o, name ? name : "an unknown attribute");
		put_text(o, is->acl_flags & moved & -moved ? " added" : " removed");
		delta_end(d);
	}
}

void delta_run(struct delta *d, const struct acl *was, const struct acl *is,
	       const struct words *w)
{
	switch (is->kind) {
	case ACL_MODE:
		mode_delta(d, was, is, w);
		break;
	case ACL_POSIX:
		posix_delta(d, was, is, w);
		break;
	case ACL_CAPABILITY:
		cap_delta(d, was, is);
		break;
	case ACL_SELINUX:
	case ACL_SMACK:
		label_delta(d, was, is);
		break;
	case ACL_INODE_FLAGS:
		inode_flags_delta(d, was, is);
		break;
	case ACL_METADATA:
		break;
	default:
		ntdelta_run(d, was, is, w);
	}
}
