/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a thread is, and where: credentials and namespaces.
 *
 *   credentials	lsm/task_fix_setuid	asked for: waits for the change
 *			lsm/task_fix_setgid
 *			lsm/task_fix_setgroups
 *			lsm/capset
 *			lsm/bprm_committing_creds	... an exec, which has its
 *						own event and gets none here
 *			fentry/commit_creds	the change, whoever makes it
 *   namespace		fentry/ksys_unshare	fexit/ksys_unshare
 *			fentry/commit_creds	setns of a user namespace: what was
 *						before, for the next
 *			fentry/switch_task_namespaces	setns
 *			tp_btf/sched_process_fork	clone
 *
 * Credentials that are only borrowed (overlayfs, NFS) are not committed.
 * Where a task preempts another within commit_creds, the kernel passes the
 * program over and counts a loss, whether or not there was a change to tell.
 */
#include "weir.bpf.h"

/* ---- what a thread is in the middle of ---------------------------------------*/

enum mark_what {
	/* below: enum weir_cred_via */
	MARK_EXEC = 16,		/* `cred` will be committed by an exec */
	MARK_UNSHARE,		/* within ksys_unshare */
	MARK_SETNS_USER,	/* `cred` is in force; the rest was before */
};

struct mark {
	__u64 start;		/* of the thread, whose id may be used again */
	__u64 cred;
	__u64 effective;
	__u64 permitted;
	__u32 ns_user;
	__u32 what;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct mark);
} m_mark SEC(".maps");

static __always_inline void mark_put(struct mark *m)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tid = task->pid;

	m->start = task->start_boottime;
	bpf_map_update_elem(&m_mark, &tid, m, BPF_ANY);
}

static __always_inline void mark_set(__u32 what, __u64 cred)
{
	struct mark m = { .cred = cred, .what = what };

	mark_put(&m);
}

static __always_inline struct mark *mark_find(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tid = task->pid;
	struct mark *m = bpf_map_lookup_elem(&m_mark, &tid);

	return m && m->start == task->start_boottime ? m : NULL;
}

static __always_inline void mark_drop(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&m_mark, &tid);
}

static __always_inline bool is_unsharing(void)
{
	struct mark *m = mark_find();

	return m && m->what == MARK_UNSHARE;
}

/* ---- credentials -----------------------------------------------------------------*/

SEC("lsm/bprm_committing_creds")
int on_committing_creds(__u64 *ctx)
{
	struct linux_binprm *bprm = (void *)ctx[0];

	mark_set(MARK_EXEC, (__u64)bprm->cred);
	return 0;
}

/* Two numbers of 32 bits until 6.2, one of 64 since (f122a08b197d): the same bytes. */
static __always_inline __u64 caps_read(const kernel_cap_t *cap)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), cap);
	return v;
}

/*
 * `flag` if the numbers differ. Without a branch: of sixteen in a row the
 * verifier would follow each combination. Of two pointers it takes nothing but
 * the difference.
 */
static __always_inline __u32 flag_if(__u64 a, __u64 b, __u32 flag)
{
	__u64 d = a - b, minus = b - a;

	BOUND(minus);
	d |= minus;
	BOUND(d);
	return (__u32)(d >> 63) * flag;
}

#define GROUPS_COMPARED	64

/* The same list may lie in another place; a long one counts as another. */
static __always_inline __u64 groups_differ(const struct cred *old, const struct cred *new)
{
	struct group_info *a = old->group_info, *b = new->group_info;
	__u64 differ = 0;
	__u32 off, x, y;
	int i, n;

	if (a == b)
		return 0;
	n = BPF_CORE_READ(a, ngroups);
	if (n != BPF_CORE_READ(b, ngroups) || n > GROUPS_COMPARED)
		return 1;
	for (i = 0; i < GROUPS_COMPARED && i < n; i++) {
		off = bpf_core_field_offset(struct group_info, gid) + i * sizeof(x);
		x = 0;
		y = 1;
		bpf_probe_read_kernel(&x, sizeof(x), (void *)a + off);
		bpf_probe_read_kernel(&y, sizeof(y), (void *)b + off);
		differ |= x ^ y;
	}
	return differ;
}

