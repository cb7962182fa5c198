/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a BPF ring buffer is written and read, from the two pages that the
 * kernel shows of it. Made and freed by one thread, read by any.
 */
#pragma once

#include "source/source.h"

struct ringpos {
	const uint64_t *consumer;
	const uint64_t *producer;
	uint64_t size;
};

/* 0, or a negative errno. */
int ringpos_init(struct ringpos *r, int map_fd, uint64_t size);
void ringpos_fini(struct ringpos *r);
void ringpos_read(const struct ringpos *r, struct source_ring *out);
