/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions about our own code, and objects that know what they are. An
 * assertion is never about what comes from outside: the kernel, files,
 * plugins. They are always compiled in.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define ALIGN8(n)	(((n) + 7u) & ~(__typeof__(n))7)

__attribute__((noreturn))
void must_fail(const char *file, int line, const char *what);

#define MUST(x)		((x) ? (void)0 : must_fail(__FILE__, __LINE__, #x))
#define AN(x)		MUST((x) != 0)
#define AZ(x)		MUST((x) == 0)
#define WRONG(why)	must_fail(__FILE__, __LINE__, why)

#define ALLOC_OBJ(to, type_magic)					\
	do {								\
		(to) = calloc(1, sizeof(*(to)));			\
		if (to)							\
			(to)->magic = (type_magic);			\
	} while (0)
#define CHECK_OBJ_NOTNULL(o, type_magic)				\
	MUST((o) && (o)->magic == (type_magic))
#define CAST_OBJ_NOTNULL(to, from, type_magic)				\
	do {								\
		(to) = (from);						\
		CHECK_OBJ_NOTNULL(to, type_magic);			\
	} while (0)
#define FREE_OBJ(o)							\
	do {								\
		(o)->magic = 0;						\
		free(o);						\
		(o) = NULL;						\
	} while (0)
