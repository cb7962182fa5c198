/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order in which a reload does things, and its undoing.
 *
 * Async chains whose stages change pause first: their instances may be handed
 * over then. One that does not pause in time, because a plugin does not return,
 * keeps what it has and is left to itself; its successor begins cold, with a
 * queue of its own.
 */
#include "reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/async.h"
#include "chain/instance.h"
#include "chain/notice.h"
#include "chain/plan.h"
#include "conf/tree.h"
#include "daemon_state.h"
#include "retire.h"
#include "settings.h"
#include "source/source.h"
#include "util/log.h"
#include "util/macros.h"

#define PAUSE_NS	1000000000ll
#define OFFER_NS	5000000000ll
#define STUCK_MAX	64u

/* A reload under way. */
struct reload {
	struct daemon *dm;
	struct reload_report *report;
	struct config *next;
	const char *stuck[STUCK_MAX];
	size_t n_stuck;
	bool again;		/* a chain did not pause: once more without it */
	struct instance *failed;	/* of adopt */
};

/* ---- open ------------------------------------------------------------------------------*/

static int open_new(struct daemon *dm, struct config *cf, struct diag *d)
{
	size_t n = plan_new_instances(cf->plan, NULL);
	struct instance **list = calloc(n + 1, sizeof(*list)), *failed = NULL;
	struct opening *opening = NULL;
	int r;

	if (!list)
		return -ENOMEM;
	plan_new_instances(cf->plan, list);
	r = opening_run(list, n, cf->settings->open_ns, &failed, &opening);
	if (r == -ETIMEDOUT)
		diag_error(d, failed->file, failed->line,
			   "%s: plugin %s has not returned from open after %lld ms",
			   failed->name, failed->def->name,
			   (long long)(cf->settings->open_ns / 1000000));
	else if (r)
		diag_error(d, failed->file, failed->line, "%s: plugin %s could not start",
			   failed->name, failed->def->name);
	else
		plan_ready(cf->plan);
	if (opening)
		retire_begin(dm, cf, opening, 0);
	return r;
}

static struct async *async_named(const struct config *cf, const char *name)
{
	size_t i;

	for (i = 0; cf && i < cf->plan->n_asyncs; i++)
		if (async_settings(cf->plan->asyncs[i].async)->name == name)
			return cf->plan->asyncs[i].async;
	return NULL;
}

/* Threads of those chains that are new. On failure those that run stop. */
static int asyncs_start(struct config *cf, const struct config *running,
			struct diag *d)
{
	const struct plan_async *pa, *end = cf->plan->asyncs + cf->plan->n_asyncs;
	int r;

	for (pa = cf->plan->asyncs; pa < end; pa++) {
		if (pa->taken)
			continue;
		r = async_start(pa->async, pa->line,
				async_named(running, async_settings(pa->async)->name));
		if (r) {
			diag_error(d, pa->node->file, pa->node->line, "async: %s: %s",
				   pa->node->name, strerror(-r));
			return r;
		}
	}
	return 0;
}

static void quarantined_tell(const struct plan *p)
{
	struct instance *in;
	size_t i;

	for (i = 0; i < p->n_changes; i++) {
		in = p->changes[i].next;
		if (in && in->disabled && in != p->changes[i].running)
			notice_stage(in, WEIR_STAGE_QUARANTINED, in->why);
	}
}

static unsigned stages_that(const struct reload_report *rep, const char *result)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < rep->n_rows && rep->ok; i++)
		n += !strcmp(rep->rows[i].result, result);
	return n;
}

static void config_tell(struct daemon *dm, const struct reload_report *rep)
{
	struct notice_config n = {
		.trigger = rep->trigger, .generation = rep->generation,
		.digest = rep->digest, .file = dm->conf->config,
		.errors = (unsigned)rep->diag.n_errors,
		.kept = stages_that(rep, "kept"), .adopted = stages_that(rep, "adopted"),
		.cold = stages_that(rep, "cold"), .added = stages_that(rep, "added"),
		.removed = stages_that(rep, "removed"),
	};
	char error[512];
	size_t i;

	for (i = 0; !rep->ok && i < rep->diag.n && !n.error; i++)
		if (rep->diag.items[i].severity == DIAG_ERROR) {
			diag_format(&rep->diag.items[i], error, sizeof(error));
			n.error = error;
		}
	if (!rep->ok && !n.error)
		n.error = "no memory";
	notice_config(&dm->services, &n);
}

/* ---- pause and adopt -------------------------------------------------------------------------*/

