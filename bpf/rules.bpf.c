/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the rules say of an event that has just been filled: matched before the operation
 * is done, and before anything of it is told, so that no verdict depends on a reader.
 * plugins/rules makes the image.
 *
 * An object of its own, loaded anew for each generation of rules by core/source/rules.c,
 * so that its maps have the size of the image. Two stubs in the programs of the hooks wait
 * to be replaced; while one is in force the other one's replacement is changed.
 */
#include "weir.bpf.h"

struct match {
	struct match_work *w;
	struct rules_slot *slot;
	struct scratch *s;
	__u32 late;		/* enum match_source_flags */
	__u32 wanted;		/* enum match_action, any of them */
	__u32 told_from, told_at;
	__u32 item, items_seen, item_len;
	__u64 item_at, item_from, item_end;
};
#define MATCH_ITEM_MAX	4096	/* bytes of an item, its NUL included */
#include "matchmap.bpf.h"

/* What a rule has done in a minute: its number, and how often. */
struct rules_budget {
	__u64 actions, targets;
};

struct rules_target {
	__u32 rule;
	__u32 minute;
	__u64 target;
};

/* Work areas: one for each event that is being judged. */
struct rules_slot {
	struct match_work work;
	struct match_value values[MATCH_SOURCES];
	struct rules_target target;
	struct lpm_key key;
	__u8 text[MATCH_ITEM_MAX];	/* read to find its end */
	__u32 action;		/* enum match_action */
	__u32 told;		/* enum match_told_flags */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RULES_SLOTS);
	__type(key, __u32);
	__type(value, struct rules_slot);
} m_rules_work SEC(".maps");

/* By the number of the rule. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rules_budget);
} m_rules_budget SEC(".maps");

/* Targets of a rule in a minute. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct rules_target);
	__type(value, __u32);
} m_rules_targets SEC(".maps");

/* Prefixes of executables that are never blocked or killed. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lpm_key);
	__type(value, __u32);
} m_rules_never SEC(".maps");

struct map_doomed m_doomed SEC(".maps");	/* that of the hooks */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct match_head g_head = {};	/* set before it is loaded */
__u32 g_slot_mask = 0;		/* one less than there are work areas: a power of two */
volatile __u32 g_enforce = 0;
__u32 g_dooms = 0;	/* set before it is loaded: a rule kills parents */
__u32 g_busy[RULES_SLOTS];	/* work areas in use */

/* ---- what the matcher asks of its includer -----------------------------------------*/

static __always_inline __u8 match_byte(const struct match *m, const struct match_value *v, __u32 i)
{
	__u64 at = v->at + i;

	BOUND(at);
	return at < WEIR_REC_MAX ? m->s->rec[at] : 0;
}

/* The compiler gives these to user space. */
static __always_inline int match_part(const struct match *m, const struct match_value *v,
				      const struct match_test *t)
{
	return MATCH_UNKNOWN;
}

static __always_inline int match_cgroup(const struct match *m, const struct match_value *v,
					const struct match_test *t)
{
	return bpf_get_current_ancestor_cgroup_id(t->more) == (__u64)t->value;
}

static __always_inline struct match_value *match_value(const struct match *m, __u32 field)
{
	BOUND(field);
	if (field >= MATCH_SOURCES)
		return NULL;
	return &m->slot->values[field];
}

#include "matchrun.bpf.h"

/* ---- values ------------------------------------------------------------------------*/

static __always_inline void value_late(struct match_value *v)
{
	v->flags = MATCH_VALUE_LATE | MATCH_VALUE_TEXT | MATCH_VALUE_CUT_BEGIN | MATCH_VALUE_CUT_END;
	v->len = 0;
}

