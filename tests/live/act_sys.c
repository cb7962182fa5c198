/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on memory, mounts, modules and BPF: see act.c. A text "-" is a
 * NULL pointer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "act.h"

static char *text(char *s) { return !s || !strcmp(s, "-") ? NULL : s; }
static unsigned long number(const char *s) { return strtoul(s, NULL, 0); }

/* ---- memory -----------------------------------------------------------------*/

static int prot_of(const char *s)
{
	return (strchr(s, 'r') ? PROT_READ : 0) | (strchr(s, 'w') ? PROT_WRITE : 0) |
	       (strchr(s, 'x') ? PROT_EXEC : 0);
}

/* A page of a file, or of none. */
static void *page_map(char *path, int prot, int flags)
{
	int fd = text(path) ? open(path, O_RDWR) : -1;

	if (fd < 0 && text(path))
		fd = open(path, O_RDONLY);
	return mmap(NULL, 4096, prot, flags | (text(path) ? 0 : MAP_ANONYMOUS), fd, 0);
}

/* mmap PATH PROT shared|private */
static int do_mmap(char **a)
{
	int flags = a[2][0] == 's' ? MAP_SHARED : MAP_PRIVATE;

	return page_map(a[0], prot_of(a[1]), flags) == MAP_FAILED ? errno : 0;
}

/* mmap-small PATH: below the lowest address that a user may have */
static int do_mmap_small(char **a)
{
	int fd = open(a[0], O_RDONLY);

	return mmap((void *)4096, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
		    0) == MAP_FAILED ? errno : 0;
}

/* shm-exec: a System V segment, attached to be executed */
static int do_shm_exec(char **a)
{
	int id = shmget(IPC_PRIVATE, 4096, 0700), r;

	(void)a;
	r = shmat(id, NULL, SHM_EXEC) == (void *)-1 ? errno : 0;
	shmctl(id, IPC_RMID, NULL);
	return r;
}

/* mprotect PATH|- FROM TO shared|private [write]: a page of its own */
static int do_mprotect(char **a)
{
	char *page = page_map(a[0], prot_of(a[1]), a[3][0] == 's' ? MAP_SHARED : MAP_PRIVATE);

	if (page == MAP_FAILED)
		return errno;
	if (a[4])
		*page = 1;
	return act_done(mprotect(page, 4096, prot_of(a[2])));
}