static const struct line *line_now(const struct daemon *dm, const struct async *a)
{
	const struct plan *p = dm->config->plan;
	size_t i;

	for (i = 0; i < p->n_asyncs; i++)
		if (p->asyncs[i].async == a)
			return p->asyncs[i].line;
	WRONG("an async chain of no plan");
}

static bool is_stuck(const struct reload *rl, const char *chain)
{
	size_t i;

	for (i = 0; i < rl->n_stuck; i++)
		if (!strcmp(rl->stuck[i], chain))
			return true;
	return false;
}

static bool must_pause(const struct plan_async *pa)
{
	return pa->taken && !pa->kept;
}

/* Those before `end` go on, with the old stages or the new ones. */
static void resume(struct reload *rl, const struct plan_async *end, bool with_new)
{
	const struct plan_async *pa;

	for (pa = rl->next->plan->asyncs; pa < end; pa++)
		if (must_pause(pa))
			async_resume(pa->async, with_new ? pa->line :
				     line_now(rl->dm, pa->async));
}

/*
 * Does a chain let go of its stages? One that is to be replaced as a whole
 * shares them with its successor, so it has to show that, too.
 */
static bool pause_one(struct reload *rl, const struct plan_async *pa)
{
	struct async *old;

	if (must_pause(pa))
		return async_pause(pa->async, PAUSE_NS);
	old = pa->taken ? NULL : async_named(rl->dm->config,
					     async_settings(pa->async)->name);
	if (!old || is_stuck(rl, async_settings(pa->async)->name))
		return true;
	if (!async_pause(old, PAUSE_NS))
		return false;
	async_resume(old, line_now(rl->dm, old));
	return true;
}

static int pause_all(struct reload *rl)
{
	struct plan *p = rl->next->plan;
	const struct plan_async *pa;

	for (pa = p->asyncs; pa < p->asyncs + p->n_asyncs; pa++) {
		if (pause_one(rl, pa))
			continue;
		resume(rl, pa, false);
		if (rl->n_stuck == STUCK_MAX)
			return -EBUSY;
		rl->stuck[rl->n_stuck++] = async_settings(pa->async)->name;
		rl->again = true;
		return -EAGAIN;
	}
	return 0;
}

static bool chain_paused(const struct plan *p, const char *chain)
{
	size_t i;

	for (i = 0; i < p->n_asyncs; i++)
		if (async_settings(p->asyncs[i].async)->name == chain)
			return must_pause(&p->asyncs[i]);
	return false;
}

static bool change_adopts(const struct plan *p, const struct plan_change *ch)
{
	return ch->next && ch->running && ch->next != ch->running &&
	       (!ch->next->is_async || chain_paused(p, ch->next->chain)) &&
	       instance_adopts(ch->next, ch->running);
}

static void adopt_undo(struct plan *p, bool async)
{
	struct plan_change *ch;
	size_t i;

	for (i = p->n_changes; i-- > 0;) {
		ch = &p->changes[i];
		if (!ch->adopted || ch->next->is_async != async)
			continue;
		ch->adopted = false;
		if (instance_adopt(ch->running, ch->next))
			log_error("%s: did not take back what it remembered; it goes on without",
				  ch->running->name);
	}
}

static int adopt_all(struct reload *rl, bool async)
{
	struct plan *p = rl->next->plan;
	struct plan_change *ch;
	size_t i;

	for (i = 0; i < p->n_changes; i++) {
		ch = &p->changes[i];
		if (!change_adopts(p, ch) || ch->next->is_async != async)
			continue;
		if (instance_adopt(ch->next, ch->running)) {
			rl->failed = ch->next;
			adopt_undo(p, async);
			return -EINVAL;
		}
		ch->adopted = true;
	}
	return 0;
}

/* On the collector's thread, between two events. */
static int adopt_sync(void *arg)
{
	return adopt_all(arg, false);
}

static void adopt_fault(struct reload *rl)
{
	diag_error(&rl->report->diag, rl->failed->file, rl->failed->line,
		   "%s: plugin %s could not take over what its predecessor remembers",
		   rl->failed->name, rl->failed->def->name);
}

/* ---- the report ---------------------------------------------------------------------------------*/

static const char *result_of(const struct plan *p, const struct plan_change *ch, bool dry)
{
	if (!ch->next)
		return "removed";
	if (!ch->running)
		return "added";
	if (ch->next == ch->running)
		return "kept";
	return ch->adopted || (dry && change_adopts(p, ch)) ? "adopted" : "cold";
}

static const char *note_of(const struct reload *rl, const struct plan_change *ch)
{
	if (ch->next && ch->next->disabled)
		return ch->next->stuck ? "stuck, left out" : "in quarantine, left out";
	if (ch->next && ch->running && is_stuck(rl, ch->next->chain))
		return "the one before it does not return";
	return "";
}

