/* SPDX-License-Identifier: Apache-2.0 */
/* A build without libzstd. */
#include "pack.h"

#include <stddef.h>

bool packer_there(void)
{
	return false;
}

struct packer *packer_new(const struct file_conf *conf, struct outbox *ob, uint64_t *n_packed)
{
	(void)conf;
	(void)ob;
	(void)n_packed;
	return NULL;
}

void packer_kick(struct packer *p)
{
	(void)p;
}

struct packer *packer_free(struct packer *p)
{
	(void)p;
	return NULL;
}
