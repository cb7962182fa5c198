/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of profiles. The input is what follows the head, which is made here, or no
 * mutation would get behind its checksum; the first byte chooses a bound and the version.
 * What is taken is written and read once more, merged with itself, and walked.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/profile/pbytes.h"
#include "plugins/profile/pformat.h"
#include "plugins/profile/pmerge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static void check_tree(const struct ptree *t)
{
	uint32_t n = 0, ref;

	for (ref = ptree_next(t, t->root); ref; ref = ptree_next(t, ref))
		n++;
	must(n == t->n_nodes && n == t->nodes.n);
}

static struct pprofile *read_all(const uint8_t *p, size_t len, uint64_t max)
{
	struct pformat_error e = { 0 };
	struct pprofile *q = NULL;
	uint32_t saved;

	if (pformat_read(p, len, max, 1, &q, &saved, &e)) {
		must(e.what && e.at <= len);
		return NULL;
	}
	must(!max || pprofile_bytes(q) <= max);
	check_tree(&q->tree);
	return q;
}

static void check_again(const struct pprofile *p)
{
	struct pprofile *q, *both = NULL;
	uint8_t *bytes = NULL;
	size_t len = 0;

	must(!pformat_write(p, 1, &bytes, &len));
	q = read_all(bytes, len, 0);
	must(q && q->tree.n_nodes == p->tree.n_nodes && q->frozen_s == p->frozen_s);
	must(!pmerge_new(p, q, &both) && both->tree.n_nodes == p->tree.n_nodes);
	pprofile_free(both);
	pprofile_free(q);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = PFORMAT_HEAD + size - 1;
	struct pprofile *p;
	uint8_t *file;

	if (!size || !(file = malloc(len)))
		return 0;
	memcpy(file + PFORMAT_HEAD, data + 1, size - 1);
	pbytes_put64(file, PBYTES_MAGIC);
	pbytes_put64(file + 8, data[0] & 2 ? PBYTES_FROZEN : PBYTES_VERSION);
	pbytes_put64(file + 16, size - 1);
	pbytes_put64(file + 24, pbytes_sum(file + PFORMAT_HEAD, size - 1));
	p = read_all(file, len, data[0] & 1 ? PPROFILE_MIN_SIZE : 0);
	if (p)
		check_again(p);
	pprofile_free(p);
	free(file);
	return 0;
}