/* Which end of a path or text was cut is not in the record; a list has its begin. */
static __always_inline void value_text(struct match_value *v, const struct weir_str *str, __u32 kind)
{
	__u32 len = str->len & WEIR_STR_LEN;

	if (!str->off && !(str->len & WEIR_STR_ERROR))
		return;
	v->flags = MATCH_VALUE_TEXT;
	v->at = str->off;
	v->len = str->off ? len : 0;
	if (str->len & (WEIR_STR_TRUNCATED | WEIR_STR_ERROR))
		v->flags |= MATCH_VALUE_CUT_END;
	if (kind == WEIR_KIND_STRV) {
		v->flags |= MATCH_VALUE_LIST;
		v->len -= v->len != 0;
	} else if (str->len & WEIR_STR_TRUNCATED || !str->off) {
		v->flags |= MATCH_VALUE_CUT_BEGIN;
	}
}

static __always_inline void value_address(struct match_value *v, const struct weir_ip *ip)
{
	if (!ip->family)
		return;
	v->flags = MATCH_VALUE_ADDRESS;
	v->family = ip->family == AF_INET ? 4 : 6;
	__builtin_memcpy(&v->addr, ip->addr, sizeof(v->addr));
}

static __always_inline void value_number(struct match_value *v, __u64 number)
{
	v->flags = MATCH_VALUE_NUMBER;
	v->number = number;
	v->fraction = 0;
}

/* The items of a list end with a NUL each. */
static long item_cb(__u32 i, struct match *m)
{
	__u64 at = m->item_at;
	long n;

	if (i >= m->item || at >= m->item_end || at > WEIR_REC_MAX - MATCH_ITEM_MAX)
		return 1;
	n = bpf_probe_read_kernel_str(m->slot->text, MATCH_ITEM_MAX, &m->s->rec[at]);
	m->item_len = n > 0 ? n - 1 : 0;
	m->item_from = at;
	/* One that is longer than that hides where the next begins. */
	m->item_at = n > 0 && n < MATCH_ITEM_MAX ? at + n : m->item_end;
	m->items_seen = i + 1;
	return 0;
}

static __always_inline void value_item(struct match *m, struct match_value *v,
				       const struct weir_str *list, __u32 item)
{
	m->item_at = list->off;
	m->item_end = list->off + (list->len & WEIR_STR_LEN);
	m->item = item;
	m->items_seen = 0;
	if (list->off)
		bpf_loop(MATCH_ITEMS, item_cb, m, 0);
	if (m->items_seen == item) {
		v->flags = MATCH_VALUE_TEXT;
		v->at = m->item_from;
		v->len = m->item_len;
		if (m->item_len >= MATCH_ITEM_MAX - 1 ||
		    (m->item_at >= m->item_end && list->len & (WEIR_STR_TRUNCATED | WEIR_STR_ERROR)))
			v->flags |= MATCH_VALUE_CUT_END;
	} else if (m->items_seen && m->item_len >= MATCH_ITEM_MAX - 1) {
		value_late(v);
	} else if (list->len & (WEIR_STR_TRUNCATED | WEIR_STR_ERROR)) {
		value_late(v);
	}
}

/* As weir_get() of <weir/plugin.h> has it. */
static __always_inline void value_read(struct match_value *v, const __u8 *at, __u32 kind)
{
	__u32 u32;

	switch (kind) {
	case WEIR_KIND_U8:
		value_number(v, *at);
		break;
	case WEIR_KIND_U16:
		value_number(v, *(const __u16 *)at);
		break;
	case WEIR_KIND_U32:
	case WEIR_KIND_ENUM:
	case WEIR_KIND_FLAGS:
		value_number(v, *(const __u32 *)at);
		break;
	case WEIR_KIND_UID:
		u32 = *(const __u32 *)at;
		if (u32 != ~0u)
			value_number(v, u32);
		break;
	case WEIR_KIND_PORT:
	case WEIR_KIND_MODE:
	case WEIR_KIND_DEV:
		u32 = *(const __u32 *)at;
		if (u32)
			value_number(v, u32);
		break;
	case WEIR_KIND_U64:
		value_number(v, *(const __u64 *)at);
		break;
	case WEIR_KIND_KEY:
		if (*(const __u64 *)at)
			value_number(v, *(const __u64 *)at);
		break;
	case WEIR_KIND_IP:
		value_address(v, (const struct weir_ip *)at);
		break;
	default:
		value_text(v, (const struct weir_str *)at, kind);
	}
}