static int do_mprotect_stack(char **a)
{
	uintptr_t here = (uintptr_t)&a & ~4095ul;

	return act_done(mprotect((void *)here, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static int do_mprotect_heap(char **a)
{
	uintptr_t here = ((uintptr_t)sbrk(8192) + 4095) & ~4095ul;

	(void)a;
	return act_done(mprotect((void *)here, 4096, PROT_READ | PROT_EXEC));
}

/* mprotect-two: one call over two mappings */
static int do_mprotect_two(char **a)
{
	char *p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)a;
	if (p == MAP_FAILED || mprotect(p + 4096, 4096, PROT_READ | PROT_WRITE))
		return errno;
	return act_done(mprotect(p, 8192, PROT_READ | PROT_EXEC));
}

/* memfd-create NAME FLAGS */
static int do_memfd_create(char **a)
{
	return act_done(memfd_create(a[0], (unsigned)number(a[1])));
}

/* ---- mounts ---------------------------------------------------------------------*/

/* mount SOURCE TARGET TYPE FLAGS [OPTIONS] */
static int do_mount(char **a)
{
	return act_done(mount(text(a[0]), a[1], text(a[2]), number(a[3]), text(a[4])));
}

/* mount-long TARGET N: options of N bytes */
static int do_mount_long(char **a)
{
	char page[8192];

	memset(page, 'o', sizeof(page));
	page[number(a[1])] = 0;
	return act_done(mount("long", a[0], "tmpfs", 0, page));
}

/* umount TARGET FLAGS */
static int do_umount(char **a)
{
	return act_done(umount2(a[0], (int)number(a[1])));
}

static int configure(int fs, unsigned cmd, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, cmd, key, value, 0);
}

/* fsmount TYPE SOURCE TARGET ATTRIBUTES: by the calls that mount(2) is made of */
static int do_fsmount(char **a)
{
	int fs = (int)syscall(SYS_fsopen, a[0], 0), mnt;

	if (fs < 0 || configure(fs, FSCONFIG_SET_STRING, "source", a[1]) ||
	    configure(fs, FSCONFIG_CMD_CREATE, NULL, NULL))
		return errno;
	mnt = (int)syscall(SYS_fsmount, fs, 0, (unsigned)number(a[3]));
	if (mnt < 0)
		return errno;
	return act_done(syscall(SYS_move_mount, mnt, "", AT_FDCWD, a[2],
				MOVE_MOUNT_F_EMPTY_PATH));
}

/* open-tree FROM TO: a bind mount */
static int do_open_tree(char **a)
{
	int mnt = (int)syscall(SYS_open_tree, AT_FDCWD, a[0], OPEN_TREE_CLONE);

	if (mnt < 0)
		return errno;
	return act_done(syscall(SYS_move_mount, mnt, "", AT_FDCWD, a[1],
				MOVE_MOUNT_F_EMPTY_PATH));
}

/* move-mount FROM TO FLAGS */
static int do_move_mount(char **a)
{
	return act_done(syscall(SYS_move_mount, AT_FDCWD, a[0], AT_FDCWD, a[1],
				(unsigned)number(a[2])));
}

/* reconfigure TARGET KEY [VALUE]: fspick and fsconfig */
static int do_reconfigure(char **a)
{
	int fs = (int)syscall(SYS_fspick, AT_FDCWD, a[0], 0);
	unsigned cmd = a[2] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	if (fs < 0 || configure(fs, cmd, a[1], a[2]))
		return errno;
	return act_done(configure(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL));
}

/* ---- modules ----------------------------------------------------------------------*/

/* finit PATH PARAMETERS */
static int do_finit(char **a)
{
	return act_done(syscall(SYS_finit_module, open(a[0], O_RDONLY), a[1], 0));
}

/* init PATH PARAMETERS: from memory */
static int do_init(char **a)
{
	int fd = open(a[0], O_RDONLY);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st))
		return errno;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	return act_done(syscall(SYS_init_module, p, st.st_size, a[1]));
}

/* delete-module NAME */
static int do_delete_module(char **a)
{
	return act_done(syscall(SYS_delete_module, a[0], 0));
}

/* ---- bpf(2) ------------------------------------------------------------------------*/

static int bpf(unsigned cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int map_make(const char *name)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 1,
	};

	strncpy(attr.map_name, name, sizeof(attr.map_name) - 1);
	return bpf(BPF_MAP_CREATE, &attr);
}

/* "return ..." or what the kernel refuses: a program that ends nowhere */
static int prog_load(const char *name, unsigned type, unsigned attach, int btf_id, int good)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = type, .insn_cnt = good ? 2 : 1, .expected_attach_type = attach,
		.insns = (uintptr_t)insns, .license = (uintptr_t)"GPL",
		.attach_btf_id = (unsigned)btf_id,
	};

	strncpy(attr.prog_name, name, sizeof(attr.prog_name) - 1);
	return bpf(BPF_PROG_LOAD, &attr);
}

/* bpf-map NAME */
static int do_bpf_map(char **a) { return act_done(map_make(a[0])); }

