/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the very file that a process has executed, and no other. */
#pragma once

#include <weir/findfile.h>

#include "outcome.h"

/*
 * For reading. Any thread; may block as long as its file system does.
 * OUTCOME_OK with *fd and *st; OUTCOME_GONE, OUTCOME_DENIED, OUTCOME_IO; or
 * OUTCOME_MISMATCH: there is something, and it is not this file.
 */
enum outcome exefile_open(const struct weir_find *x, int *fd, struct stat *st);
