/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of workloads, by key, and the trail of each. Bounded: who did nothing for
 * the longest time goes first. One thread.
 */
#pragma once

#include "ptrail.h"

struct pprocs;

/* NULL: no memory. */
struct pprocs *pproc_new(uint32_t max);
/* Of that workload; NULL: it is not known there. Valid until the next call. */
struct ptrail *pproc_find(struct pprocs *p, uint64_t key, uint64_t workload);
/* The table has a reference of its own to the trail. */
void pproc_set(struct pprocs *p, uint64_t key, uint64_t workload, struct ptrail *trail);
/* It has ended: it is forgotten before all others, for what it did may come behind its end. */
void pproc_end(struct pprocs *p, uint64_t key);
uint32_t pproc_count(const struct pprocs *p);
/* All that `from` has comes to `to`, as far as there is room, the oldest first. */
void pproc_move(struct pprocs **to, struct pprocs **from);
/* NULL, always; p may be NULL. */
struct pprocs *pproc_free(struct pprocs *p);
