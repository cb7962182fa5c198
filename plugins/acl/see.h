/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that show a file, and what has been read of it since. The stage's thread;
 * not to be called if nothing is read.
 */
#pragma once

#include "change.h"

/* What was read meanwhile goes into the memo. */
void see_take(struct acl_plugin *x);
/* Has the file of the event read, unless it was. `key` is that of its inode. */
void see_file(struct acl_plugin *x, const struct weir_event *ev, const struct memo_key *key);
/* The same of the program of an exec. */
void see_program(struct acl_plugin *x, const struct weir_event *ev);