#define IDS_DIFFER(member, flag)	flag_if(old->member.val, new->member.val, flag)
#define CAPS_DIFFER(member, flag) \
	flag_if(caps_read(&old->member), caps_read(&new->member), flag)

static __always_inline __u32 cred_changes(const struct cred *old, const struct cred *new)
{
	__u32 c = 0;

	c |= IDS_DIFFER(uid, WEIR_CRED_UID);
	c |= IDS_DIFFER(euid, WEIR_CRED_EUID);
	c |= IDS_DIFFER(suid, WEIR_CRED_SUID);
	c |= IDS_DIFFER(fsuid, WEIR_CRED_FSUID);
	c |= IDS_DIFFER(gid, WEIR_CRED_GID);
	c |= IDS_DIFFER(egid, WEIR_CRED_EGID);
	c |= IDS_DIFFER(sgid, WEIR_CRED_SGID);
	c |= IDS_DIFFER(fsgid, WEIR_CRED_FSGID);
	c |= CAPS_DIFFER(cap_effective, WEIR_CRED_EFFECTIVE);
	c |= CAPS_DIFFER(cap_permitted, WEIR_CRED_PERMITTED);
	c |= CAPS_DIFFER(cap_inheritable, WEIR_CRED_INHERITABLE);
	c |= CAPS_DIFFER(cap_ambient, WEIR_CRED_AMBIENT);
	c |= CAPS_DIFFER(cap_bset, WEIR_CRED_BOUNDING);
	c |= flag_if(old->securebits, new->securebits, WEIR_CRED_SECUREBITS);
	c |= flag_if((__u64)old->user_ns, (__u64)new->user_ns, WEIR_CRED_USER_NS);
	c |= flag_if(groups_differ(old, new), 0, WEIR_CRED_GROUPS);
	return c;
}

static __always_inline struct scratch *credentials_begin(const struct cred *new, __u32 changes,
							 __u32 via)
{
	struct weir_credentials *e;
	struct scratch *s;

	/* A change that was asked for and never made: no process was to be had. */
	op_flush(WEIR_EV_credentials, WEIR_OUTCOME_UNKNOWN);
	s = op_begin_as(WEIR_EV_credentials, sizeof(*e), true);
	if (!s)
		return NULL;
	e = (void *)s->rec;
	e->cred_changes = changes;
	e->cred_via = via;
	e->new_uid = new->uid.val;
	e->new_euid = new->euid.val;
	e->new_suid = new->suid.val;
	e->new_fsuid = new->fsuid.val;
	e->new_gid = new->gid.val;
	e->new_egid = new->egid.val;
	e->new_sgid = new->sgid.val;
	e->new_fsgid = new->fsgid.val;
	e->new_effective = caps_read(&new->cap_effective);
	e->new_permitted = caps_read(&new->cap_permitted);
	e->new_inheritable = caps_read(&new->cap_inheritable);
	if (changes & WEIR_CRED_USER_NS)
		e->new_ns_user = new->user_ns->ns.inum;
	return s;
}

/*
 * The ids are as they will be committed, as the module that knows capabilities has been
 * asked before. Nothing fails behind the hook but for want of memory or of processes.
 */
static __always_inline int credentials_asked(__u64 *ctx, __u32 via)
{
	const struct cred *new = (void *)ctx[0], *old = (void *)ctx[1];
	struct scratch *s = NULL;
	__u32 changes;

	mark_set(via, (__u64)new);
	if (!type_enabled(WEIR_EV_credentials) || task_excluded() ||
	    (cfg_lsm_fexit && ret_errno(ctx)))
		return 0;
	changes = cred_changes(old, new);
	if (changes)
		s = credentials_begin(new, changes, via);
	if (!s)
		return 0;
	return op_ask(s, ctx, WEIR_EV_credentials, (__u64)new);
}

