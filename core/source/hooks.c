/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the table of hooks. A hook that this kernel lacks is left out and its
 * event types degrade or go; nothing here is fatal.
 */
#include "source/hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weir/wire.h>

#include "util/macros.h"

#define T(name)		(1ull << WEIR_EV_##name)
#define ALL_TYPES	(~0ull)

const struct hook hooks[] = {
	{ "on_fork", "sched_process_fork", HOOK_TP, ALL_TYPES, T(fork) },
	{ "on_bprm_check", "bprm_check_security", HOOK_LSM, T(exec), 0 },
	{ "on_exec", "sched_process_exec", HOOK_TP, T(exec), T(exec) },
	{ "on_taskstats_exit", "taskstats_exit", HOOK_FENTRY, ALL_TYPES, T(exit) },
	{ "on_exit", "sched_process_exit", HOOK_TP, ALL_TYPES, T(exit) },

	{ "on_file_open", "file_open", HOOK_LSM, T(open) | T(create), T(open) },
	{ "on_path_mknod", "path_mknod", HOOK_LSM, T(create), T(create) },
	{ "on_vfs_mknod", "vfs_mknod", HOOK_OUTCOME, T(create), 0 },
	{ "on_vfs_create", "vfs_create", HOOK_OUTCOME, T(create), 0 },
	{ "on_vfs_mkobj", "vfs_mkobj", HOOK_OUTCOME, T(create), 0 },
	{ "on_path_unlink", "path_unlink", HOOK_LSM, T(unlink), T(unlink) },
	{ "on_vfs_unlink", "vfs_unlink", HOOK_OUTCOME, T(unlink), 0 },
	{ "on_path_rmdir", "path_rmdir", HOOK_LSM, T(rmdir), T(rmdir) },
	{ "on_vfs_rmdir", "vfs_rmdir", HOOK_OUTCOME, T(rmdir), 0 },
	{ "on_path_mkdir", "path_mkdir", HOOK_LSM, T(mkdir), T(mkdir) },
	{ "on_vfs_mkdir", "vfs_mkdir", HOOK_OUTCOME, T(mkdir), 0 },
	{ "on_path_symlink", "path_symlink", HOOK_LSM, T(symlink), T(symlink) },
	{ "on_vfs_symlink", "vfs_symlink", HOOK_OUTCOME, T(symlink), 0 },
	{ "on_path_link", "path_link", HOOK_LSM, T(link), T(link) },
	{ "on_vfs_link", "vfs_link", HOOK_OUTCOME, T(link), 0 },
	{ "on_path_rename", "path_rename", HOOK_LSM, T(rename), T(rename) },
	{ "on_vfs_rename", "vfs_rename", HOOK_OUTCOME, T(rename), 0 },
	{ "on_path_truncate", "path_truncate", HOOK_LSM, T(truncate), T(truncate) },
	{ "on_file_truncate", "file_truncate", HOOK_LSM, T(truncate), 0 },
	{ "on_do_truncate", "do_truncate", HOOK_OUTCOME, T(truncate), 0 },

	{ "on_path_chmod", "path_chmod", HOOK_LSM, T(chmod), T(chmod) },
	{ "on_path_chown", "path_chown", HOOK_LSM, T(chown), T(chown) },
	{ "on_notify_change", "notify_change", HOOK_OUTCOME, T(chmod) | T(chown), 0 },
	{ "on_inode_setxattr", "inode_setxattr", HOOK_LSM,
	  T(setxattr) | T(set_acl), T(setxattr) | T(set_acl) },
	{ "on_vfs_setxattr", "vfs_setxattr", HOOK_OUTCOME, T(setxattr) | T(set_acl), 0 },
	{ "on_inode_removexattr", "inode_removexattr", HOOK_LSM,
	  T(removexattr) | T(set_acl), T(removexattr) },
	{ "on_vfs_removexattr", "vfs_removexattr", HOOK_OUTCOME,
	  T(removexattr) | T(set_acl), 0 },
	{ "on_inode_set_acl", "inode_set_acl", HOOK_LSM, T(set_acl), 0 },
	{ "on_inode_remove_acl", "inode_remove_acl", HOOK_LSM, T(set_acl), 0 },
	{ "on_vfs_set_acl", "vfs_set_acl", HOOK_OUTCOME, T(set_acl), 0 },
	{ "on_vfs_remove_acl", "vfs_remove_acl", HOOK_OUTCOME, T(set_acl), 0 },
	{ "on_file_ioctl", "file_ioctl", HOOK_LSM, T(chattr), T(chattr) },
	{ "on_file_ioctl_compat", "file_ioctl_compat", HOOK_LSM, T(chattr), 0 },
	{ "on_vfs_fileattr_set", "vfs_fileattr_set", HOOK_OUTCOME, T(chattr), 0 },

	{ "on_socket_connect", "socket_connect", HOOK_LSM, T(connect), T(connect) },
	{ "on_inet_stream_connect", "inet_stream_connect", HOOK_OUTCOME, T(connect), 0 },
	{ "on_inet_dgram_connect", "inet_dgram_connect", HOOK_OUTCOME, T(connect), 0 },
	{ "on_fastopen", "__inet_stream_connect", HOOK_OUTCOME, T(connect), 0 },
	{ "on_unix_stream_connect", "unix_stream_connect", HOOK_OUTCOME, T(connect), 0 },
	{ "on_unix_dgram_connect", "unix_dgram_connect", HOOK_OUTCOME, T(connect), 0 },
	{ "on_sock_graft", "sock_graft", HOOK_LSM_VOID, T(accept), T(accept) },
	{ "on_socket_bind", "socket_bind", HOOK_LSM, T(bind), T(bind) },
	{ "on_inet_bind", "inet_bind", HOOK_OUTCOME, T(bind), 0 },
	{ "on_inet6_bind", "inet6_bind", HOOK_OUTCOME, T(bind), 0 },
	{ "on_unix_bind", "unix_bind", HOOK_OUTCOME, T(bind), 0 },
	{ "on_socket_listen", "socket_listen", HOOK_LSM, T(listen), T(listen) },
	{ "on_inet_listen", "inet_listen", HOOK_OUTCOME, T(listen), 0 },
	{ "on_unix_listen", "unix_listen", HOOK_OUTCOME, T(listen), 0 },

	{ "on_socket_sendmsg", "socket_sendmsg", HOOK_LSM,
	  T(udp_send) | T(dns_query), T(udp_send) | T(dns_query) },
	{ "on_udp_sendmsg", "udp_sendmsg", HOOK_FENTRY, T(udp_send) | T(dns_query), 0 },
	{ "on_udpv6_sendmsg", "udpv6_sendmsg", HOOK_FENTRY, T(udp_send) | T(dns_query), 0 },
	{ "on_udp_sendmsg_end", "udp_sendmsg", HOOK_OUTCOME, T(udp_send) | T(dns_query), 0 },
	{ "on_udpv6_sendmsg_end", "udpv6_sendmsg", HOOK_OUTCOME,
	  T(udp_send) | T(dns_query), 0 },
	{ "on_skb_consume_udp", "skb_consume_udp", HOOK_FENTRY, T(dns_reply), T(dns_reply) },

	{ "on_mmap_file", "mmap_file", HOOK_LSM, T(mmap_exec), T(mmap_exec) },
	{ "on_vm_mmap_pgoff", "vm_mmap_pgoff", HOOK_OUTCOME, T(mmap_exec), 0 },
	{ "on_do_shmat", "do_shmat", HOOK_OUTCOME, T(mmap_exec), 0 },
	{ "on_file_mprotect", "file_mprotect", HOOK_LSM, T(mprotect_exec), T(mprotect_exec) },
	{ "on_mprotect_fixup", "mprotect_fixup", HOOK_OUTCOME, T(mprotect_exec), 0 },
	{ "on_do_mprotect_pkey", "do_mprotect_pkey", HOOK_OUTCOME, T(mprotect_exec), 0 },
	{ "on_shmem_file_setup", "shmem_file_setup", HOOK_FENTRY, T(memfd), T(memfd) },
	{ "on_hugetlb_file_setup", "hugetlb_file_setup", HOOK_FENTRY, T(memfd), 0 },
	{ "on_shmem_file_setup_end", "shmem_file_setup", HOOK_OUTCOME, T(memfd), 0 },
	{ "on_hugetlb_file_setup_end", "hugetlb_file_setup", HOOK_OUTCOME, T(memfd), 0 },

	{ "on_sb_mount", "sb_mount", HOOK_LSM, T(mount), T(mount) },
	{ "on_path_mount", "path_mount", HOOK_OUTCOME, T(mount), 0 },
	{ "on_move_mount", "move_mount", HOOK_LSM, T(mount), 0 },
	{ "on_do_move_mount", "do_move_mount", HOOK_OUTCOME, T(mount), 0 },
	{ "on_sb_remount", "sb_remount", HOOK_LSM, T(mount), 0 },
	{ "on_reconfigure_super", "reconfigure_super", HOOK_OUTCOME, T(mount), 0 },
	{ "on_sb_umount", "sb_umount", HOOK_LSM, T(umount), T(umount) },
	{ "on_path_umount", "path_umount", HOOK_OUTCOME, T(umount), 0 },

	{ "on_kernel_read_file", "kernel_read_file", HOOK_LSM, T(module_load), 0 },
	{ "on_kernel_load_data", "kernel_load_data", HOOK_LSM, T(module_load), 0 },
	{ "on_kernel_read_file_end", "kernel_read_file", HOOK_OUTCOME, T(module_load), 0 },
	{ "on_module_load", "module_load", HOOK_TP, T(module_load), T(module_load) },
	{ "on_load_module", "load_module", HOOK_OUTCOME, T(module_load), 0 },
	{ "on_bpf", "bpf", HOOK_LSM, T(bpf), T(bpf) },
	{ "on_bpf_map", "bpf_map", HOOK_LSM, T(bpf), 0 },
	{ "on_bpf_prog", "bpf_prog", HOOK_LSM, T(bpf), 0 },
	{ "on_sys_bpf", "__sys_bpf", HOOK_OUTCOME, T(bpf), 0 },

	{ "on_fix_setuid", "task_fix_setuid", HOOK_LSM, T(credentials), 0 },
	{ "on_fix_setgid", "task_fix_setgid", HOOK_LSM, T(credentials), 0 },
	{ "on_fix_setgroups", "task_fix_setgroups", HOOK_LSM, T(credentials), 0 },
	{ "on_capset", "capset", HOOK_LSM, T(credentials), 0 },
	{ "on_committing_creds", "bprm_committing_creds", HOOK_LSM_VOID, T(credentials), 0 },
	{ "on_commit_creds", "commit_creds", HOOK_FENTRY,
	  T(credentials) | T(namespace), T(credentials) },
	{ "on_unshare", "ksys_unshare", HOOK_FENTRY, T(namespace), T(namespace) },
	{ "on_unshare_done", "ksys_unshare", HOOK_OUTCOME, T(namespace), 0 },
	{ "on_switch_namespaces", "switch_task_namespaces", HOOK_FENTRY,
	  T(namespace), T(namespace) },
	{ "on_clone_namespaces", "sched_process_fork", HOOK_TP, T(namespace), T(namespace) },
	{ "on_cgroup_mkdir", "cgroup_mkdir", HOOK_TP, T(cgroup_mkdir), T(cgroup_mkdir) },
	{ "on_cgroup_rmdir", "cgroup_rmdir", HOOK_TP, T(cgroup_rmdir), T(cgroup_rmdir) },

	{ "on_task_kill", "task_kill", HOOK_LSM, T(signal), T(signal) },
	{ "on_kill_checked", "check_kill_permission", HOOK_OUTCOME, T(signal), 0 },
	{ "on_ptrace_access", "ptrace_access_check", HOOK_LSM, T(ptrace), T(ptrace) },
	{ "on_ptrace_checked", "__ptrace_may_access", HOOK_OUTCOME, T(ptrace), 0 },
	{ "on_ptrace_traceme", "ptrace_traceme", HOOK_LSM, T(ptrace), T(ptrace) },

	{ "on_capable", "capable", HOOK_LSM_VOID, T(capability), T(capability) },
	{ "on_sys_enter", "sys_enter", HOOK_TP, T(syscall), T(syscall) },
	{ "on_exec_forget", "sched_process_exec", HOOK_TP, T(syscall) | T(capability), 0 },

	{ "on_shell_enter", "shell_line", HOOK_UPROBE, T(shell_command), 0 },
	{ "on_shell_leave", "shell_line", HOOK_UPROBE, T(shell_command), T(shell_command) },

	{ "on_sys_exit", "sys_exit", HOOK_RULES, ALL_TYPES, 0 },
	{ "snapshot_task", "task", HOOK_ITER, ALL_TYPES, 0 },
};
const size_t n_hooks = ARRAY_LEN(hooks);
_Static_assert(ARRAY_LEN(hooks) <= HOOK_MAX, "struct kernel_facts is too small");

