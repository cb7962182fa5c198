/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an event to the two states of a permission, and from what tell.c makes of
 * them to fields. What attributes hold now is remembered for the next event.
 */
#include "changepriv.h"

#include <string.h>
#include <sys/xattr.h>

#include "formats.h"
#include "see.h"

/* ---- fields --------------------------------------------------------------------------*/

static struct acl_bytes bytes_of(const struct weir_value *v)
{
	return (struct acl_bytes){ v->v.p, v->len };
}

static void set_text(struct change *c, unsigned out, const char *text)
{
	if (text)
		weir_set_str(c->ev, c->x->out[out], text, (uint32_t)strlen(text));
}

static void no_room(struct change *c, unsigned out)
{
	struct weir_value v = { .status = WEIR_ERROR };

	weir_count(&c->x->counters[N_NO_ROOM], 1);
	weir_set(c->ev, c->x->out[out], &v);
}

static void set_put(struct change *c, unsigned out, const struct put *o)
{
	struct weir_value v = { .status = o->full ? WEIR_TRUNCATED : WEIR_PRESENT };
	char *p;

	if (!o->len)
		return;
	p = c->x->host->alloc(c->ev, o->len);
	if (!p) {
		no_room(c, out);
		return;
	}
	memcpy(p, o->p, o->len);
	v.v.p = p;
	v.len = (uint32_t)o->len;
	weir_set(c->ev, c->x->out[out], &v);
}

static void set_list(struct change *c, unsigned out, const struct delta *d)
{
	struct weir_value v = { .status = d->more ? WEIR_TRUNCATED : WEIR_PRESENT }, *items;
	struct weir_list *list;
	uint32_t i;
	char *text;

	if (!d->n)
		return;
	list = c->x->host->alloc(c->ev, sizeof(*list) + d->n * sizeof(*items) + d->text.len);
	if (!list) {
		no_room(c, out);
		return;
	}
	items = (struct weir_value *)(void *)(list + 1);
	text = (char *)(items + d->n);
	memcpy(text, d->text.p, d->text.len);
	for (i = 0; i < d->n; i++)
		items[i] = (struct weir_value){ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT,
			.len = d->items[i].len,
			.v.p = text + (d->items[i].p - (const uint8_t *)d->text.p) };
	*list = (struct weir_list){ .n = d->n, .values = items };
	v.v.list = list;
	weir_set(c->ev, c->x->out[out], &v);
}

static void set_all(struct change *c)
{
	const struct tell *t = &c->x->tell;

	weir_count(&c->x->counters[N_CHANGES], 1);
	weir_count(&c->x->counters[N_OLD_UNKNOWN], !strcmp(c->old_status, "unknown"));
	set_text(c, OUT_FORMAT, acl_kind_name(c->kind));
	set_text(c, OUT_STATUS, c->status);
	set_text(c, OUT_RULE, c->rule);
	set_text(c, OUT_OLD_STATUS, c->old_status);
	set_put(c, OUT_SUMMARY, &t->line);
	set_put(c, OUT_TEXT, &t->text);
	set_put(c, OUT_OLD_TEXT, &t->old_text);
	set_list(c, OUT_CHANGE, &t->changes);
	set_list(c, OUT_RISK, &t->risks);
}

/* ---- attributes ------------------------------------------------------------------------*/

static void set_none(struct acl *a, const struct change *c, const struct acl_context *ctx)
{
	memset(a, 0, sizeof(*a));
	a->kind = (uint8_t)c->kind;
	a->notes = ACL_NOTE_REMOVED;
	a->is_default = ctx->xattr && !strcmp(ctx->xattr, "system.posix_acl_default");
}

/* The state before, of the kernel's value or of ours; false: not known. */
static bool get_was(struct change *c, enum memo_state state, struct acl_bytes value,
		    const char *from, const struct acl_context *ctx, struct acl *was)
{
	struct memo_value memo = { 0 };

	if (state == MEMO_UNKNOWN) {
		state = memo_get(c->x->memo, &c->key, c->time, &memo);
		value = memo.bytes;
		from = memo.read ? "read" : "remembered";
	}
	c->old_status = "unknown";
	if (state == MEMO_UNKNOWN || value.len > c->x->max_size)
		return false;
	if (state == MEMO_NONE)
		set_none(was, c, ctx);
	else if (acl_decode(c->kind, value, ctx, &c->x->arena, was))
		return false;
	c->old_status = from;
	return true;
}

static void fault(struct change *c, struct acl *a, struct acl_bytes in)
{
	c->status = "malformed";
	c->rule = a->rule;
	weir_count(&c->x->counters[N_MALFORMED], 1);
	tell_fault(&c->x->tell, a, in, c->done);
}

