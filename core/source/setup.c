/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the making of the BPF object: which programs load, the settings they
 * are compiled with, and the contents of the filter maps.
 */
#include "source/setup.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared.bpf.h"
#include "source/cgroupid.h"
#include "source/hooks.h"
#include "source/source_bpf.h"
#include "util/log.h"
#include "util/macros.h"
#include "weir.skel.h"

/* ---- libbpf's messages ------------------------------------------------------*/

/* The program that libbpf named last as failed; control thread only. */
static char failed_prog[64];

static int on_message(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[512], *name;
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	if (level == LIBBPF_DEBUG)
		return n;
	line[strcspn(line, "\n")] = 0;
	name = strstr(line, "prog '");
	if (name && strstr(line, "failed to load"))
		sscanf(name, "prog '%63[^']'", failed_prog);
	log_debug("%s", line);
	return n;
}

/* ---- programs ------------------------------------------------------------------*/

/*
 * Without BPF LSM the same program follows the function that calls the hook:
 * at its end, when the other security modules have answered; at its beginning
 * where a program cannot read the answer.
 */
static int to_tracing(struct bpf_program *p, const struct hook *h,
		      enum bpf_attach_type attach)
{
	char func[64];
	int r;

	hook_function(h, func, sizeof(func));
	r = bpf_program__set_type(p, BPF_PROG_TYPE_TRACING);
	if (!r)
		r = bpf_program__set_expected_attach_type(p, attach);
	return r ? r : bpf_program__set_attach_target(p, 0, func);
}

static bool is_wanted(const struct hook *h, size_t i, uint64_t types,
		      const struct kernel_facts *f)
{
	return f->have[i] && h->types & types;
}

static int progs_choose(struct weir_skel *skel, const struct source_bpf_conf *conf,
			const struct kernel_facts *f, const bool *off)
{
	struct bpf_program *p;
	bool on;
	size_t i;
	int r;

	for (i = 0; i < n_hooks; i++) {
		p = bpf_object__find_program_by_name(skel->obj, hooks[i].prog);
		AN(p);
		on = is_wanted(&hooks[i], i, conf->types, f) && !off[i];
		bpf_program__set_autoload(p, on);
		if (on && hooks[i].kind <= HOOK_LSM_VOID && !f->lsm) {
			r = to_tracing(p, &hooks[i],
				       f->func_ret ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY);
			if (r)
				return r;
		}
	}
	return 0;
}

/* The program that failed, as index of hooks[]; n_hooks: none has. */
static size_t failed_hook(void)
{
	size_t i;

	for (i = 0; i < n_hooks; i++)
		if (!strcmp(hooks[i].prog, failed_prog))
			break;
	return i;
}

/* Types that tell what a cgroup has not done before, and how many cgroups they remember. */
#define FIRST_TYPES	(1ull << WEIR_EV_syscall | 1ull << WEIR_EV_capability)
#define FIRST_CGROUPS	4096u

/* ---- settings --------------------------------------------------------------------*/

static uint32_t ring_size(uint32_t bytes)
{
	uint32_t size = (uint32_t)sysconf(_SC_PAGESIZE);

	while (size < bytes && size < 1u << 30)
		size *= 2;
	return size;
}

static void settings_fill(struct weir_skel *skel, const struct source_bpf_conf *conf,
			  const struct kernel_facts *f)
{
	struct weir_skel__rodata *ro = skel->rodata;

	ro->cfg_id_base = conf->id_base;
	ro->cfg_args_max = MIN(conf->args_max, WEIR_ARGS_MAX);
	ro->cfg_have_loop = f->loop;
	ro->cfg_rename_flags = f->rename_flags;
	ro->cfg_env = conf->n_env > 0;
	ro->cfg_filters = (conf->n_skip_uids ? FILTER_UID : 0) |
			  (conf->n_skip_cgroups ? FILTER_CGROUP : 0) |
			  (conf->n_skip_comms ? FILTER_COMM : 0) |
			  (conf->n_skip_exes ? FILTER_EXE : 0) |
			  (conf->n_skip_paths ? FILTER_PATH : 0) |
			  (conf->n_protect ? FILTER_PROTECT : 0);
	if (conf->rate) {
		ro->cfg_rate_ns = 1000000000ull / conf->rate;
		ro->cfg_rate_burst_ns = ro->cfg_rate_ns * MAX(conf->burst, 1u);
	}
	ro->cfg_ptrace_reads = conf->ptrace_reads;
	ro->cfg_types = conf->types;
	if (conf->types & FIRST_TYPES)
		bpf_map__set_max_entries(skel->maps.m_first, FIRST_CGROUPS);
	ro->cfg_lsm = f->lsm;
	ro->cfg_lsm_fexit = !f->lsm && f->func_ret;
	bpf_map__set_max_entries(skel->maps.m_ring_critical, ring_size(conf->ring_critical));
	bpf_map__set_max_entries(skel->maps.m_ring_bulk, ring_size(conf->ring_bulk));
}

/* ---- filter maps --------------------------------------------------------------------*/

