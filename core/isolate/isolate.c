/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the life of an isolated plugin as the core sees it. */
#include "isolate/isolate.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "isolate/private.h"
#include "util/log.h"
#include "util/macros.h"

#define SETUP_MAX	(1024u * 1024)

int isolate_user(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(name, &end, 10);
	if (*name >= '0' && *name <= '9' && !*end && !errno && n < UINT32_MAX) {
		*uid = (uid_t)n;
		*gid = (gid_t)n;
		return 0;
	}
	pw = getpwnam(name);
	if (!pw)
		return -ENOENT;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

/* ---- life --------------------------------------------------------------------------------*/

static struct isolate *isolate_free(struct isolate *iso)
{
	if (iso->bell >= 0)
		close(iso->bell);
	if (iso->down)
		munmap(iso->down, iso->down_size);
	if (iso->down_fd >= 0)
		close(iso->down_fd);
	pthread_mutex_destroy(&iso->lock);
	pthread_cond_destroy(&iso->cond);
	free(iso->want_defs);
	free(iso->answer);
	free(iso->scratch.p);
	free(iso->tickets);
	free(iso->lost);
	free(iso->counters_base);
	FREE_OBJ(iso);
	return NULL;
}

static void thread_end(struct isolate *iso)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&iso->lock);
	iso->closing = true;
	pthread_mutex_unlock(&iso->lock);
	if (write(iso->bell, &one, sizeof(one)) < 0)
		log_error("%s: %s", iso->label, strerror(errno));
	pthread_join(iso->thread, NULL);
}

static void proxy_close(void *inst)
{
	struct isolate *iso = isolate_of(inst);

	thread_end(iso);
	if (iso->is_sink)
		down_drop(iso, iso->head);
	proxy_account(iso);
	isolate_free(iso);
}

struct weir_plugin *isolate_def(const struct weir_plugin *def)
{
	struct weir_plugin *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	memcpy(p, def, MIN((size_t)def->size, sizeof(*p)));
	p->size = MIN(def->size, (uint32_t)sizeof(*p));
	/* Ours may be called by all workers at once, and never blocks. */
	p->flags = def->kind == WEIR_PLUGIN_ENRICHER ? WEIR_PLUGIN_PARALLEL : 0;
	p->open = NULL;
	p->close = proxy_close;
	p->process = def->kind == WEIR_PLUGIN_ENRICHER ? proxy_process : NULL;
	p->encode = NULL;
	p->write = def->kind == WEIR_PLUGIN_SINK ? proxy_write : NULL;
	p->tick = proxy_tick;
	p->adopt = NULL;
	p->changed = NULL;
	p->command = NULL;
	p->state = 0;
	return p;
}

static void wants_find(struct isolate *iso)
{
	const struct weir_schema *s = iso->setup->schema;
	uint32_t i, k;

	for (i = 0; i < iso->conf.def->n_wants; i++)
		for (k = 0; k < s->n_fields; k++)
			if (s->fields[k].handle.slot >= s->n_wire &&
			    s->fields[k].handle.slot == iso->setup->wants[i].slot)
				iso->want_defs[i] = &s->fields[k].def;
}

static void locks_init(struct isolate *iso)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&iso->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&iso->cond, &attr);
	pthread_condattr_destroy(&attr);
}

static int memory_take(struct isolate *iso)
{
	struct pack setup = { .p = malloc(SETUP_MAX), .cap = SETUP_MAX };
	int r = -ENOMEM;

	iso->want_defs = calloc(iso->conf.def->n_wants + 1, sizeof(*iso->want_defs));
	iso->answer = malloc(SHM_UP_MAX);
	iso->scratch = (struct pack){ .p = malloc(SHM_DOWN_MAX / 4), .cap = SHM_DOWN_MAX / 4 };
	iso->lost = calloc(WEIR_CLASS_MAX, sizeof(*iso->lost));
	iso->counters_base = calloc(iso->conf.def->n_counters + 1, sizeof(uint64_t));
	if (setup.p && iso->want_defs && iso->answer && iso->scratch.p && iso->lost &&
	    iso->counters_base && !tickets_init(iso)) {
		wants_find(iso);
		setup_pack(iso, &setup);
		r = setup.full ? -E2BIG : spawn_down(iso, &setup);
	}
	free(setup.p);
	return r;
}

/* Signals belong to the control thread. */
static int thread_begin(struct isolate *iso)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&iso->thread, NULL, supervise_main, iso);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

static bool is_up(struct isolate *iso)
{
	bool up;

	pthread_mutex_lock(&iso->lock);
	while (iso->state == ISO_STARTING)
		pthread_cond_wait(&iso->cond, &iso->lock);
	up = iso->state == ISO_RUNNING || iso->state == ISO_DOWN;
	pthread_mutex_unlock(&iso->lock);
	if (!up)
		pthread_join(iso->thread, NULL);
	return up;
}

int isolate_open(const struct isolate_conf *conf, const struct weir_setup *setup, void **out)
{
	struct isolate *iso;
	int r;

	ALLOC_OBJ(iso, ISOLATE_MAGIC);
	if (!iso)
		return -1;
	iso->conf = *conf;
	iso->setup = setup;
	iso->is_sink = conf->def->kind == WEIR_PLUGIN_SINK;
	iso->next_id = 1;
	iso->down_fd = -1;
	iso->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	snprintf(iso->label, sizeof(iso->label), "%s", conf->label);
	locks_init(iso);
	r = iso->bell < 0 ? -errno : memory_take(iso);
	if (!r)
		r = thread_begin(iso);
	if (r)
		log_error("%s: no process for it: %s", iso->label, strerror(-r));
	if (r || !is_up(iso)) {
		isolate_free(iso);
		return -1;
	}
	*out = iso;
	return 0;
}

pid_t isolate_pid(void *inst)
{
	struct isolate *iso = isolate_of(inst);
	pid_t pid;

	pthread_mutex_lock(&iso->lock);
	pid = iso->child && iso->state == ISO_RUNNING ? iso->child->pid : 0;
	pthread_mutex_unlock(&iso->lock);
	return pid;
}

uint64_t isolate_deaths(void *inst)
{
	struct isolate *iso = isolate_of(inst);
	uint64_t n;

	pthread_mutex_lock(&iso->lock);
	n = iso->deaths;
	pthread_mutex_unlock(&iso->lock);
	return n;
}