static void rows_fill(struct reload *rl)
{
	struct reload_report *rep = rl->report;
	const struct plan *p = rl->next->plan;
	const struct plan_change *ch;
	const struct instance *in;

	rep->rows = calloc(p->n_changes + 1, sizeof(*rep->rows));
	for (ch = p->changes; rep->rows && ch < p->changes + p->n_changes; ch++) {
		in = ch->next ? ch->next : ch->running;
		rep->rows[rep->n_rows++] = (struct reload_row){
			.chain = in->chain, .name = in->name, .plugin = in->def->name,
			.version = in->def->version, .result = result_of(p, ch, rep->dry),
			.note = note_of(rl, ch),
		};
	}
}

void reload_report_fini(struct reload_report *report)
{
	free(report->rows);
	diag_fini(&report->diag);
}

/* ---- the whole -----------------------------------------------------------------------------------*/

/* Opened, perhaps started, but never in force. */
static void next_give_up(struct reload *rl)
{
	struct config *cf = rl->next, *running = rl->dm->config;
	size_t i;

	/* What was to begin behind one that goes on ends at once. */
	for (i = 0; i < running->plan->n_asyncs; i++)
		async_release(running->plan->asyncs[i].async);
	rl->next = NULL;
	retire_begin(rl->dm, cf, NULL, 0);
}

static int offer(struct reload *rl)
{
	struct collector_offer of = {
		.chain = rl->next->plan->chain, .adopt = adopt_sync, .arg = rl,
	};
	int r = collector_offer(rl->dm->collector, &of, OFFER_NS);

	rl->report->pause_ns = of.pause_ns;
	if (r == -ETIMEDOUT)
		diag_error(&rl->report->diag, NULL, 0,
			   "the event path has not come to an end of its batch in 5 s%s%s",
			   *rl->dm->stuck ? ": it is in " : "", rl->dm->stuck);
	else if (r == -ESHUTDOWN)
		diag_error(&rl->report->diag, NULL, 0, "the sensor is ending");
	else if (r)
		adopt_fault(rl);
	return r;
}

static void publish(struct reload *rl)
{
	struct daemon *dm = rl->dm;
	struct config *old = dm->config;

	pthread_mutex_lock(&dm->lock);
	dm->config = rl->next;
	pthread_mutex_unlock(&dm->lock);
	log_set_level(dm->conf->verbose ? WEIR_LOG_DEBUG : rl->next->settings->log_level);
	quarantined_tell(rl->next->plan);
	retire_begin(dm, old, NULL, rl->next->settings->drain_ns);
	rl->next = NULL;
}

/* From here on, with all opened, each step undoes those before it. */
static int put_in_force(struct reload *rl)
{
	struct plan *p = rl->next->plan;
	const struct plan_async *end = p->asyncs + p->n_asyncs;
	int r;

	r = pause_all(rl);
	if (r)
		return r;
	r = adopt_all(rl, true);
	if (r)
		adopt_fault(rl);
	if (!r)
		r = asyncs_start(rl->next, rl->dm->config, &rl->report->diag);
	if (!r)
		r = offer(rl);
	if (r)
		adopt_undo(p, true);
	resume(rl, end, !r);
	return r;
}

static int reload_once(struct reload *rl)
{
	struct daemon *dm = rl->dm;
	int r;

	rl->again = false;
	r = config_load(dm, dm->config, rl->stuck, rl->n_stuck, &rl->report->diag,
			&rl->next);
	if (r)
		return r;
	if (rl->report->dry) {
		rows_fill(rl);
		plan_drop(rl->next->plan);
		rl->next = config_free(rl->next);
		return 0;
	}
	r = open_new(dm, rl->next, &rl->report->diag);
	if (r == -ETIMEDOUT) {
		rl->next = NULL;
		return r;
	}
	if (!r)
		r = put_in_force(rl);
	if (r) {
		next_give_up(rl);
		return r;
	}
	rows_fill(rl);
	publish(rl);
	return 0;
}

static void report_log(const struct reload_report *rep)
{
	size_t i, n = 0, kept = 0;

	diag_log(&rep->diag);
	if (!rep->ok) {
		log_error("reload refused; generation %u (%s) goes on", rep->generation,
			  rep->digest);
		return;
	}
	for (i = 0; i < rep->n_rows; i++) {
		kept += !strcmp(rep->rows[i].result, "kept");
		n++;
		if (strcmp(rep->rows[i].result, "kept"))
			log_info("reload: %s/%s: %s %s: %s%s%s", rep->rows[i].chain,
				 rep->rows[i].name, rep->rows[i].plugin,
				 rep->rows[i].version, rep->rows[i].result,
				 *rep->rows[i].note ? ": " : "", rep->rows[i].note);
	}
	log_info("reload: generation %u (%s) in force after %.1f ms, %zu of %zu stages kept",
		 rep->generation, rep->digest, (double)rep->duration_ns / 1e6, kept, n);
	if (*rep->draining)
		log_warn("reload: still ending: %s", rep->draining);
}