/* bpf-elements: what is no event, 3 times */
static int do_bpf_elements(char **a)
{
	uint64_t value = 1;
	uint32_t key = 1;
	union bpf_attr attr = { .map_fd = (unsigned)map_make("elements") };

	(void)a;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	if (bpf(BPF_MAP_UPDATE_ELEM, &attr) || bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		return errno;
	attr.value = 0;
	return act_done(bpf(BPF_MAP_DELETE_ELEM, &attr));
}

/* bpf-verified: of each program that is loaded, how many instructions were verified */
static int do_bpf_verified(char **a)
{
	struct bpf_prog_info info;
	union bpf_attr next = { 0 }, attr;
	int fd;

	(void)a;
	while (!bpf(BPF_PROG_GET_NEXT_ID, &next)) {
		attr = (union bpf_attr){ .prog_id = next.next_id };
		fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd < 0)
			return errno;
		memset(&info, 0, sizeof(info));
		attr = (union bpf_attr){ .info = { .bpf_fd = (uint32_t)fd,
			.info_len = sizeof(info), .info = (uintptr_t)&info } };
		if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
			return errno;
		printf("%u %s\n", info.verified_insns, info.name);
		close(fd);
		next.start_id = next.next_id;
	}
	return errno == ENOENT ? 0 : errno;
}

/* bpf-prog NAME [bad]: a socket filter */
static int do_bpf_prog(char **a)
{
	return act_done(prog_load(a[0], BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, !a[1]));
}

/* bpf-pin NAME PATH: a map */
static int do_bpf_pin(char **a)
{
	union bpf_attr attr = { .bpf_fd = (unsigned)map_make(a[0]),
				.pathname = (uintptr_t)a[1] };

	return act_done(bpf(BPF_OBJ_PIN, &attr));
}

/* bpf-get PATH */
static int do_bpf_get(char **a)
{
	union bpf_attr attr = { .pathname = (uintptr_t)a[0] };

	return act_done(bpf(BPF_OBJ_GET, &attr));
}

/* bpf-map-id ID */
static int do_bpf_map_id(char **a)
{
	union bpf_attr attr = { .map_id = (unsigned)number(a[0]) };

	return act_done(bpf(BPF_MAP_GET_FD_BY_ID, &attr));
}

/* bpf-tracepoint NAME TRACEPOINT */
static int do_bpf_tracepoint(char **a)
{
	union bpf_attr attr = {
		.raw_tracepoint = {
			.name = (uintptr_t)a[1],
			.prog_fd = (unsigned)prog_load(a[0], BPF_PROG_TYPE_RAW_TRACEPOINT,
						       0, 0, 1),
		},
	};

	return act_done(bpf(BPF_RAW_TRACEPOINT_OPEN, &attr));
}

static int egress_load(const char *name)
{
	return prog_load(name, BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, 0, 1);
}

/* bpf-link NAME CGROUP: and detached again */
static int do_bpf_link(char **a)
{
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = (unsigned)egress_load(a[0]),
			.target_fd = (unsigned)open(a[1], O_RDONLY),
			.attach_type = BPF_CGROUP_INET_EGRESS,
		},
	};
	int link = bpf(BPF_LINK_CREATE, &attr);

	if (link < 0)
		return errno;
	memset(&attr, 0, sizeof(attr));
	attr.link_detach.link_fd = (unsigned)link;
	return act_done(bpf(BPF_LINK_DETACH, &attr));
}

/* bpf-attach NAME CGROUP: and detached again */
static int do_bpf_attach(char **a)
{
	union bpf_attr attr = {
		.target_fd = (unsigned)open(a[1], O_RDONLY),
		.attach_bpf_fd = (unsigned)egress_load(a[0]),
		.attach_type = BPF_CGROUP_INET_EGRESS,
	};

	if (bpf(BPF_PROG_ATTACH, &attr))
		return errno;
	return act_done(bpf(BPF_PROG_DETACH, &attr));
}

/* The id of a function in the kernel's BTF. */
static int btf_id(const char *func)
{
	static char buf[16 << 20];
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY), id = 1, kind, n;
	const struct btf_header *h = (void *)buf;
	const char *p = buf, *end, *names;
	const struct btf_type *t;
	ssize_t got;

	while ((got = read(fd, buf + (p - buf), sizeof(buf) - (size_t)(p - buf))) > 0)
		p += got;
	p = buf + h->hdr_len + h->type_off;
	end = p + h->type_len;
	names = buf + h->hdr_len + h->str_off;
	for (; p < end; id++) {
		t = (void *)p;
		kind = BTF_INFO_KIND(t->info);
		n = BTF_INFO_VLEN(t->info);
		if (kind == BTF_KIND_FUNC && !strcmp(names + t->name_off, func))
			return id;
		p += sizeof(*t);
		if (kind == BTF_KIND_INT || kind == BTF_KIND_VAR || kind == BTF_KIND_DECL_TAG)
			p += 4;
		else if (kind == BTF_KIND_ARRAY)
			p += sizeof(struct btf_array);
		else if (kind == BTF_KIND_ENUM || kind == BTF_KIND_FUNC_PROTO)
			p += 8 * n;
		else if (kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION ||
			 kind == BTF_KIND_DATASEC || kind == BTF_KIND_ENUM64)
			p += 12 * n;
	}
	return 0;
}

