/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of system calls, as `syscall.name` has them, on the machine that this is built
 * for. This header becomes part of what includes it: it is no part of the ABI.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/wire.h>

struct weir_syscall_row {
	const char *name;
	int16_t native, compat;		/* -1: there is none */
};

#if defined(__x86_64__)
#define WEIR_SYSCALL_ROW(name, x86_64, i386, arm64, arm) { #name, (x86_64), (i386) }
#elif defined(__aarch64__)
#define WEIR_SYSCALL_ROW(name, x86_64, i386, arm64, arm) { #name, (arm64), (arm) }
#elif defined(__riscv) || defined(__loongarch__)
#define WEIR_SYSCALL_ROW(name, x86_64, i386, arm64, arm) { #name, (arm64), -1 }
#else
#define WEIR_SYSCALL_ROW(name, x86_64, i386, arm64, arm) { #name, -1, -1 }
#endif

/* All that have a name; for ever. */
static inline const struct weir_syscall_row *weir_syscalls(size_t *n)
{
	static const struct weir_syscall_row table[] = {
#define SYSCALL(name, x86_64, i386, arm64, arm) WEIR_SYSCALL_ROW(name, x86_64, i386, arm64, arm),
#include <weir/syscalls.def>
	};

	*n = sizeof(table) / sizeof(table[0]);
	return table;
}

/* Its number as in `syscall.name`, with WEIR_SYSCALL_COMPAT and _X32. NULL: none is known. */
static inline const char *weir_syscall_name(uint32_t code)
{
	const uint32_t number = code & ~(WEIR_SYSCALL_COMPAT | WEIR_SYSCALL_X32);
	const struct weir_syscall_row *all;
	size_t n, i;
	int16_t is;

	all = weir_syscalls(&n);
	for (i = 0; i < n; i++) {
		is = code & WEIR_SYSCALL_COMPAT ? all[i].compat : all[i].native;
		if (is >= 0 && (uint32_t)is == number)
			return all[i].name;
	}
	return NULL;
}

/* What stands before the name, of an ABI that is not the native one. */
static inline const char *weir_syscall_abi(uint32_t code)
{
	return code & WEIR_SYSCALL_COMPAT ? "compat:" : code & WEIR_SYSCALL_X32 ? "x32:" : "";
}

/* At most `size` bytes with the NUL; the number, where no name is known. */
static inline void weir_syscall_text(uint32_t code, char *out, size_t size)
{
	const char *name = weir_syscall_name(code);

	if (name)
		snprintf(out, size, "%s%s", weir_syscall_abi(code), name);
	else
		snprintf(out, size, "%s%u", weir_syscall_abi(code),
			 code & ~(WEIR_SYSCALL_COMPAT | WEIR_SYSCALL_X32));
}
