/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread for each recording: waits until it is over, and makes of it what was asked for: a
 * profile of its own, or a part of the workload's. It may take its time.
 */
#pragma once

#include "pcommandpriv.h"

struct precorders;

/* NULL: no memory. */
struct precorders *precorders_new(void);
/* The commands "record", "recordings", "stop". */
int precorder_record(struct pcommand *c);
int precorder_list(struct pcommand *c);
int precorder_stop(struct pcommand *c);
/* In close: recordings end, and what they have is written. NULL, always. */
struct precorders *precorders_free(struct precorders *x);
