/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kernel hook serves which event type, and what the running kernel has
 * of them. Control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hook_kind {
	HOOK_LSM,	/* fills an event and may block; fentry where BPF LSM is off */
	HOOK_LSM_VOID,	/* the same, but it has no say */
	HOOK_OUTCOME,	/* fexit of the function that does it: tells the outcome */
	HOOK_TP,	/* tracepoint */
	HOOK_FENTRY,
	HOOK_ITER,
	HOOK_UPROBE,	/* a program of user space; attached where a plugin asks for it */
	HOOK_RULES	/* a tracepoint; attached while rules ask for it */
};

struct hook {
	const char *prog;	/* name of the BPF program */
	const char *target;	/* LSM hook, function or tracepoint */
	enum hook_kind kind;
	uint64_t types;		/* that need it */
	uint64_t serves;	/* of those, the ones that it makes visible */
};

#define HOOK_MAX	128

/* What the kernel offers. */
struct kernel_facts {
	bool btf;		/* /sys/kernel/btf/vmlinux can be read */
	bool lsm;		/* BPF is among the active security modules */
	bool loop;		/* bpf_loop, 5.17 */
	bool func_ret;		/* bpf_get_func_ret, 5.17 */
	bool rename_flags;	/* path_rename tells them, 5.19 */
	bool have[HOOK_MAX];	/* by index of hooks[]: its target exists */
};

extern const struct hook hooks[];
extern const size_t n_hooks;

/* Reads the kernel's BTF and lists; 0 or -ENOENT without BTF. */
int kernel_facts_read(struct kernel_facts *f);
/* Has the kernel what this program attaches to? */
bool hook_have(const struct kernel_facts *f, const char *prog);
/* The function that an LSM hook is called from, for fentry. */
void hook_function(const struct hook *h, char *buf, size_t size);
/*
 * Can this process load tracing programs? 0, or a negative errno and one line
 * that says what is missing.
 */
int kernel_refuses(char *why, size_t size);
