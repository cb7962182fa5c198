/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What changes the kernel itself: modules and BPF.
 *
 *   module_load	lsm/kernel_read_file	of finit_module: the file
 *			lsm/kernel_load_data	of init_module
 *			fexit/kernel_read_file	where reading fails
 *			tp_btf/module_load	name and taints
 *			fexit/load_module	parameters and outcome
 *   bpf		lsm/bpf			the command
 *			lsm/bpf_map, bpf_prog	the object that it makes or finds
 *			fexit/__sys_bpf		the outcome
 *
 * Of bpf(2) only what loads, makes, attaches or takes hold of something is an
 * event: what is done to the elements of maps is not.
 */
#include "weir.bpf.h"

/* A text of the process's memory; what the kernel has read before is there. */
static __always_inline struct weir_str user_text_given(struct scratch *s, __u64 from)
{
	return str_of(from ? user_text_put(s, from, WEIR_PATH_MAX) : 0);
}

static __always_inline bool outcome_told(__u32 type)
{
	return g_outcomes >> type & 1;
}

/* ---- modules -------------------------------------------------------------------*/

/* Without an end there is nothing to wait for: the tracepoint alone tells it then. */
static __always_inline int module_begin(__u64 *ctx, __u64 file)
{
	struct scratch *s;

	if (!outcome_told(WEIR_EV_module_load))
		return 0;
	s = maybe_file_begin(WEIR_EV_module_load, sizeof(struct weir_module_load), file);
	return s ? op_ask(s, ctx, WEIR_EV_module_load, 1) : 0;
}

static __always_inline bool reads_module(__u32 what)
{
	return what == bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE);
}

SEC("lsm/kernel_read_file")
int on_kernel_read_file(__u64 *ctx)
{
	return reads_module(ctx[1]) ? module_begin(ctx, hook_arg(ctx, 0)) : 0;
}

SEC("lsm/kernel_load_data")
int on_kernel_load_data(__u64 *ctx)
{
	if ((__u32)ctx[0] == bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE))
		return module_begin(ctx, 0);
	return 0;
}

/* A module that loads may read files of its own, such as firmware. */
SEC("fexit/kernel_read_file")
int on_kernel_read_file_end(__u64 *ctx)
{
	struct scratch *s;
	int err;

	if (!reads_module(ctx[5]))
		return 0;
	s = op_waiting(WEIR_EV_module_load, 0);
	if (!s)
		return 0;
	err = ret_errno(ctx);
	if (err)
		op_done(s, err);
	return 0;
}

/* The module is complete, and its own code has not run yet. */
SEC("tp_btf/module_load")
int on_module_load(__u64 *ctx)
{
	struct module *mod = (void *)ctx[0];
	bool alone = !outcome_told(WEIR_EV_module_load);
	struct weir_module_load *e;
	struct scratch *s;

	s = alone ? maybe_file_begin(WEIR_EV_module_load, sizeof(*e), 0) :
		    op_waiting(WEIR_EV_module_load, 0);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->module_name = str_of(text_put(s, launder(s, mod->name), 56));
	e->module_taints = mod->taints;
	if (alone)
		op_now(s, NULL, WEIR_OUTCOME_UNKNOWN);
	return 0;
}

/* The kernel's own copy of the parameters is cut to pieces when they are parsed. */
SEC("fexit/load_module")
int on_load_module(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_module_load, 0);
	struct weir_module_load *e;

	if (!s)
		return 0;
	e = (void *)s->rec;
	e->module_args = user_text_given(s, hook_arg(ctx, 1));
	op_done(s, ret_errno(ctx));
	return 0;
}

/* ---- bpf(2) -----------------------------------------------------------------------*/

enum bpf_command {
	CMD_MAP_CREATE = 0,
	CMD_PROG_LOAD = 5,
	CMD_OBJ_PIN = 6,
	CMD_OBJ_GET = 7,
	CMD_PROG_ATTACH = 8,
	CMD_PROG_DETACH = 9,
	CMD_PROG_GET_FD_BY_ID = 13,
	CMD_MAP_GET_FD_BY_ID = 14,
	CMD_RAW_TRACEPOINT_OPEN = 17,
	CMD_BTF_LOAD = 18,
	CMD_LINK_CREATE = 28,
	CMD_LINK_UPDATE = 29,
	CMD_LINK_GET_FD_BY_ID = 30,
	CMD_ITER_CREATE = 33,
	CMD_LINK_DETACH = 34,
	CMD_TOKEN_CREATE = 36,
};

