/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compresses rotated files, on a thread of its own. What is to be done it sees in the folder, so
 * what a crash left behind is done too. pack.c is with libzstd, pack_none.c without.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct file_conf;
struct outbox;

struct packer;

bool packer_there(void);
/* `conf`, `ob` (for messages) and `n_packed`, a counter, stay the caller's. NULL: no thread. */
struct packer *packer_new(const struct file_conf *conf, struct outbox *ob, uint64_t *n_packed);
/* There may be another file. */
void packer_kick(struct packer *p);
/* Gives up the file that it is at: the next one begins it anew. NULL, always. */
struct packer *packer_free(struct packer *p);
