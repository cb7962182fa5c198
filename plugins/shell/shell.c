/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `shell`, for an async chain: looks at each shell that starts or
 * runs, and has the kernel make an event of each line that a person types into
 * it. A shell whose own file has the function that returns a line is probed in
 * that file, once for all processes; else the library is probed, in that
 * process. Libraries are mapped after the exec: who has none yet is looked at
 * again with the next ticks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/plugin.h>

#include "elfsym.h"
#include "shells.h"
#include "target.h"

#define FILES_MAX	64u
#define PENDING_MAX	64u
#define TRIES_MAX	10u

enum { OPT_MAX_PROCESSES };

static const struct weir_option shell_options[] = {
	[OPT_MAX_PROCESSES] = { "max_processes", WEIR_OPT_INT, 0, 1, 2048, "512", NULL,
		"Shells that are probed one by one (dash, and those with a libreadline of its own)." },
};

enum { IN_PID, IN_KEY, IN_START, IN_EXE, IN_ARGS };

static const struct weir_want shell_wants[] = {
	[IN_PID] = { "process.pid", WEIR_WANT_REQUIRED, 0 },
	[IN_KEY] = { "process.key", WEIR_WANT_REQUIRED, 0 },
	[IN_START] = { "process.start", WEIR_WANT_REQUIRED, 0 },
	[IN_EXE] = { "process.exe.path", WEIR_WANT_REQUIRED, 0 },
	[IN_ARGS] = { "process.args", WEIR_WANT_REQUIRED, 0 },
};

enum { COUNT_FILES, COUNT_PROCESSES, COUNT_FAILED, COUNT_FULL };

static const struct weir_counter shell_counters[] = {
	[COUNT_FILES] = { "files", "files", "Shells' files that were probed." },
	[COUNT_PROCESSES] = { "processes", "processes", "Processes that were probed one by one." },
	[COUNT_FAILED] = { "failed", "shells", "Shells that could not be probed: their lines are not seen." },
	[COUNT_FULL] = { "full", "shells", "Not probed because of a bound." },
};

static const char *const shell_types[] = { "exec", "exit", "snapshot" };

struct file {
	dev_t dev;
	ino_t ino;
	int number;
};

struct one {
	uint64_t key;	/* 0: free */
	int number;
};

struct pending {
	struct target target;
	uint64_t key;
	uint32_t kind;
	unsigned tries;
};

struct shell {
	const struct weir_setup *setup;
	struct weir_handle in[WEIR_N_OF(shell_wants)];
	struct file files[FILES_MAX];
	uint32_t n_files, next_file;
	struct one *ones;
	uint32_t n_ones;
	struct pending pending[PENDING_MAX];
	uint32_t n_pending;
	bool told;	/* that the kernel side is not there */
};

static void count(struct shell *x, unsigned which)
{
	weir_count(&x->setup->counters[which], 1);
}

/* ---- probes --------------------------------------------------------------------*/

static int probe(struct shell *x, int fd, uint32_t kind, uint64_t offset, uint32_t pid)
{
	struct weir_probe p = { .size = sizeof(p), .fd = fd, .offset = offset,
				.name = "shell_line", .arg = kind, .pid = (int32_t)pid };
	int r = x->setup->host->probe(x->setup->ctx, &p);

	if (r == -ENOTSUP && !x->told) {
		weir_logf(x->setup, WEIR_LOG_WARNING,
			  "no shell can be probed: sensor.events needs \"shell_command\"");
		x->told = true;
	}
	return r;
}

static int file_probe(struct shell *x, int fd, uint32_t kind, uint64_t offset)
{
	struct file *f;
	struct stat st;
	uint32_t i;
	int r;

	if (fstat(fd, &st))
		return -errno;
	for (i = 0; i < x->n_files; i++)
		if (x->files[i].dev == st.st_dev && x->files[i].ino == st.st_ino)
			return 0;
	r = probe(x, fd, kind, offset, 0);
	if (r < 0)
		return r;
	/* The oldest makes room: with upgrades and containers, files come and go. */
	f = &x->files[x->n_files < FILES_MAX ? x->n_files++ : x->next_file++ % FILES_MAX];
	if (x->n_files == FILES_MAX && f->ino)
		x->setup->host->unprobe(x->setup->ctx, f->number);
	*f = (struct file){ st.st_dev, st.st_ino, r };
	count(x, COUNT_FILES);
	return 0;
}

static struct one *one_find(struct shell *x, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < x->n_ones; i++)
		if (x->ones[i].key == key)
			return &x->ones[i];
	return NULL;
}

static int one_probe(struct shell *x, int fd, const struct pending *p, const char *name)
{
	struct one *one = one_find(x, 0);
	uint64_t offset;
	int r;

	if (one_find(x, p->key))
		return 0;
	if (!one) {
		count(x, COUNT_FULL);
		return 0;
	}
	r = elfsym_find(fd, name, &offset);
	if (!r)
		r = probe(x, fd, p->kind, offset, p->target.pid);
	if (r < 0)
		return r;
	*one = (struct one){ p->key, r };
	count(x, COUNT_PROCESSES);
	return 0;
}