SEC("lsm/task_fix_setuid")
int on_fix_setuid(__u64 *ctx)
{
	return credentials_asked(ctx, WEIR_CRED_VIA_SETUID);
}

SEC("lsm/task_fix_setgid")
int on_fix_setgid(__u64 *ctx)
{
	return credentials_asked(ctx, WEIR_CRED_VIA_SETGID);
}

SEC("lsm/task_fix_setgroups")
int on_fix_setgroups(__u64 *ctx)
{
	return credentials_asked(ctx, WEIR_CRED_VIA_SETGROUPS);
}

SEC("lsm/capset")
int on_capset(__u64 *ctx)
{
	return credentials_asked(ctx, WEIR_CRED_VIA_CAPSET);
}

/*
 * setns changes the user namespace before the others, whose event comes from
 * switch_task_namespaces and has to tell what was before.
 */
static __always_inline void setns_user_mark(const struct cred *old, const struct cred *new)
{
	struct mark m = {
		.what = MARK_SETNS_USER,
		.cred = (__u64)new,
		.ns_user = old->user_ns->ns.inum,
		.effective = caps_read(&old->cap_effective),
		.permitted = caps_read(&old->cap_permitted),
	};

	mark_put(&m);
}

SEC("fentry/commit_creds")
int on_commit_creds(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct cred *old = task->real_cred, *new = (void *)ctx[0];
	struct mark *m = mark_find();
	__u32 via = WEIR_CRED_VIA_OTHER, changes;
	bool unsharing = m && m->what == MARK_UNSHARE;
	struct scratch *s;

	if (m) {
		if (m->cred == (__u64)new && m->what != MARK_SETNS_USER)
			via = m->what;
		mark_drop();
	}
	if (via == MARK_EXEC || task_excluded())
		return 0;
	if (!unsharing && old->user_ns != new->user_ns && type_enabled(WEIR_EV_namespace))
		setns_user_mark(old, new);
	s = op_waiting(WEIR_EV_credentials, (__u64)new);
	if (s) {
		op_done(s, 0);
		return 0;
	}
	if (!type_enabled(WEIR_EV_credentials))
		return 0;
	changes = cred_changes(old, new);
	if (changes)
		s = credentials_begin(new, changes, via);
	if (s)
		op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	return 0;
}

/* ---- namespaces --------------------------------------------------------------------*/

#define CLONE_NEWTIME	0x00000080
#define CLONE_NEWNS	0x00020000
#define CLONE_NEWCGROUP	0x02000000
#define CLONE_NEWUTS	0x04000000
#define CLONE_NEWIPC	0x08000000
#define CLONE_NEWUSER	0x10000000
#define CLONE_NEWPID	0x20000000
#define CLONE_NEWNET	0x40000000
#define CLONE_NEWALL	(CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
			 CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#define NS_DIFFER(member, flag)	flag_if((__u64)a->member, (__u64)b->member, flag)

static __always_inline __u32 ns_differ(const struct nsproxy *a, const struct nsproxy *b)
{
	return NS_DIFFER(mnt_ns, CLONE_NEWNS) | NS_DIFFER(net_ns, CLONE_NEWNET) |
	       NS_DIFFER(uts_ns, CLONE_NEWUTS) | NS_DIFFER(ipc_ns, CLONE_NEWIPC) |
	       NS_DIFFER(cgroup_ns, CLONE_NEWCGROUP) |
	       NS_DIFFER(pid_ns_for_children, CLONE_NEWPID) |
	       NS_DIFFER(time_ns_for_children, CLONE_NEWTIME);
}

