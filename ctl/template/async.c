/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `@NAME@` for async chains: finds out how large the program of an
 * exec is, in a thread of its own, and completes the event then. The chain goes
 * on with other events meanwhile.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <weir/plugin.h>

#define QUEUE_MAX	64u

enum { OPT_MAX_PENDING };

static const struct weir_option @NAME@_options[] = {
	[OPT_MAX_PENDING] = { "max_pending", WEIR_OPT_INT, 0, 1, QUEUE_MAX, "32", NULL,
		"Events that may wait for an answer; of more, the size is skipped." },
};

enum { IN_EXE_PATH };

static const struct weir_want @NAME@_wants[] = {
	[IN_EXE_PATH] = { "process.exe.path", WEIR_WANT_REQUIRED, 0 },
};

enum { OUT_SIZE };

static const struct weir_field_def @NAME@_produces[] = {
	[OUT_SIZE] = { "@NAME@.size", WEIR_KIND_U64, 0, NULL, "", "", "",
		"Bytes of the program's file, some time after the exec.", NULL, 0, 0 },
};

enum { N_ASKED, N_SKIPPED };

static const struct weir_counter @NAME@_counters[] = {
	[N_ASKED] = { "asked", "events", "Programs whose size was asked for." },
	[N_SKIPPED] = { "skipped", "events", "Not asked for: too many were waiting." },
};

static const char *const @NAME@_types[] = { "exec" };

struct @NAME@ {
	struct weir_handle in[WEIR_N_OF(@NAME@_wants)];
	struct weir_handle out[WEIR_N_OF(@NAME@_produces)];
	const struct weir_host *host;
	uint64_t *counters;
	uint32_t max_pending;

	pthread_t thread;
	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t more;
	struct weir_event *queue[QUEUE_MAX];
	uint32_t head, n;		/* the oldest; how many */
	bool stop;
};

static void set_status(struct weir_event *ev, struct weir_handle h, uint8_t status)
{
	struct weir_value v;

	memset(&v, 0, sizeof(v));
	v.status = status;
	weir_set(ev, h, &v);
}

/* In our thread: `ev` is a copy that is ours until done(). */
static void answer(struct @NAME@ *x, struct weir_event *ev)
{
	struct weir_value path = weir_get(ev, x->in[IN_EXE_PATH]);
	char name[WEIR_PATH_MAX + 1];
	struct stat st;

	memcpy(name, path.v.p, path.len);
	name[path.len] = 0;
	if (stat(name, &st) == 0)
		weir_set_u64(ev, x->out[OUT_SIZE], (uint64_t)st.st_size);
	else
		set_status(ev, x->out[OUT_SIZE], WEIR_ERROR);
	x->host->done(ev, WEIR_CONTINUE);
}

/* Ends when it is told to and every event has been given back. */
static void *work(void *arg)
{
	struct @NAME@ *x = arg;
	struct weir_event *ev;

	pthread_mutex_lock(&x->lock);
	for (;;) {
		while (!x->n && !x->stop)
			pthread_cond_wait(&x->more, &x->lock);
		if (!x->n)
			break;
		ev = x->queue[x->head];
		x->head = (x->head + 1) % QUEUE_MAX;
		x->n--;
		pthread_mutex_unlock(&x->lock);
		answer(x, ev);
		pthread_mutex_lock(&x->lock);
	}
	pthread_mutex_unlock(&x->lock);
	return NULL;
}

/* Puts a copy of the event into the queue; 0: there is no room, or no copy. */
static int take(struct @NAME@ *x, struct weir_event *ev)
{
	struct weir_event *copy = NULL;

	pthread_mutex_lock(&x->lock);
	/* An older core has no later(), nor has the sync chain. */
	if (x->n < x->max_pending && WEIR_HAS(x->host, done) && x->host->later)
		copy = x->host->later(ev);
	if (copy) {
		x->queue[(x->head + x->n) % QUEUE_MAX] = copy;
		x->n++;
		pthread_cond_signal(&x->more);
	}
	pthread_mutex_unlock(&x->lock);
	return copy != NULL;
}

static int @NAME@_process(void *inst, struct weir_event *ev)
{
	struct @NAME@ *x = inst;
	struct weir_value path = weir_get(ev, x->in[IN_EXE_PATH]);

	/* A cut path would be another file. */
	if (path.status != WEIR_PRESENT || path.len > WEIR_PATH_MAX)
		return WEIR_CONTINUE;
	if (take(x, ev)) {
		weir_count(&x->counters[N_ASKED], 1);
		return WEIR_LATER;
	}
	weir_count(&x->counters[N_SKIPPED], 1);
	set_status(ev, x->out[OUT_SIZE], WEIR_SKIPPED);
	return WEIR_CONTINUE;
}

static void @NAME@_close(void *inst)
{
	struct @NAME@ *x = inst;

	pthread_mutex_lock(&x->lock);
	x->stop = true;
	pthread_cond_signal(&x->more);
	pthread_mutex_unlock(&x->lock);
	pthread_join(x->thread, NULL);
	pthread_cond_destroy(&x->more);
	pthread_mutex_destroy(&x->lock);
	free(x);
}

/* Signals are the sensor's business. */
static int thread_start(struct @NAME@ *x)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&x->thread, NULL, work, x);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static int @NAME@_open(const struct weir_setup *s, void **inst)
{
	struct @NAME@ *x = calloc(1, sizeof(*x));

	if (!x) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
		return -1;
	}
	x->host = s->host;
	x->counters = s->counters;
	x->max_pending = (uint32_t)s->options[OPT_MAX_PENDING].v.i;
	memcpy(x->in, s->wants, sizeof(x->in));
	memcpy(x->out, s->produces, sizeof(x->out));
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->more, NULL);
	if (thread_start(x)) {
		weir_logf(s, WEIR_LOG_ERROR, "no thread");
		pthread_cond_destroy(&x->more);
		pthread_mutex_destroy(&x->lock);
		free(x);
		return -1;
	}
	*inst = x;
	return 0;
}

/* It blocks nowhere in process, so the flags stay 0; WEIR_PLUGIN_DEFINE_FLAGS has them. */
WEIR_PLUGIN_DEFINE(@NAME@, WEIR_PLUGIN_ENRICHER, "0.1.0", "Apache-2.0",
	.summary = "Tells how large the program of an exec is.",
	.options = @NAME@_options,
	.wants = @NAME@_wants,
	.produces = @NAME@_produces,
	.counters = @NAME@_counters,
	.types = @NAME@_types,
	.n_options = WEIR_N_OF(@NAME@_options),
	.n_wants = WEIR_N_OF(@NAME@_wants),
	.n_produces = WEIR_N_OF(@NAME@_produces),
	.n_counters = WEIR_N_OF(@NAME@_counters),
	.n_types = WEIR_N_OF(@NAME@_types),
	.open = @NAME@_open,
	.close = @NAME@_close,
	.process = @NAME@_process);