#define WIRE_STRUCT_MAX	2048u	/* bytes; a power of two */

static long value_cb(__u32 i, struct match *m)
{
	struct match_value *v = match_value(m, i);
	struct weir_base *b = (void *)m->s->rec;
	const struct match_source *src;
	__u64 off;

	if (!v || i >= MATCH_SOURCES)
		return 1;
	v->flags = 0;
	src = &g_head.sources[b->type & (MATCH_TYPES - 1)][i];
	off = src->off & (WIRE_STRUCT_MAX - 1);
	if (!off)
		return 0;
	BOUND(off);
	off &= WIRE_STRUCT_MAX - 1;
	if (src->flags & m->late)
		value_late(v);
	else if (src->item)
		value_item(m, v, (const struct weir_str *)&m->s->rec[off], src->item);
	else
		value_read(v, &m->s->rec[off], src->kind);
	return 0;
}

/* ---- what is to be done --------------------------------------------------------------*/

/* Adds a match to what the record tells, and collects what the rules want. */
static long found_cb(__u32 i, struct match *m)
{
	const struct match_found *f = &m->slot->work.found[i % MATCH_FOUND];
	const struct match_rule *r = match_rule(m, f->rule);
	__u64 at = m->told_at;

	if (!r)
		return 1;
	if (f->truth == MATCH_TRUE || r->action & MATCH_UNKNOWN_TOO)
		m->slot->action |= r->action;
	BOUND(at);
	if (i < MATCH_TOLD_MAX && at <= WEIR_REC_MAX - sizeof(__u32)) {
		*(__u32 *)&m->s->rec[at] = f->rule | (f->truth == MATCH_UNKNOWN ? MATCH_TOLD_MAY : 0);
		m->told_at = at + sizeof(__u32);
	} else {
		m->slot->told |= MATCH_TOLD_INCOMPLETE;
	}
	return 0;
}

#define MINUTE_NS	60000000000ull

/* One of `most` in this minute; false: there is none left. */
static __always_inline bool budget_take(__u64 *word, __u64 minute, __u32 most)
{
	__u64 old, n;
	int i;

	for (i = 0; i < 4; i++) {
		old = *(volatile __u64 *)word;
		n = old >> 32 == minute ? (__u32)old : 0;
		if (n >= most)
			return false;
		if (__sync_val_compare_and_swap(word, old, minute << 32 | (n + 1)) == old)
			break;
	}
	return true;
}

/* The number that a budget's targets are told by: an inode, an address. */
static __always_inline __u64 target_of(struct match *m)
{
	struct weir_base *b = (void *)m->s->rec;
	__u64 off = g_head.target[b->type & (MATCH_TYPES - 1)];

	if (!off)
		return b->exe_ino;
	BOUND(off);
	return *(__u64 *)&m->s->rec[off & (WIRE_STRUCT_MAX - 1)];
}

static __always_inline bool budget_allows(struct match *m, const struct match_rule *r)
{
	__u32 idx = r->number, one = 1;
	struct rules_budget *budget = bpf_map_lookup_elem(&m_rules_budget, &idx);
	struct rules_target *key = &m->slot->target;
	__u64 minute = bpf_ktime_get_boot_ns() / MINUTE_NS & 0xffffffff;

	if (!budget)
		return false;
	if (r->targets) {
		key->rule = idx;
		key->minute = minute;
		key->target = target_of(m);
		if (!bpf_map_lookup_elem(&m_rules_targets, key)) {
			if (!budget_take(&budget->targets, minute, r->targets))
				return false;
			bpf_map_update_elem(&m_rules_targets, key, &one, BPF_ANY);
		}
	}
	return !r->per_minute || budget_take(&budget->actions, minute, r->per_minute);
}

#define ACTIVE	(MATCH_BLOCK | MATCH_KILL | MATCH_KILL_PARENT)