void hook_function(const struct hook *h, char *buf, size_t size)
{
	if (h->kind > HOOK_LSM_VOID)
		snprintf(buf, size, "%s", h->target);
	else if (!strcmp(h->target, "bprm_check_security"))
		snprintf(buf, size, "security_bprm_check");
	else
		snprintf(buf, size, "security_%s", h->target);
}

bool hook_have(const struct kernel_facts *f, const char *prog)
{
	size_t i;

	for (i = 0; i < n_hooks; i++)
		if (!strcmp(hooks[i].prog, prog))
			return f->have[i];
	return false;
}

/* ---- what the kernel has --------------------------------------------------------*/

/* The name in BTF of what a hook attaches to. */
static void btf_name(const struct hook *h, bool lsm, char *buf, size_t size)
{
	if (h->kind == HOOK_TP || h->kind == HOOK_RULES)
		snprintf(buf, size, "btf_trace_%s", h->target);
	else if (h->kind == HOOK_ITER)
		snprintf(buf, size, "bpf_iter_%s", h->target);
	else if (h->kind <= HOOK_LSM_VOID && lsm)
		snprintf(buf, size, "bpf_lsm_%s", h->target);
	else
		hook_function(h, buf, size);
}

struct wanted {
	char name[64];
	size_t hook;
};