static void cut(struct change *c, struct acl *a, uint32_t have, uint32_t size)
{
	bool truncated = have < size;

	c->status = truncated ? "truncated" : "too_large";
	weir_count(&c->x->counters[truncated ? N_TRUNCATED : N_TOO_LARGE], 1);
	a->kind = (uint8_t)c->kind;
	tell_cut(&c->x->tell, a, have, size, c->done);
}

struct values {
	struct weir_value is;	/* absent: removed */
	uint32_t size;		/* its whole length */
	bool removed;
	enum memo_state old_state;	/* what the kernel says */
	struct acl_bytes old;
};

/* An attribute, or an ACL, was set or removed. */
static void on_value(struct change *c, const struct values *v, const struct acl_context *ctx)
{
	struct acl_bytes in = bytes_of(&v->is);
	enum memo_state state = v->removed ? MEMO_NONE : MEMO_PRESENT;
	struct acl was, is = { 0 };
	bool known;

	known = get_was(c, v->old_state, v->old, "kernel", ctx, &was);
	if (v->removed) {
		set_none(&is, c, ctx);
		c->status = "removed";
	} else if (in.len < v->size || v->is.status == WEIR_TRUNCATED) {
		cut(c, &is, in.len, v->size > in.len ? v->size : in.len + 1);
		state = MEMO_UNKNOWN;
	} else if (in.len > c->x->max_size) {
		cut(c, &is, in.len, in.len);
		state = MEMO_UNKNOWN;
	} else if (acl_decode(c->kind, in, ctx, &c->x->arena, &is)) {
		fault(c, &is, in);
	} else if (is.notes & ACL_NOTE_REMOVED) {
		c->status = "removed";
		state = MEMO_NONE;
	}
	if (!c->rule && (!strcmp(c->status, "ok") || !strcmp(c->status, "removed")))
		tell_change(&c->x->tell, known ? &was : NULL, &is, c->done, &c->x->words);
	/* What holds the state before may be overwritten now. */
	if (c->done)
		memo_put(c->x->memo, &c->key, c->sure ? state : MEMO_UNKNOWN,
			 state == MEMO_PRESENT ? in : (struct acl_bytes){ 0 });
}

static bool is_ntacl(const struct acl_plugin *x, const struct weir_value *name)
{
	uint32_t i;

	for (i = 0; i < x->n_ntacl; i++)
		if (strlen(x->ntacl[i]) == name->len && !memcmp(x->ntacl[i], name->v.p, name->len))
			return true;
	return false;
}

/* False: no attribute of ours, or one for another instance. */
static bool on_xattr(struct change *c, bool removed)
{
	struct weir_value name = weir_get(c->ev, c->x->in[IN_XATTR_NAME]);
	struct acl_context ctx = { .is_dir = (change_get32(c, IN_MODE, 0) & MODE_TYPE) == MODE_DIR };
	struct values v = { .removed = removed };
	char text[64];

	if (name.status != WEIR_PRESENT || name.len >= sizeof(text))
		return false;
	if (is_ntacl(c->x, &name))
		c->kind = ACL_NTACL;
	else if (!acl_xattr_kind(name.v.p, name.len, &c->kind))
		return false;
	if (!removed) {
		v.is = weir_get(c->ev, c->x->in[IN_XATTR_VALUE]);
		v.size = change_get32(c, IN_XATTR_SIZE, v.is.len);
		if (v.size < c->x->min_size)
			return false;
		/* It would have failed if there had been one. */
		if (c->sure && change_get32(c, IN_XATTR_FLAGS, 0) & XATTR_CREATE)
			v.old_state = MEMO_NONE;
	}
	memcpy(text, name.v.p, name.len);
	text[name.len] = 0;
	ctx.xattr = text;
	c->key.attr = memo_attr(text, name.len);
	on_value(c, &v, &ctx);
	return true;
}

