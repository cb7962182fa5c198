/* SPDX-License-Identifier: Apache-2.0 */
/* What the generator of records and its user space agree on. Plain C for both. */
#pragma once

#include <weir/wire.h>

#define BENCH_TEMPLATES_MAX	16
#define BENCH_REC_MAX		4096

/* What one run of the program answers. */
#define BENCH_MADE	0
#define BENCH_FULL	1
#define BENCH_BROKEN	2

/* Process number i, as tests/unit/mkrec.c counts them. */
#define BENCH_PID(i)	((i) ? 1000 + (i) : 1)
#define BENCH_TICKS(i)	(1000000ULL + (weir_u64)(i) * 40)
#define BENCH_START(i)	(BENCH_TICKS(i) * 65536)
#define BENCH_KEY(i)	(BENCH_TICKS(i) << 22 | BENCH_PID(i))

struct bench_template {
	weir_u32 size;
	weir_u32 pad;
	weir_u8 rec[BENCH_REC_MAX];
};