/* bpf-trace NAME FUNCTION: a program that follows it, attached */
static int do_bpf_trace(char **a)
{
	union bpf_attr attr = {
		.raw_tracepoint = {
			.prog_fd = (unsigned)prog_load(a[0], BPF_PROG_TYPE_TRACING,
						       BPF_TRACE_FENTRY, btf_id(a[1]), 1),
		},
	};

	return act_done(bpf(BPF_RAW_TRACEPOINT_OPEN, &attr));
}

/* bpf-btf: no BTF at all */
static int do_bpf_btf(char **a)
{
	union bpf_attr attr = { .btf = (uintptr_t)"nothing", .btf_size = 7 };

	(void)a;
	return act_done(bpf(BPF_BTF_LOAD, &attr));
}

/* ---- system calls by number ---------------------------------------------------*/

/* calls TIMES NUMBER ...: each so often, without arguments that any could use */
static int do_calls(char **a)
{
	unsigned long times = number(a[0]), i;

	for (a++; *a; a++)
		for (i = 0; i < times; i++)
			syscall((long)number(*a), -1, -1, -1, -1, -1, -1);
	return 0;
}

/* calls-for SECONDS NUMBER ...: over and over */
static int do_calls_for(char **a)
{
	time_t end = time(NULL) + (time_t)number(a[0]);

	while (time(NULL) < end)
		do_calls((char *[]){ "1", a[1], a[2], a[3], NULL });
	return 0;
}

/* call-32 NUMBER: by the interrupt that processes of 32 bits use */
static int do_call_32(char **a)
{
#ifdef __x86_64__
	long r = (long)number(a[0]);

	__asm__ volatile("int $0x80" : "+a"(r) : "b"(-1), "c"(-1), "d"(-1) : "memory");
	return 0;
#else
	(void)a;
	return ENOSYS;
#endif
}

const struct act_op act_sys_ops[] = {
	{ "calls", do_calls }, { "calls-for", do_calls_for }, { "call-32", do_call_32 },
	{ "mmap", do_mmap }, { "mmap-small", do_mmap_small }, { "shm-exec", do_shm_exec },
	{ "mprotect", do_mprotect }, { "mprotect-stack", do_mprotect_stack },
	{ "mprotect-heap", do_mprotect_heap }, { "mprotect-two", do_mprotect_two },
	{ "memfd-create", do_memfd_create }, { "mount", do_mount },
	{ "mount-long", do_mount_long }, { "umount", do_umount }, { "fsmount", do_fsmount },
	{ "open-tree", do_open_tree }, { "move-mount", do_move_mount },
	{ "reconfigure", do_reconfigure }, { "finit", do_finit }, { "init", do_init },
	{ "delete-module", do_delete_module }, { "bpf-map", do_bpf_map },
	{ "bpf-elements", do_bpf_elements }, { "bpf-verified", do_bpf_verified }, { "bpf-prog", do_bpf_prog },
	{ "bpf-pin", do_bpf_pin }, { "bpf-get", do_bpf_get }, { "bpf-map-id", do_bpf_map_id },
	{ "bpf-tracepoint", do_bpf_tracepoint }, { "bpf-link", do_bpf_link },
	{ "bpf-attach", do_bpf_attach }, { "bpf-trace", do_bpf_trace },
	{ "bpf-btf", do_bpf_btf },
	{ NULL, NULL }
};