static int prefixes_put(struct bpf_map *map, const char *const *texts, size_t n,
			const char *suffix)
{
	struct lpm_key key;
	uint32_t one = 1;
	size_t i, len;

	for (i = 0; i < n; i++) {
		memset(&key, 0, sizeof(key));
		len = strlen(texts[i]);
		/* settings_read has told so, with the place. */
		MUST(len && len + strlen(suffix) <= sizeof(key.data));
		memcpy(key.data, texts[i], len);
		memcpy(key.data + len, suffix, strlen(suffix));
		key.prefixlen = (uint32_t)(len + strlen(suffix)) * 8;
		if (bpf_map_update_elem(bpf_map__fd(map), &key, &one, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* The value: of m_excluded and m_protected, whenever the process began. */
static int number_put(struct bpf_map *map, uint32_t number)
{
	uint64_t value = 0;

	return bpf_map_update_elem(bpf_map__fd(map), &number, &value, BPF_ANY) ? -errno : 0;
}

static int pids_put(struct weir_skel *skel, const struct source_bpf_conf *conf)
{
	size_t i;
	int r = number_put(skel->maps.m_excluded, (uint32_t)getpid());

	if (!r)
		r = number_put(skel->maps.m_protected, (uint32_t)getpid());
	for (i = 0; !r && i < conf->n_skip_pids; i++)
		r = number_put(skel->maps.m_excluded, (uint32_t)conf->skip_pids[i]);
	for (i = 0; !r && i < conf->n_skip_uids; i++)
		r = number_put(skel->maps.m_skip_uid, (uint32_t)conf->skip_uids[i]);
	return r;
}

static int cgroups_put(struct weir_skel *skel, const struct source_bpf_conf *conf)
{
	uint32_t one = 1;
	uint64_t id;
	size_t i;
	int r;

	for (i = 0; i < conf->n_skip_cgroups; i++) {
		r = cgroupid_of_path(conf->skip_cgroups[i], &id);
		if (r) {
			log_warn("exclude: cgroup %s: %s", conf->skip_cgroups[i], strerror(-r));
			continue;
		}
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.m_skip_cgroup), &id, &one,
					BPF_ANY))
			return -errno;
	}
	return 0;
}

static int maps_fill(struct weir_skel *skel, const struct source_bpf_conf *conf)
{
	int r = pids_put(skel, conf);

	if (!r)
		r = cgroups_put(skel, conf);
	if (!r)
		r = prefixes_put(skel->maps.m_env, conf->env, conf->n_env, "=");
	if (!r)
		r = prefixes_put(skel->maps.m_skip_comm, conf->skip_comms,
				 conf->n_skip_comms, "");
	if (!r)
		r = prefixes_put(skel->maps.m_skip_exe, conf->skip_exes,
				 conf->n_skip_exes, "");
	if (!r)
		r = prefixes_put(skel->maps.m_skip_path, conf->skip_paths,
				 conf->n_skip_paths, "");
	if (!r)
		r = prefixes_put(skel->maps.m_protect, conf->protect, conf->n_protect, "");
	return r;
}

/* What the kernel does when an inner map is replaced; detaching takes longer for each hook. */
int programs_wait(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "inner", 4, 4, 1, NULL);
	int outer, r;
	uint32_t key = 0;

	opts.inner_map_fd = (uint32_t)inner;
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "outer", 4, 4, 1, &opts);
	r = bpf_map_update_elem(outer, &key, &inner, BPF_ANY) ? -errno : 0;
	if (outer >= 0)
		close(outer);
	if (inner >= 0)
		close(inner);
	return r;
}

/* ---- load -----------------------------------------------------------------------------*/

static int load_once(const struct source_bpf_conf *conf, const struct kernel_facts *f,
		     const bool *off, struct weir_skel **out)
{
	struct weir_skel *skel = weir_skel__open();
	int r;

	if (!skel)
		return -errno;
	settings_fill(skel, conf, f);
	r = progs_choose(skel, conf, f, off);
	if (!r) {
		failed_prog[0] = 0;
		r = weir_skel__load(skel);
	}
	if (r) {
		weir_skel__destroy(skel);
		return r;
	}
	*out = skel;
	return 0;
}

/* Some only help others; without one that serves a type, the type is blind. */
static void prog_refused(const struct hook *h, int r)
{
	if (h->serves)
		log_error("this kernel refuses the program %s (%s): the events of %s are not seen",
			  h->prog, strerror(-r), h->target);
	else
		log_warn("this kernel refuses the program %s (%s): going on without it",
			 h->prog, strerror(-r));
}

int setup_load(const struct source_bpf_conf *conf, const struct kernel_facts *facts,
	       struct weir_skel **out)
{
	struct weir_skel *skel;
	bool off[HOOK_MAX] = { false };
	size_t i;
	int r;

	libbpf_set_print(on_message);
	for (;;) {
		r = load_once(conf, facts, off, &skel);
		if (!r)
			break;
		i = failed_hook();
		/* EPERM is no judgement of a program: none will load. */
		if (r == -EPERM || i == n_hooks || off[i])
			return r;
		prog_refused(&hooks[i], r);
		off[i] = true;
	}
	r = maps_fill(skel, conf);
	if (r) {
		weir_skel__destroy(skel);
		return r;
	}
	*out = skel;
	return 0;
}
