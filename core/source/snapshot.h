/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that run already: records of a BPF iterator, completed from
 * /proc with what the iterator cannot read. Collector thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "source/source.h"

struct bpf_program;

struct snapshot_conf {
	struct bpf_program *prog;	/* SEC("iter/task") */
	uint32_t reason;		/* enum weir_snapshot_reason */
	uint64_t id_base;
	uint64_t *user_seq;
};

/* Hands each process to fn. How many, or negative: fn's answer or an errno. */
int snapshot_take(const struct snapshot_conf *conf, source_record_f *fn, void *ctx);
