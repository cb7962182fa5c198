/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory that programs can run from, and files that are nothing but memory.
 *
 *   mmap_exec		lsm/mmap_file		fexit/vm_mmap_pgoff, do_shmat
 *   mprotect_exec	lsm/file_mprotect	fexit/mprotect_fixup, do_mprotect_pkey
 *   memfd		fentry/shmem_file_setup, hugetlb_file_setup
 *						fexit of the same
 *
 * One mprotect(2) over several areas is an event for each.
 */
#include "weir.bpf.h"

#define PROT_EXEC	4u
#define VM_PROT		7u		/* VM_READ, VM_WRITE, VM_EXEC: as PROT_* */
#define VM_SHARED	8u

/* What still waits when its system call ends. */
static __always_inline int memory_end(__u64 *ctx, __u32 type)
{
	struct scratch *s = op_waiting(type, 0);

	if (s)
		op_done(s, ret_errno(ctx));
	return 0;
}

/* ---- mmap ---------------------------------------------------------------------*/

/*
 * The hook has one argument more than the function that calls it: the
 * protection after READ_IMPLIES_EXEC.
 */
SEC("lsm/mmap_file")
int on_mmap_file(__u64 *ctx)
{
	__u32 prot = hook_arg(ctx, cfg_lsm ? 2 : 1);
	struct weir_mmap_exec *e;
	struct scratch *s;

	if (!(prot & PROT_EXEC))
		return 0;
	s = maybe_file_begin(WEIR_EV_mmap_exec, sizeof(*e), hook_arg(ctx, 0));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->prot = prot;
	e->map_flags = hook_arg(ctx, cfg_lsm ? 3 : 2);
	return op_ask(s, ctx, WEIR_EV_mmap_exec, 1);
}

SEC("fexit/vm_mmap_pgoff")
int on_vm_mmap_pgoff(__u64 *ctx)
{
	return memory_end(ctx, WEIR_EV_mmap_exec);
}

SEC("fexit/do_shmat")
int on_do_shmat(__u64 *ctx)
{
	return memory_end(ctx, WEIR_EV_mmap_exec);
}

/* ---- mprotect -------------------------------------------------------------------*/

static __always_inline __u32 area_of(const struct vm_area_struct *vma)
{
	__u64 begin = BPF_CORE_READ(vma, vm_start), end = BPF_CORE_READ(vma, vm_end);
	const struct mm_struct *mm = BPF_CORE_READ(vma, vm_mm);
	__u64 stack = BPF_CORE_READ(mm, start_stack);
	__u32 out = 0;

	if (BPF_CORE_READ(vma, vm_flags) & VM_SHARED)
		out |= WEIR_AREA_SHARED;
	else if (BPF_CORE_READ(vma, vm_file) && BPF_CORE_READ(vma, anon_vma))
		out |= WEIR_AREA_MODIFIED;
	if (!BPF_CORE_READ(vma, vm_file))
		out |= WEIR_AREA_ANONYMOUS;
	if (begin <= stack && stack <= end)
		out |= WEIR_AREA_STACK;
	if (begin < BPF_CORE_READ(mm, brk) && end > BPF_CORE_READ(mm, start_brk))
		out |= WEIR_AREA_HEAP;
	return out;
}

SEC("lsm/file_mprotect")
int on_file_mprotect(__u64 *ctx)
{
	struct vm_area_struct *vma = (void *)ctx[0];
	__u32 prot = ctx[2], old = BPF_CORE_READ(vma, vm_flags) & VM_PROT;
	struct weir_mprotect_exec *e;
	struct scratch *s;

	if (!(prot & PROT_EXEC) || old & PROT_EXEC)
		return 0;
	s = maybe_file_begin(WEIR_EV_mprotect_exec, sizeof(*e),
			     (__u64)BPF_CORE_READ(vma, vm_file));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->prot = prot;
	e->old_prot = old;
	e->area = area_of(vma);
	e->start = BPF_CORE_READ(vma, vm_start);
	e->size = BPF_CORE_READ(vma, vm_end) - e->start;
	return op_ask(s, ctx, WEIR_EV_mprotect_exec, 1);
}

/* Once for each area; what fails between the hook and here, the other tells. */
SEC("fexit/mprotect_fixup")
int on_mprotect_fixup(__u64 *ctx)
{
	return memory_end(ctx, WEIR_EV_mprotect_exec);
}

SEC("fexit/do_mprotect_pkey")
int on_do_mprotect_pkey(__u64 *ctx)
{
	return memory_end(ctx, WEIR_EV_mprotect_exec);
}

/* ---- memfd --------------------------------------------------------------------------*/

#define MEMFD_PREFIX 6u			/* "memfd:" */

/* Others make such files too (shared memory, graphics): only these have the prefix. */
static __always_inline int memfd_begin(__u64 name)
{
	struct weir_memfd *e;
	struct scratch *s;
	char head[8] = {};

	if (!type_enabled(WEIR_EV_memfd))
		return 0;
	bpf_probe_read_kernel(head, MEMFD_PREFIX, (void *)name);
	if (head[0] != 'm' || head[1] != 'e' || head[2] != 'm' || head[3] != 'f' ||
	    head[4] != 'd' || head[5] != ':')
		return 0;
	s = op_begin_next(WEIR_EV_memfd, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->memfd_name = str_of(text_put(s, name + MEMFD_PREFIX, 255));
	e->memfd_flags = compat_syscall_arg(2);
	op_park(s, NULL, WEIR_EV_memfd, 1);
	return 0;
}

SEC("fentry/shmem_file_setup")
int on_shmem_file_setup(__u64 *ctx)
{
	return memfd_begin(hook_arg(ctx, 0));
}

SEC("fentry/hugetlb_file_setup")
int on_hugetlb_file_setup(__u64 *ctx)
{
	return memfd_begin(hook_arg(ctx, 0));
}

/* The descriptor is there before the file: nothing fails after these. */
SEC("fexit/shmem_file_setup")
int on_shmem_file_setup_end(__u64 *ctx)
{
	return memory_end(ctx, WEIR_EV_memfd);
}

SEC("fexit/hugetlb_file_setup")
int on_hugetlb_file_setup_end(__u64 *ctx)
{
	return memory_end(ctx, WEIR_EV_memfd);
}