static __always_inline void ns_fill(struct weir_namespace *e, const struct nsproxy *ns,
				    const struct cred *cred)
{
	e->new_mnt = ns->mnt_ns->ns.inum;
	e->new_net = ns->net_ns->ns.inum;
	e->new_uts = ns->uts_ns->ns.inum;
	e->new_ipc = ns->ipc_ns->ns.inum;
	e->new_cgroup = ns->cgroup_ns->ns.inum;
	e->new_pid_ino = ns->pid_ns_for_children->ns.inum;
	e->new_time = ns->time_ns_for_children->ns.inum;
	e->new_user = cred->user_ns->ns.inum;
}

/*
 * Where no program follows the end of it, switch_task_namespaces tells the
 * event, but not that it is an unshare.
 */
static __always_inline bool unshare_followed(void)
{
	return g_outcomes >> WEIR_EV_namespace & 1;
}

SEC("fentry/ksys_unshare")
int on_unshare(__u64 *ctx)
{
	__u32 types = ctx[0] & CLONE_NEWALL;
	struct weir_namespace *e;
	struct scratch *s;

	if (!types || !unshare_followed())
		return 0;
	mark_set(MARK_UNSHARE, 0);
	op_flush(WEIR_EV_namespace, WEIR_OUTCOME_UNKNOWN);
	s = op_begin(WEIR_EV_namespace, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->ns_types = types;
	e->ns_via = WEIR_NS_UNSHARE;
	op_park(s, ctx, WEIR_EV_namespace, 0);
	return 0;
}

SEC("fexit/ksys_unshare")
int on_unshare_done(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s;

	if (is_unsharing())
		mark_drop();
	s = op_waiting(WEIR_EV_namespace, 0);
	if (!s)
		return 0;
	ns_fill((void *)s->rec, task->nsproxy, task->real_cred);
	op_done(s, ret_errno(ctx));
	return 0;
}

/* The user namespace is another already: tells it, and what was before. */
static __always_inline __u32 setns_user_take(struct weir_namespace *e,
					     const struct cred *cred)
{
	struct mark *m = mark_find();

	if (!m || m->what != MARK_SETNS_USER || m->cred != (__u64)cred)
		return 0;
	e->base.ns_user = m->ns_user;
	e->base.cap_effective = m->effective;
	e->base.cap_permitted = m->permitted;
	mark_drop();
	return CLONE_NEWUSER;
}

/* Also at the end of a task, without new ones, and when an exec enters a time namespace. */
SEC("fentry/switch_task_namespaces")
int on_switch_namespaces(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0], *self = bpf_get_current_task_btf();
	struct nsproxy *new = (void *)ctx[1];
	struct weir_namespace *e;
	struct scratch *s;

	if (!new || task->pid != self->pid || !type_enabled(WEIR_EV_namespace) ||
	    is_unsharing())
		return 0;
	s = op_begin(WEIR_EV_namespace, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->ns_types = ns_differ(self->nsproxy, new) | setns_user_take(e, self->real_cred);
	e->ns_via = unshare_followed() ? WEIR_NS_SETNS : 0;
	ns_fill(e, new, self->real_cred);
	if (e->ns_types)
		op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	else
		scratch_release(s);
	return 0;
}

/* The new task is not running yet, and only the creator may be the actor. */
SEC("tp_btf/sched_process_fork")
int on_clone_namespaces(__u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	struct weir_namespace *e;
	struct scratch *s;
	__u32 types = 0;

	if (!type_enabled(WEIR_EV_namespace))
		return 0;
	if (parent->nsproxy != child->nsproxy)
		types = ns_differ(parent->nsproxy, child->nsproxy);
	if (parent->real_cred->user_ns != child->real_cred->user_ns)
		types |= CLONE_NEWUSER;
	if (!types)
		return 0;
	s = op_begin(WEIR_EV_namespace, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->ns_types = types;
	e->ns_via = WEIR_NS_CLONE;
	e->child_key = task_key(child->group_leader);
	ns_fill(e, child->nsproxy, child->real_cred);
	op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	return 0;
}