static __always_inline bool command_wanted(__u32 cmd)
{
	const __u64 wanted = 1ull << CMD_MAP_CREATE | 1ull << CMD_PROG_LOAD |
		1ull << CMD_OBJ_PIN | 1ull << CMD_OBJ_GET | 1ull << CMD_PROG_ATTACH |
		1ull << CMD_PROG_DETACH | 1ull << CMD_PROG_GET_FD_BY_ID |
		1ull << CMD_MAP_GET_FD_BY_ID | 1ull << CMD_RAW_TRACEPOINT_OPEN |
		1ull << CMD_BTF_LOAD | 1ull << CMD_LINK_CREATE | 1ull << CMD_LINK_UPDATE |
		1ull << CMD_LINK_GET_FD_BY_ID | 1ull << CMD_ITER_CREATE |
		1ull << CMD_LINK_DETACH | 1ull << CMD_TOKEN_CREATE;

	return cmd < 64 && wanted >> cmd & 1;
}

/* The beginning of union bpf_attr, laid down by the ABI, as far as it is read. */
union bpf_args {
	struct {
		__u32 type;
		__u32 sizes[6];
		char name[16];
	} map;
	struct {
		__u32 type;
		__u32 insns;
		__u64 rest[5];
		char name[16];
		__u32 ifindex;
		__u32 attach_type;
	} prog;
	struct {
		__u64 path;
		__u32 fd;
	} pin, tracepoint;
	struct {
		__u32 target_fd;
		__u32 prog_fd;
		__u32 attach_type;
	} attach;
	struct {
		__u32 prog_fd;
		__u32 target_fd;
		__u32 attach_type;
	} link;
	struct {
		__u32 link_fd;
		__u32 prog_fd;
	} update;
	__u32 id;
	__u64 all[9];
};
_Static_assert(sizeof(union bpf_args) == 72, "as long as it is read");

static __always_inline void map_put(struct scratch *s, __u64 map)
{
	struct weir_bpf *e = (void *)s->rec;
	struct bpf_map *m = (void *)map;

	e->bpf_id = BPF_CORE_READ(m, id);
	e->bpf_map_type = BPF_CORE_READ(m, map_type);
	if (!e->bpf_name.off)
		e->bpf_name = str_of(text_put(s, map + bpf_core_field_offset(struct bpf_map, name),
					      15));
}

static __always_inline void prog_put(struct scratch *s, __u64 prog)
{
	struct weir_bpf *e = (void *)s->rec;
	struct bpf_prog *p = (void *)prog;
	__u64 aux = (__u64)BPF_CORE_READ(p, aux), func;

	e->bpf_id = BPF_CORE_READ((struct bpf_prog_aux *)aux, id);
	e->bpf_prog_type = BPF_CORE_READ(p, type);
	if (!e->bpf_insns)
		e->bpf_insns = BPF_CORE_READ(p, len);
	if (!e->bpf_attach)
		e->bpf_attach = BPF_CORE_READ(p, expected_attach_type);
	if (!e->bpf_name.off)
		e->bpf_name = str_of(text_put(s, aux + bpf_core_field_offset(struct bpf_prog_aux,
									     name), 15));
	func = (__u64)BPF_CORE_READ((struct bpf_prog_aux *)aux, attach_func_name);
	if (!e->bpf_target.off)
		e->bpf_target = text_given(s, func, 255);
}

#define ANON_INODE_FS_MAGIC 0x09041934

/*
 * What a descriptor of bpf(2) stands for. The name of such a file says what
 * it is, and nobody but the kernel names files there.
 */