static void counts_add(struct daemon *dm, bool ok)
{
	pthread_mutex_lock(&dm->lock);
	dm->n_reloads += ok;
	dm->n_refused += !ok;
	pthread_mutex_unlock(&dm->lock);
}

void reload_run(struct daemon *dm, unsigned trigger, bool dry,
		struct reload_report *report)
{
	struct reload rl = { .dm = dm, .report = report };
	uint64_t t = clock_ns(CLOCK_MONOTONIC);
	int r;

	*report = (struct reload_report){ .dry = dry, .trigger = trigger };
	__atomic_store_n(&dm->reloading, true, __ATOMIC_RELAXED);
	do {
		r = reload_once(&rl);
	} while (rl.again);
	report->ok = !r;
	report->generation = dm->config->plan->generation;
	snprintf(report->digest, sizeof(report->digest), "%s", dm->config->plan->digest);
	if (r && !report->diag.n_errors)
		diag_error(&report->diag, dm->conf->config, 0, "%s", strerror(-r));
	/* Who has used up his time to open is not given more of it. */
	if (!dry && !retire_wait(dm, r == -ETIMEDOUT ? 0 : dm->config->settings->drain_ns))
		retire_blocker(dm, report->draining, sizeof(report->draining));
	report->duration_ns = clock_ns(CLOCK_MONOTONIC) - t;
	__atomic_store_n(&dm->reloading, false, __ATOMIC_RELAXED);
	if (dry)
		return;
	counts_add(dm, report->ok);
	report_log(report);
	config_tell(dm, report);
	/* Who begins without state has not heard what is told once. */
	if (stages_that(report, "cold") + stages_that(report, "added"))
		source_retell(dm->source);
}

int reload_start(struct daemon *dm)
{
	struct reload_report rep = { .trigger = WEIR_CONFIG_START, .ok = true };
	struct reload rl = { .dm = dm, .report = &rep, .next = dm->config };
	int r;

	r = open_new(dm, dm->config, &rep.diag);
	if (r == -ETIMEDOUT)
		dm->config = NULL;
	if (!r)
		r = asyncs_start(dm->config, NULL, &rep.diag);
	if (!r) {
		rows_fill(&rl);
		rep.generation = dm->config->plan->generation;
		memcpy(rep.digest, dm->config->plan->digest, sizeof(rep.digest));
		quarantined_tell(dm->config->plan);
		/* A replay tells what was captured. */
		if (!dm->conf->replay)
			config_tell(dm, &rep);
	}
	diag_log(&rep.diag);
	reload_report_fini(&rep);
	return r;
}

/* ---- wishes ------------------------------------------------------------------------------------*/

void reload_ask(struct daemon *dm, struct reload_wish *w)
{
	static const uint64_t one = 1;
	struct reload_wish **at;

	pthread_mutex_lock(&dm->lock);
	w->next = NULL;
	for (at = &dm->wishes; *at; at = &(*at)->next)
		;
	*at = w;
	pthread_mutex_unlock(&dm->lock);
	if (write(dm->event, &one, sizeof(one)) < 0)
		log_error("a reload was asked for, but cannot be told: %s", strerror(errno));
}

/* All of one kind that wait now. */
static struct reload_wish *wishes_take(struct daemon *dm, bool dry)
{
	struct reload_wish *w, **at, *list = NULL, **end = &list;

	pthread_mutex_lock(&dm->lock);
	for (at = &dm->wishes; (w = *at);) {
		if (w->dry != dry) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = NULL;
		*end = w;
		end = &w->next;
	}
	pthread_mutex_unlock(&dm->lock);
	return list;
}

static void wishes_answer(struct daemon *dm, bool dry, bool ending)
{
	struct reload_wish *list = wishes_take(dm, dry), *next;
	struct reload_report rep = { 0 };

	if (list && !ending)
		reload_run(dm, WEIR_CONFIG_CONTROL, dry, &rep);
	for (; list; list = next) {
		next = list->next;
		list->done(list, ending ? NULL : &rep);
	}
	reload_report_fini(&rep);
}

void reload_answer_wishes(struct daemon *dm, bool ending)
{
	wishes_answer(dm, true, ending);
	wishes_answer(dm, false, ending);
}