/* What of it may really be done. */
static long action_cb(__u32 i, struct match *m)
{
	const struct match_found *f = &m->slot->work.found[i % MATCH_FOUND];
	const struct match_rule *r = match_rule(m, f->rule);
	__u32 action;

	if (!r)
		return 1;
	action = r->action;
	if (!(action & m->wanted) || (f->truth == MATCH_UNKNOWN && !(action & MATCH_UNKNOWN_TOO)))
		return 0;
	if (action & MATCH_DRY_RUN)
		m->slot->told |= MATCH_TOLD_DRY_RUN;
	else if ((r->per_minute || r->targets) && !budget_allows(m, r))
		m->slot->told |= MATCH_TOLD_BUDGET;
	else
		m->slot->action |= action & ACTIVE;
	return 0;
}

/* Init, and executables that the configuration names. */
static __always_inline bool never_touched(struct match *m)
{
	struct weir_base *b = (void *)m->s->rec;
	struct lpm_key *key = &m->slot->key;
	__u64 at = b->exe_path.off, len = b->exe_path.len & WEIR_STR_LEN;

	if (b->pid == 1 || b->flags & WEIR_REC_KTHREAD)
		return true;
	BOUND(at);
	if (!at || at > WEIR_REC_MAX - LPM_DATA || b->exe_path.len & WEIR_STR_TRUNCATED)
		return false;
	bpf_probe_read_kernel(key->data, LPM_DATA, &m->s->rec[at]);
	/* A whole path is longer by its NUL than a prefix that ends in mid-name. */
	if (len < LPM_DATA)
		key->data[len & 255] = 0;
	key->prefixlen = (len < LPM_DATA ? len + 1 : LPM_DATA) * 8;
	return bpf_map_lookup_elem(&m_rules_never, key) != NULL;
}

/*
 * Only the current process can be sent a signal, so the parent dies in its next event, or when
 * it next returns from a system call: from the wait for the child that did it.
 */
static __always_inline void parent_doom(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *parent = task->real_parent;
	__u64 start = parent->group_leader->start_boottime;
	__u32 tgid = parent->tgid;

	if (tgid <= 1)
		return;
	bpf_map_update_elem(&m_doomed, &tgid, &start, BPF_ANY);
}

static __always_inline bool is_doomed(struct match *m)
{
	struct weir_base *b = (void *)m->s->rec;
	__u32 tgid = b->pid;
	__u64 *start;

	if (!g_dooms)
		return false;
	start = bpf_map_lookup_elem(&m_doomed, &tgid);
	if (!start || *start != b->start || b->type == WEIR_EV_exit)
		return false;
	return g_enforce && !never_touched(m);
}

static __always_inline void act(struct match *m, __u32 how)
{
	struct rules_slot *slot = m->slot;
	__u32 action;

	slot->action = 0;
	if (!g_enforce) {
		slot->told |= MATCH_TOLD_OFF;
		return;
	}
	if (never_touched(m)) {
		slot->told |= MATCH_TOLD_NEVER;
		return;
	}
	/* Of an image that is asked about, the caller would be killed for it. */
	m->wanted = how & JUDGE_NO_IMAGE ? MATCH_BLOCK : ACTIVE;
	bpf_loop(slot->work.n_found, action_cb, m, 0);
	action = slot->action;
	if (action & MATCH_BLOCK && !(how & JUDGE_CAN_BLOCK)) {
		slot->told |= MATCH_TOLD_CANNOT;
		/* The new image has not run yet: that comes to the same. */
		if (how & JUDGE_NEW_IMAGE)
			action |= MATCH_KILL;
		action &= ~MATCH_BLOCK;
	}
	if (action & MATCH_BLOCK)
		slot->told |= MATCH_TOLD_BLOCKED;
	if (action & MATCH_KILL && !bpf_send_signal(9))
		slot->told |= MATCH_TOLD_KILLED;
	if (action & MATCH_KILL_PARENT) {
		parent_doom();
		slot->told |= MATCH_TOLD_PARENT;
	}
}

/* ---- an event ------------------------------------------------------------------------*/

/* What is found goes behind all that the record has. */
static __always_inline void told_begin(struct match *m)
{
	m->told_from = (m->s->tail + 3) & ~3u;
	m->told_at = m->told_from + sizeof(struct match_told);
}