static int wanted_cmp(const void *a, const void *b)
{
	return strcmp(((const struct wanted *)a)->name, ((const struct wanted *)b)->name);
}

static bool enum_has(const struct btf *btf, const struct btf_type *t, const char *name)
{
	const struct btf_enum *e = btf_enum(t);
	unsigned i;

	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, e[i].name_off), name))
			return true;
	return false;
}

static void func_read(struct kernel_facts *f, const struct btf *btf,
		      const struct btf_type *t, const struct wanted *w)
{
	f->have[w->hook] = true;
	if (btf_is_func(t) && !strcmp(hooks[w->hook].target, "path_rename")) {
		t = btf__type_by_id(btf, t->type);
		f->rename_flags = t && btf_is_func_proto(t) && btf_vlen(t) >= 5;
	}
}

static void btf_read(struct kernel_facts *f, const struct btf *btf)
{
	struct wanted w[HOOK_MAX], key, *hit;
	const struct btf_type *t;
	const char *name;
	unsigned id;
	size_t i;

	for (i = 0; i < n_hooks; i++) {
		btf_name(&hooks[i], f->lsm, w[i].name, sizeof(w[i].name));
		w[i].hook = i;
	}
	qsort(w, n_hooks, sizeof(*w), wanted_cmp);
	for (id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		if (!btf_is_func(t) && !btf_is_typedef(t) && !btf_is_enum(t))
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (btf_is_enum(t)) {
			if (!strcmp(name, "bpf_func_id")) {
				f->loop = enum_has(btf, t, "BPF_FUNC_loop");
				f->func_ret = enum_has(btf, t, "BPF_FUNC_get_func_ret");
			}
			continue;
		}
		if (strlen(name) >= sizeof(key.name))
			continue;
		strcpy(key.name, name);
		hit = bsearch(&key, w, n_hooks, sizeof(*w), wanted_cmp);
		/* Several may follow the same function. */
		while (hit && hit > w && !wanted_cmp(hit - 1, &key))
			hit--;
		for (; hit && hit < w + n_hooks && !wanted_cmp(hit, &key); hit++)
			func_read(f, btf, t, hit);
	}
}