static bool on_set_acl(struct change *c)
{
	static const enum memo_state states[] = {
		[WEIR_OLD_UNKNOWN] = MEMO_UNKNOWN, [WEIR_OLD_NONE] = MEMO_NONE,
		[WEIR_OLD_PRESENT] = MEMO_PRESENT,
	};
	bool dflt = change_get32(c, IN_ACL_KIND, WEIR_ACL_ACCESS) == WEIR_ACL_DEFAULT;
	struct acl_context ctx = { .is_dir = (change_get32(c, IN_MODE, 0) & MODE_TYPE) == MODE_DIR,
		.xattr = dflt ? "system.posix_acl_default" : "system.posix_acl_access" };
	struct weir_value old = weir_get(c->ev, c->x->in[IN_ACL_OLD]);
	uint32_t state = change_get32(c, IN_ACL_OLD_STATE, WEIR_OLD_UNKNOWN);
	struct values v = { .removed = change_get32(c, IN_ACL_ACTION, 0) == WEIR_ACL_REMOVE };

	v.is = weir_get(c->ev, c->x->in[IN_ACL_VALUE]);
	v.size = v.is.len;
	if (!v.removed && v.size < c->x->min_size)
		return false;
	v.old_state = state <= WEIR_OLD_PRESENT ? states[state] : MEMO_UNKNOWN;
	if (v.old_state == MEMO_PRESENT && old.status != WEIR_PRESENT)
		v.old_state = MEMO_UNKNOWN;
	v.old = bytes_of(&old);
	c->kind = ACL_POSIX;
	c->key.attr = memo_attr(ctx.xattr, strlen(ctx.xattr));
	on_value(c, &v, &ctx);
	return true;
}

/* The inode is new, or will be gone: what was remembered is of another file. */
static void on_other_file(struct change *c)
{
	bool made = c->ev->type == WEIR_EV_create || c->ev->type == WEIR_EV_mkdir;

	if (c->done && (made || c->ev->type == WEIR_EV_rmdir || change_get32(c, IN_NLINK, 1) <= 1))
		memo_forget(c->x->memo, c->key.dev, c->key.ino);
}

/* A container's ids are not those of the host's accounts. */
static void take_names(struct change *c)
{
	struct acl_plugin *x = c->x;

	names_take(&x->names);
	x->words.put_id = names_fit(&x->names, change_get32(c, IN_NS_MNT, 0)) ? names_put : NULL;
	__atomic_store_n(&x->counters[N_NAMES], x->names.n_asked, __ATOMIC_RELAXED);
}

static void see_before(struct change *c)
{
	see_take(c->x);
	if (c->ev->type != WEIR_EV_open && c->ev->type != WEIR_EV_exec)
		sight_changed(&c->x->sight, &c->key);
}

/* A file that is there, and may change later. */
static void see_after(struct change *c)
{
	uint16_t type = c->ev->type;

	if (type == WEIR_EV_exec)
		see_program(c->x, c->ev);
	else if (type != WEIR_EV_mkdir && type != WEIR_EV_rmdir && type != WEIR_EV_unlink)
		see_file(c->x, c->ev, &c->key);
	__atomic_store_n(&c->x->counters[N_WAITING], c->x->sight.n_waiting, __ATOMIC_RELAXED);
}

static bool run(struct change *c)
{
	switch (c->ev->type) {
	case WEIR_EV_chmod:
		if (c->x->min_size)
			return false;
		change_chmod(c);
		return true;
	case WEIR_EV_chown:
		if (c->x->min_size)
			return false;
		change_chown(c);
		return true;
	case WEIR_EV_chattr:
		if (c->x->min_size)
			return false;
		change_chattr(c);
		return true;
	case WEIR_EV_setxattr:
	case WEIR_EV_removexattr:
		return on_xattr(c, c->ev->type == WEIR_EV_removexattr);
	case WEIR_EV_set_acl:
		return on_set_acl(c);
	case WEIR_EV_create:
	case WEIR_EV_mkdir:
	case WEIR_EV_unlink:
	case WEIR_EV_rmdir:
		on_other_file(c);
		return false;
	default:
		return false;
	}
}

void change_run(struct acl_plugin *x, struct weir_event *ev)
{
	struct change c = { .x = x, .ev = ev, .status = "ok" };
	uint64_t outcome = weir_get_u64(ev, x->in[IN_OUTCOME], WEIR_OUTCOME_UNKNOWN);

	x->arena.used = 0;
	x->arena.full = false;
	c.done = outcome != WEIR_OUTCOME_FAILURE && outcome != WEIR_OUTCOME_BLOCKED;
	c.sure = outcome == WEIR_OUTCOME_SUCCESS;
	c.time = weir_get_u64(ev, x->in[IN_TIME], 0);
	c.key.gen = weir_get_u64(ev, x->in[IN_GENERATION], 0);
	c.key.dev = change_get32(&c, IN_DEV, 0);
	c.key.ino = weir_get_u64(ev, x->in[IN_INODE], 0);
	tell_begin(&x->tell, x->max_text);
	if (x->names.on)
		take_names(&c);
	if (x->sight.on)
		see_before(&c);
	if (run(&c))
		set_all(&c);
	if (x->sight.on)
		see_after(&c);
	__atomic_store_n(&x->counters[N_ENTRIES], memo_entries(x->memo), __ATOMIC_RELAXED);
	__atomic_store_n(&x->counters[N_EVICTED], memo_evicted(x->memo), __ATOMIC_RELAXED);
}
