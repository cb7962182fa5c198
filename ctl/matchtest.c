/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns an object of matchtest.bpf.c. An event is written straight into the memory of the
 * program, which is mapped here.
 */
#include "matchtest.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "matchtest.bpf.h"
#include "matchtest.skel.h"
#include "plugins/rules/rulearrays.h"
#include "source/maparray.h"

#define VERIFIER_LOG	(1u << 20)
#define LOG_TAIL	2000u	/* of it are shown */

struct matchtest {
	struct matchtest_skel *skel;
	uint32_t n_fields;
	uint64_t load_ns;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- loading -----------------------------------------------------------------------*/

static int print_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static struct bpf_map *map_of(struct matchtest_skel *s, uint32_t array)
{
	struct bpf_map *maps[] = {
#define ENTRY(name, type) [MATCH_ARRAY_##name] = s->maps.m_match_##name,
		MATCH_ARRAYS(ENTRY)
#undef ENTRY
	};

	return maps[array];
}

static int load(struct matchtest *m, const struct rulearrays *arrays, char *log)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < MATCH_ARRAY__MAX; i++)
		bpf_map__set_max_entries(map_of(m->skel, i), arrays->of[i].n ? arrays->of[i].n : 1);
	bpf_program__set_log_buf(m->skel->progs.matchtest_run, log, VERIFIER_LOG);
	r = matchtest_skel__load(m->skel);
	for (i = 0; i < MATCH_ARRAY__MAX && !r; i++)
		r = maparray_fill(bpf_map__fd(map_of(m->skel, i)), &arrays->of[i]);
	return r;
}

/* The last lines of the verifier's are those that matter. */
static const char *log_end(const char *log)
{
	size_t len = strlen(log);
	const char *from = log, *line;

	if (len > LOG_TAIL) {
		line = strchr(log + len - LOG_TAIL, '\n');
		from = line ? line + 1 : log + len - LOG_TAIL;
	}
	return from;
}

static void explain(int error, const char *log, char *why, size_t size)
{
	int len;

	if (!*log && (error == -EPERM || error == -EACCES)) {
		snprintf(why, size, "the kernel lets only root, or who has CAP_BPF, load a program");
		return;
	}
	len = snprintf(why, size, "the kernel does not take the matcher: %s%s%s", strerror(-error),
		       *log ? ": it says:\n" : "", log_end(log));
	while (len > 0 && (size_t)len < size && why[len - 1] == '\n')
		why[--len] = 0;
}

static int open_and_load(struct matchtest *m, const struct ruleset *set, char *log)
{
	uint64_t began = now_ns();
	struct rulearrays arrays;
	int r = rulearrays_init(&arrays, set);

	if (r)
		return r;
	m->skel = matchtest_skel__open();
	r = m->skel ? load(m, &arrays, log) : -errno;
	rulearrays_fini(&arrays);
	if (!r)
		m->skel->bss->g_event.image = set->image;
	m->load_ns = now_ns() - began;
	return r;
}

struct matchtest *matchtest_new(const struct ruleset *set, char *why, size_t why_size)
{
	libbpf_print_fn_t print = libbpf_set_print(print_nothing);
	struct matchtest *m = calloc(1, sizeof(*m));
	char *log = calloc(1, VERIFIER_LOG);
	int r = -ENOMEM;

	if (set->image.n_fields > MATCHTEST_FIELDS)
		r = -E2BIG;
	else if (m && log)
		r = open_and_load(m, set, log);
	libbpf_set_print(print);
	if (r)
		explain(r, log ? log : "", why, why_size);
	free(log);
	if (r)
		return matchtest_free(m);
	m->n_fields = set->image.n_fields;
	return m;
}

void matchtest_cost(const struct matchtest *m, struct matchtest_cost *out)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(m->skel->progs.matchtest_run), &info, &len))
		info.verified_insns = 0;
	*out = (struct matchtest_cost){ info.verified_insns, m->load_ns };
}

/* ---- an event ----------------------------------------------------------------------*/

static int put_values(struct matchtest *m, const struct match_value *values)
{
	struct matchtest_event *e = &m->skel->bss->g_event;
	uint32_t i, used = 0;
	struct match_value v;

	for (i = 0; i < m->n_fields; i++) {
		v = values[i];
		if (!(v.flags & MATCH_VALUE_TEXT))
			v.len = 0;
		if (v.len > MATCHTEST_TEXT - used)
			return -E2BIG;
		if (v.len)
			memcpy(e->text + used, (const void *)(uintptr_t)v.at, v.len);
		v.at = used;
		used += v.len;
		e->values[i] = v;
	}
	return 0;
}

int matchtest_time(struct matchtest *m, uint32_t type, const struct match_value *values,
		   uint32_t repeat, uint32_t *ns)
{
	char packet[64] = { 0 };	/* a test run wants one */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = (int)repeat);
	int r = put_values(m, values);

	if (r)
		return r;
	m->skel->bss->g_event.type = type;
	if (bpf_prog_test_run_opts(bpf_program__fd(m->skel->progs.matchtest_run), &opts))
		return -errno;
	*ns = opts.duration;
	return 0;
}

int matchtest_run(struct matchtest *m, uint32_t type, const struct match_value *values)
{
	uint32_t ns;

	return matchtest_time(m, type, values, 1, &ns);
}

const struct match_work *matchtest_work(const struct matchtest *m)
{
	return &m->skel->bss->g_work;
}

struct matchtest *matchtest_free(struct matchtest *m)
{
	if (m)
		matchtest_skel__destroy(m->skel);
	free(m);
	return NULL;
}