/* "lockdown,capability,yama,bpf": is the word in it? */
static bool lsm_active(void)
{
	FILE *in = fopen("/sys/kernel/security/lsm", "re");
	char line[512] = "", *save, *word;
	bool found = false;

	if (!in)
		return false;
	if (fgets(line, sizeof(line), in))
		for (word = strtok_r(line, ",\n", &save); word;
		     word = strtok_r(NULL, ",\n", &save))
			found |= !strcmp(word, "bpf");
	fclose(in);
	return found;
}

int kernel_facts_read(struct kernel_facts *f)
{
	struct btf *btf;
	size_t i;

	memset(f, 0, sizeof(*f));
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return -ENOENT;
	f->btf = true;
	f->lsm = lsm_active();
	btf_read(f, btf);
	btf__free(btf);
	for (i = 0; i < n_hooks; i++)
		if (hooks[i].kind == HOOK_OUTCOME)
			f->have[i] &= f->func_ret;
		else if (hooks[i].kind == HOOK_UPROBE)
			f->have[i] = true;
	return 0;
}

/* ---- may we? -----------------------------------------------------------------------*/

static uint64_t caps_effective(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &head, data))
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static bool caps_suffice(void)
{
	uint64_t caps = caps_effective();

	if (caps >> CAP_SYS_ADMIN & 1)
		return true;
	return caps >> CAP_BPF & 1 && caps >> CAP_PERFMON & 1;
}

/* The smallest program there is (r0 = 0; exit), at a function that all kernels have. */
static int trial_load(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = 0xb7 },	/* r0 = 0 */
		{ .code = 0x95 },	/* exit */
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = BPF_TRACE_FENTRY);
	int id = libbpf_find_vmlinux_btf_id("security_file_open", BPF_TRACE_FENTRY);
	int fd;

	if (id < 0)
		return id;
	opts.attach_btf_id = (__u32)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "weir_trial", "GPL", insns,
			   ARRAY_LEN(insns), &opts);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int kernel_refuses(char *why, size_t size)
{
	int r;

	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		snprintf(why, size, "this kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF");
		return -ENOENT;
	}
	if (!caps_suffice()) {
		snprintf(why, size, "no privilege to load BPF programs: run as root, or with CAP_BPF and CAP_PERFMON");
		return -EPERM;
	}
	r = trial_load();
	if (r) {
		snprintf(why, size, "this kernel refuses tracing BPF programs (%s): locked down, or inside a sandbox that forbids them",
			 strerror(-r));
		return r;
	}
	return 0;
}