static void one_forget(struct shell *x, uint64_t key)
{
	struct one *one = key ? one_find(x, key) : NULL;

	if (!one)
		return;
	x->setup->host->unprobe(x->setup->ctx, one->number);
	one->key = 0;
}

/* ---- shells ----------------------------------------------------------------------*/

static int library_look(struct shell *x, const struct pending *p)
{
	const bool dash = p->kind == WEIR_SHELL_DASH;
	int fd = target_library(&p->target, dash ? "libc.so" : "libreadline.so"), r;

	if (fd == -EAGAIN && dash)
		fd = target_library(&p->target, "libc-2");
	if (fd < 0)
		return fd;
	r = one_probe(x, fd, p, dash ? "read" : "readline");
	close(fd);
	return r;
}

/* 0; -EAGAIN: again, when its libraries are there; another: why it cannot be. */
static int shell_look(struct shell *x, const struct pending *p)
{
	uint64_t offset;
	int fd, r;

	if (p->kind == WEIR_SHELL_DASH)
		return target_has_tty(&p->target) ? library_look(x, p) : 0;
	fd = target_exe(&p->target);
	if (fd < 0)
		return fd;
	r = elfsym_find(fd, p->kind == WEIR_SHELL_ZSH ? "zleentry" : "readline", &offset);
	if (!r)
		r = file_probe(x, fd, p->kind, offset);
	close(fd);
	if (r == -ENOENT && p->kind == WEIR_SHELL_BASH)
		r = library_look(x, p);
	return r;
}

/* true: it is to be looked at again. */
static bool shell_try(struct shell *x, struct pending *p)
{
	int r = shell_look(x, p);

	if (r == -EAGAIN && ++p->tries < TRIES_MAX)
		return true;
	/* One that has ended meanwhile needs no probe. */
	if (r && r != -ESRCH)
		count(x, COUNT_FAILED);
	return false;
}

static void shell_seen(struct shell *x, const struct weir_event *ev, uint64_t key)
{
	struct weir_value path = weir_get(ev, x->in[IN_EXE]);
	struct weir_value args = weir_get(ev, x->in[IN_ARGS]);
	struct pending p = { .key = key };

	if (!weir_present(&path) || !key)
		return;
	p.kind = shells_kind(path.v.p, path.len);
	if (!p.kind || (weir_present(&args) && !shells_reads_input(args.v.p, args.len)))
		return;
	p.target.pid = (uint32_t)weir_get_u64(ev, x->in[IN_PID], 0);
	p.target.start_ns = weir_get_u64(ev, x->in[IN_START], 0);
	if (!shell_try(x, &p))
		return;
	if (x->n_pending < PENDING_MAX)
		x->pending[x->n_pending++] = p;
	else
		count(x, COUNT_FULL);
}

/* ---- callbacks ---------------------------------------------------------------------*/

static int shell_process(void *inst, struct weir_event *ev)
{
	struct shell *x = inst;
	uint64_t key = weir_get_u64(ev, x->in[IN_KEY], 0);

	/* In a replay there is nothing to probe. */
	if (!(x->setup->flags & WEIR_SETUP_LIVE))
		return WEIR_CONTINUE;
	if (ev->type != WEIR_EV_snapshot)
		one_forget(x, key);
	if (ev->type != WEIR_EV_exit)
		shell_seen(x, ev, key);
	return WEIR_CONTINUE;
}

static void shell_tick(void *inst, uint64_t now_ns)
{
	struct shell *x = inst;
	uint32_t i, n = 0;

	(void)now_ns;
	for (i = 0; i < x->n_pending; i++)
		if (shell_try(x, &x->pending[i]))
			x->pending[n++] = x->pending[i];
	x->n_pending = n;
}

/* The core takes off what is still probed. */
static void shell_close(void *inst)
{
	struct shell *x = inst;

	free(x->ones);
	free(x);
}

static int shell_open(const struct weir_setup *s, void **inst)
{
	struct shell *x = calloc(1, sizeof(*x));

	if (x) {
		x->n_ones = (uint32_t)s->options[OPT_MAX_PROCESSES].v.i;
		x->ones = calloc(x->n_ones, sizeof(*x->ones));
	}
	if (!x || !x->ones || !WEIR_HAS(s->host, unprobe) || !s->host->probe) {
		weir_logf(s, WEIR_LOG_ERROR, "%s", x && x->ones ?
			  "it cannot run in a process of its own" : "out of memory");
		free(x ? x->ones : NULL);
		free(x);
		return -1;
	}
	x->setup = s;
	memcpy(x->in, s->wants, sizeof(x->in));
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE_FLAGS(shell, WEIR_PLUGIN_ENRICHER, WEIR_PLUGIN_BLOCKS, "1.0", "Apache-2.0",
	.summary = "Makes lines that are typed into shells visible.",
	.options = shell_options, .n_options = WEIR_N_OF(shell_options),
	.wants = shell_wants, .n_wants = WEIR_N_OF(shell_wants),
	.counters = shell_counters, .n_counters = WEIR_N_OF(shell_counters),
	.types = shell_types, .n_types = WEIR_N_OF(shell_types),
	.open = shell_open, .close = shell_close,
	.process = shell_process, .tick = shell_tick);