static __always_inline void object_put(struct scratch *s, __u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;
	char name[12] = {};

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
	if (!file || BPF_CORE_READ(file, f_path.dentry, d_sb, s_magic) != ANON_INODE_FS_MAGIC)
		return;
	bpf_probe_read_kernel_str(name, sizeof(name),
				  BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (name[0] != 'b' || name[1] != 'p' || name[2] != 'f' || name[3] != '-')
		return;
	if (name[4] == 'p' && name[5] == 'r' && name[6] == 'o' && name[7] == 'g' && !name[8])
		prog_put(s, (__u64)BPF_CORE_READ(file, private_data));
	else if (name[4] == 'm' && name[5] == 'a' && name[6] == 'p' && !name[7])
		map_put(s, (__u64)BPF_CORE_READ(file, private_data));
}

/* The command's arguments; `at` is where they lie. */
static __always_inline void args_put(struct scratch *s, __u32 cmd, const union bpf_args *a,
				     __u64 at, bool user)
{
	struct weir_bpf *e = (void *)s->rec;
	__u64 name = 0;

	e->bpf_cmd = cmd;
	if (cmd == CMD_MAP_CREATE) {
		e->bpf_map_type = a->map.type;
		name = at + __builtin_offsetof(union bpf_args, map.name);
	} else if (cmd == CMD_PROG_LOAD) {
		e->bpf_prog_type = a->prog.type;
		e->bpf_insns = a->prog.insns;
		e->bpf_attach = a->prog.attach_type;
		name = at + __builtin_offsetof(union bpf_args, prog.name);
	} else if (cmd == CMD_PROG_GET_FD_BY_ID || cmd == CMD_MAP_GET_FD_BY_ID) {
		e->bpf_id = a->id;
	} else if (cmd == CMD_PROG_ATTACH || cmd == CMD_PROG_DETACH) {
		e->bpf_attach = a->attach.attach_type;
		object_put(s, a->attach.prog_fd);
	} else if (cmd == CMD_LINK_CREATE) {
		e->bpf_attach = a->link.attach_type;
		object_put(s, a->link.prog_fd);
	} else if (cmd == CMD_LINK_UPDATE) {
		object_put(s, a->update.prog_fd);
	} else if (cmd == CMD_OBJ_PIN || cmd == CMD_RAW_TRACEPOINT_OPEN) {
		object_put(s, a->pin.fd);
	}
	if (name)
		e->bpf_name = str_of(user ? user_text_put(s, name, 15) : text_put(s, name, 15));
	/* Where its path or its tracepoint is named: read when the kernel has read it. */
	s->env_at = cmd == CMD_OBJ_PIN || cmd == CMD_OBJ_GET ||
		    cmd == CMD_RAW_TRACEPOINT_OPEN ? a->pin.path : 0;
}

SEC("lsm/bpf")
int on_bpf(__u64 *ctx)
{
	union bpf_args args = {};
	__u32 cmd = ctx[0];
	struct scratch *s;
	__u64 at;

	if (!command_wanted(cmd))
		return 0;
	s = op_begin_next(WEIR_EV_bpf, sizeof(struct weir_bpf));
	if (!s)
		return 0;
	at = hook_arg(ctx, 1);
	bpf_probe_read_kernel(&args, sizeof(args), (void *)at);
	args_put(s, cmd, &args, at, false);
	if (!s->may_wait && s->env_at)
		((struct weir_bpf *)s->rec)->bpf_target = user_text_given(s, s->env_at);
	/* on_sys_bpf tells of a denial, too, and could not know of one told here. */
	return op_ask(s, NULL, WEIR_EV_bpf, 1 + cmd);
}

SEC("lsm/bpf_map")
int on_bpf_map(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_bpf, 0);

	if (s)
		map_put(s, hook_arg(ctx, 0));
	return 0;
}

SEC("lsm/bpf_prog")
int on_bpf_prog(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_bpf, 0);

	if (s)
		prog_put(s, hook_arg(ctx, 0));
	return 0;
}

/*
 * Until 6.3 the kernel refuses who has no privilege before it asks the
 * security modules.
 */
static __always_inline void bpf_refused(__u64 *ctx, __u32 cmd)
{
	union bpf_args args = {};
	struct scratch *s = op_begin(WEIR_EV_bpf, sizeof(struct weir_bpf));
	__u64 at;

	if (!s)
		return;
	at = hook_arg(ctx, 1);
	bpf_probe_read_user(&args, sizeof(args), (void *)at);
	args_put(s, cmd, &args, at, true);
	if (base_excluded(s))
		scratch_release(s);
	else
		op_done(s, -EPERM);
}

SEC("fexit/__sys_bpf")
int on_sys_bpf(__u64 *ctx)
{
	__u32 cmd = hook_arg(ctx, 0);
	struct weir_bpf *e;
	struct scratch *s;
	int err;

	if (!command_wanted(cmd))
		return 0;
	s = op_waiting(WEIR_EV_bpf, 1 + cmd);
	err = ret_errno(ctx);
	if (!s) {
		if (err == -EPERM && type_enabled(WEIR_EV_bpf))
			bpf_refused(ctx, cmd);
		return 0;
	}
	e = (void *)s->rec;
	if (s->env_at)
		e->bpf_target = user_text_given(s, s->env_at);
	op_done(s, err);
	return 0;
}