static __always_inline void told_end(struct match *m)
{
	struct weir_base *b = (void *)m->s->rec;
	struct match_told *told;
	__u64 at = m->told_from;

	BOUND(at);
	if (at > WEIR_REC_MAX - sizeof(*told))
		return;
	told = (void *)&m->s->rec[at];
	told->generation = g_head.generation;
	told->flags = m->slot->told;
	b->found.off = at;
	b->found.len = m->told_at - at;
	m->s->tail = m->told_at;
}

/* It dies, and nothing more is done for it. */
static __always_inline int doom(struct match *m, __u32 how)
{
	bpf_send_signal(9);
	m->slot->told = MATCH_TOLD_KILLED | (how & JUDGE_CAN_BLOCK ? MATCH_TOLD_BLOCKED : 0);
	told_begin(m);
	told_end(m);
	return how & JUDGE_CAN_BLOCK ? JUDGED_BLOCKED : 0;
}

static __always_inline void match_all(struct match *m)
{
	struct weir_base *b = (void *)m->s->rec;
	__u32 n = g_head.image.n_fields;

	bpf_loop(n, value_cb, m, 0);
	match_event(m, &g_head.image, b->type & (MATCH_TYPES - 1));
	if (m->w->overflow || m->w->more)
		m->slot->told |= MATCH_TOLD_INCOMPLETE;
}

static __always_inline int judge(struct match *m, __u32 how)
{
	struct weir_base *b = (void *)m->s->rec;
	struct rules_slot *slot = m->slot;

	slot->action = 0;
	slot->told = 0;
	b->flags |= WEIR_REC_JUDGED;
	if (is_doomed(m))
		return doom(m, how);
	if (how & JUDGE_DOOM || !(g_head.types >> (b->type & (MATCH_TYPES - 1)) & 1))
		return 0;
	match_all(m);
	if (!m->w->n_found && !slot->told)
		return 0;
	told_begin(m);
	bpf_loop(m->w->n_found, found_cb, m, 0);
	if (slot->action & MATCH_EXCLUDE)
		return JUDGED_EXCLUDED;
	if (slot->action & ACTIVE)
		act(m, how);
	told_end(m);
	return slot->told & MATCH_TOLD_BLOCKED ? JUDGED_BLOCKED : 0;
}

static __always_inline int judge_in(struct scratch *s, __u32 how, __u32 idx)
{
	struct match m = { .s = s };

	m.slot = bpf_map_lookup_elem(&m_rules_work, &idx);
	if (!m.slot)
		return 0;
	m.w = &m.slot->work;
	m.late = MATCH_SOURCE_EMIT | (how & JUDGE_BEFORE ? MATCH_SOURCE_LATE : 0) |
		 (how & JUDGE_NO_IMAGE ? MATCH_SOURCE_NO_IMAGE : 0);
	return judge(&m, how);
}

/* RULES_SLOTS: all that were tried are in use. */
static __always_inline __u32 slot_take(void)
{
	__u32 first = bpf_get_smp_processor_id() * 2, i, idx;

#pragma unroll
	for (i = 0; i < 16; i++) {
		idx = (first + i) & g_slot_mask & (RULES_SLOTS - 1);
		if (!g_busy[idx] && !__sync_val_compare_and_swap(&g_busy[idx], 0, 1))
			return idx;
	}
	return RULES_SLOTS;
}

/* Without a work area the event is not judged here, and user space sees that. */
static __always_inline int judge_somewhere(struct scratch *s, __u32 how)
{
	__u32 idx = s ? slot_take() : RULES_SLOTS;
	int r;

	if (idx >= RULES_SLOTS)
		return 0;
	r = judge_in(s, how, idx);
	__sync_lock_test_and_set(&g_busy[idx & (RULES_SLOTS - 1)], 0);
	return r;
}

/* They take the place of rules_judge_0 or _1 in programs of one kind each. */
SEC("freplace")
int judge_lsm(struct scratch *s, __u32 how)
{
	return judge_somewhere(s, how);
}

SEC("freplace")
int judge_tracepoint(struct scratch *s, __u32 how)
{
	return judge_somewhere(s, how);
}
