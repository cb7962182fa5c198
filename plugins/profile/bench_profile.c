/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile costs: a look at what is known and at what is not, memory, the way from
 * and to bytes, and a step of a copy. Not a test: prints, judges nothing.
 *
 *	bench_profile
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pformat.h"
#include "preduce.h"

#define NOW	1700000000u
#define LOOKS	400000u
#define STEP	8u	/* chunks, as of the plugin */

static const struct pprofile_conf conf = {
	.states = { .stable_s = { 900, 900, 900, 900, 900, 900, 900, 900, 900 },
		.unstable_s = 1u << 30,
		.quiet_s = 3600 },
	.max_versions = 20, .types = (1u << PTYPE__MAX) - 1,
};

struct load {
	struct pprofile *p;
	struct ptrail *trails[64];
	uint32_t n;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* 64 programs; below each files in folders of a hundred, and a name for each tenth. */
static uint32_t path_of(uint32_t i, char *out, size_t size)
{
	return (uint32_t)snprintf(out, size, "/usr/share/package%c%c/folder%c/file%c%c%c",
				  'a' + i % 26,
		'a' + i / 26 % 4, 'a' + i / 100 % 26, 'a' + i % 26, 'a' + i / 26 % 26,
			'a' + i / 676 % 26);
}

/* As the plugin does: the name is made anew for each event. */
static bool look(struct load *l, uint32_t i, uint32_t at, bool is_known)
{
	char raw[256], path[PREDUCE_ROOM(256)];
	struct pitem item = { .type = PTYPE_FILE, .kind = PNODE_FILE, .access = PNODE_READ,
		.name = path };
	struct pprofile_ask q = { .now_s = NOW + at, .start_s = 1, .trail = l->trails[i % 64],
		.item = &item };
	struct pprofile_answer a;
	uint32_t n = path_of(i / 64, raw, sizeof(raw));

	if (i % 10 == 9) {
		item = (struct pitem){ .type = PTYPE_DNS, .kind = PNODE_DNS, .number = is_known ?
			1 : 2, .name = path };
		item.len = preduce_dns(raw, n, 3, path);
	} else {
		raw[n - 1] = is_known ? raw[n - 1] : '!';
		item.len = preduce_path(raw, n, 0, 0, path);
	}
	pprofile_ask(l->p, &conf, &q, &a);
	return a.known;
}

static void load_init(struct load *l, uint32_t nodes)
{
	char path[64];
	struct pitem item = { .type = PTYPE_EXEC, .kind = PNODE_PROCESS, .name = path };
	struct pprofile_ask q = { .now_s = NOW, .start_s = 1, .item = &item };
	struct pprofile_answer a;
	uint32_t i;

	l->p = pprofile_new("image:bench", 1, 0, 12345, NOW);
	pprofile_version(l->p, &conf, "1", 1, NOW);
	for (i = 0; i < 64; i++) {
		item.len = (uint32_t)snprintf(path, sizeof(path), "/usr/bin/program-%u", i);
		l->trails[i] = ptrail_step(i ? l->trails[i / 4] : NULL, path, item.len);
		q.trail = l->trails[i];
		pprofile_ask(l->p, &conf, &q, &a);
	}
	for (i = 0; l->p->tree.n_nodes < nodes; i++)
		look(l, i, 0, true);
	l->n = i;
}

static double measure(struct load *l, bool is_known)
{
	uint32_t i, wrong = 0;
	uint64_t t = now_ns();

	for (i = 0; i < LOOKS; i++)
		wrong += look(l, (uint32_t)((uint64_t)i * 7919 % l->n), 2000, is_known) != is_known;
	t = now_ns() - t;
	if (wrong)
		printf("# %u looks found what they should not\n", wrong);
	return (double)t / LOOKS;
}

static double measure_names(const struct load *l)
{
	char raw[256], path[PREDUCE_ROOM(256)];
	uint64_t t = now_ns();
	uint32_t i, sum = 0;

	for (i = 0; i < LOOKS; i++)
		sum += path_of((uint32_t)((uint64_t)i * 7919 % l->n) / 64, raw, sizeof(raw));
	t = now_ns() - t;
	path[0] = raw[0];
	return (double)t / LOOKS + (sum == 1) + (path[0] == 1);
}

static void measure_bytes(const struct load *l, uint32_t n)
{
	struct pprofile *copy, *back = NULL;
	struct pformat_error e;
	uint64_t t0 = now_ns(), t1, t2, t3, worst = 0;
	uint8_t *bytes = NULL;
	uint32_t saved;
	size_t len = 0;

	copy = pprofile_copy_begin(l->p);
	while (!pprofile_copy_step(copy, l->p, STEP)) {
		t1 = now_ns();
		worst = t1 - t0 > worst ? t1 - t0 : worst;
		t0 = now_ns();
	}
	worst = now_ns() - t0 > worst ? now_ns() - t0 : worst;
	t1 = now_ns();
	pformat_write(copy, NOW, &bytes, &len);
	t2 = now_ns();
	if (pformat_read(bytes, len, 0, 1, &back, &saved, &e))
		printf("# not read: %s\n", e.what);
	t3 = now_ns();
	printf("%8u %8.1f MB %9.2f MB %9.2f ms %8.2f ms %8.2f ms\n", n,
	       (double)pprofile_bytes(l->p) / 1e6,
	       (double)len / 1e6, (double)worst / 1e6, (double)(t2 - t1) / 1e6,
		       (double)(t3 - t2) / 1e6);
	free(bytes);
	pprofile_free(copy);
	pprofile_free(back);
}

static void load_fini(struct load *l)
{
	uint32_t i;

	for (i = 0; i < 64; i++)
		ptrail_unref(l->trails[i]);
	pprofile_free(l->p);
}

int main(void)
{
	static const uint32_t sizes[] = { 1000, 10000, 50000, 100000 };
	struct load l[4];
	double made;
	unsigned i;

	printf("%8s %12s %10s %10s\n", "nodes", "bytes/node", "hit", "miss");
	for (i = 0; i < 4; i++) {
		load_init(&l[i], sizes[i]);
		made = measure_names(&l[i]);
		printf("%8u %12.1f %7.0f ns %7.0f ns\n", l[i].p->tree.n_nodes,
		       (double)pprofile_bytes(l[i].p) / l[i].p->tree.n_nodes,
		       measure(&l[i], true) - made, measure(&l[i], false) - made);
	}
	printf("\n%8s %11s %12s %12s %11s %11s\n", "nodes", "memory", "file", "copy step", "write",
	       "read");
	for (i = 0; i < 4; i++) {
		measure_bytes(&l[i], l[i].p->tree.n_nodes);
		load_fini(&l[i]);
	}
	return 0;
}
