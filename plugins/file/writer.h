/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the sink `file`: takes lines from the outbox, seals them, appends them, and sees
 * to rotation, fsync and what others do to the file.
 */
#pragma once

#include "fconf.h"

struct outbox;
struct writer;

/* `conf`, `ob` and `counts` (FILE_COUNT__MAX) stay the caller's. NULL: no memory. */
struct writer *writer_new(const struct file_conf *conf, struct outbox *ob, uint64_t *counts);
/* For outbox_start(); the argument is the writer. */
void *writer_main(void *arg);
struct writer *writer_free(struct writer *w);
