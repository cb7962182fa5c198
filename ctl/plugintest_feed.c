/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the workers that hand the capture's records to the plugin. Each worker has an instance of its own, unless the plugin says that
 * one may be used by several at once.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "plugintest.h"
#include "util/macros.h"

#define SAMPLES_MAX	(1u << 22)
#define TICK_EVERY	1000u
#define BATCH		64u
#define PAGE_BYTES	(256u * 1024)
#define AGAIN_MAX	50
#define TAIL		64u

struct worker {
	struct pt *pt;
	struct pt_slot *slot;
	pthread_t thread;
	bool tick_first;
	unsigned long repeat;
	size_t n_records;
	struct pt_stats stats;
	uint32_t *samples;
	size_t n_samples, cap_samples;
	struct pt_event *window[PT_WINDOW];
	unsigned head, n_window;
	struct weir_buf page;
	struct weir_item items[BATCH];
	char *lines[BATCH];
	uint32_t n_items;
	struct weir_value *before;	/* the values as they were */
	struct json_tokener *tok;
};

/* ---- one event ----------------------------------------------------------------*/

static void sample(struct worker *w, uint64_t ns)
{
	uint32_t *more;

	if (w->pt->quiet || w->n_samples == SAMPLES_MAX)
		return;
	if (w->n_samples == w->cap_samples) {
		more = realloc(w->samples, (w->cap_samples * 2 + 1024) * sizeof(*more));
		if (!more)
			return;
		w->samples = more;
		w->cap_samples = w->cap_samples * 2 + 1024;
	}
	w->samples[w->n_samples++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static bool is_produced(const struct pt_stage *st, uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < st->def->n_produces; i++)
		if (st->produces[i].slot == slot)
			return true;
	return false;
}

/* What the kernel and other stages have said, nobody changes. */
static void check_untouched(struct worker *w, const struct pt_event *e)
{
	const struct weir_value *now = e->ev.added;
	uint32_t i;

	if (memcmp(e->rec, e->original, e->ev.rec_size))
		pt_problem(w->pt, true, "changes the record");
	for (i = 0; i < w->pt->n_added; i++)
		if (memcmp(&now[i], &w->before[i], sizeof(now[i])) &&
		    !is_produced(&w->pt->stage, i + e->ev.n_wire))
			pt_problem(w->pt, true, "sets a field that it does not produce");
}

static void verdict_count(struct worker *w, int verdict)
{
	if (verdict == WEIR_DROP)
		w->stats.dropped++;
	else if (verdict == WEIR_FAIL)
		w->stats.failed++;
	else if (verdict != WEIR_CONTINUE)
		pt_problem(w->pt, true, "process() answers %d, which is no verdict", verdict);
}

static struct pt_event *event_end(struct worker *w, struct pt_event *e, int verdict)
{
	verdict_count(w, verdict);
	pt_check_values(e);
	if (w->pt->conf.print && !w->pt->quiet && verdict != WEIR_DROP)
		pt_print_event(e);
	return pt_event_free(e);
}

static void window_pop(struct worker *w)
{
	struct pt_event *e = w->window[w->head];
	bool late;
	int verdict = pt_event_await(e, &late);

	w->head = (w->head + 1) % PT_WINDOW;
	w->n_window--;
	w->stats.late += late;
	event_end(w, e, verdict);
}

static void window_push(struct worker *w, struct pt_event *e)
{
	if (w->n_window == PT_WINDOW)
		window_pop(w);
	w->window[(w->head + w->n_window++) % PT_WINDOW] = e;
	w->stats.later++;
}

static void run_process(struct worker *w, struct pt_inst *in, struct pt_event *e)
{
	uint64_t t;
	int r;

	memcpy(w->before, e->ev.added, w->pt->n_added * sizeof(*w->before));
	e->inst = in;
	e->in_process = pt_on_event_path = true;
	t = pt_now_ns();
	r = in->stage->def->process(in->inst, &e->ev);
	sample(w, pt_now_ns() - t);
	e->in_process = pt_on_event_path = false;
	check_untouched(w, e);
	if ((r == WEIR_LATER) != (e->copy != NULL))
		pt_problem(w->pt, true, e->copy ?
			   "later() was called, but process() does not answer WEIR_LATER" :
			   "process() answers WEIR_LATER without later()");
	if (e->copy)
		window_push(w, e);
	else
		event_end(w, e, r == WEIR_LATER ? WEIR_FAIL : r);
}

/* ---- serializers --------------------------------------------------------------*/

static void json_check(struct worker *w, const char *p, size_t len)
{
	struct json_object *o;
	size_t at;

	json_tokener_reset(w->tok);
	o = json_tokener_parse_ex(w->tok, p, (int)len);
	if (!o || json_tokener_get_error(w->tok) != json_tokener_success) {
		pt_problem(w->pt, true, "an event is no JSON: %s",
			   json_tokener_error_desc(json_tokener_get_error(w->tok)));
	} else {
		at = json_tokener_get_parse_end(w->tok);
		while (at < len && strchr(" \t\r\n", p[at]))
			at++;
		if (at < len)
			pt_problem(w->pt, true, "there is something behind an event's JSON");
		if (!json_object_is_type(o, json_type_object))
			pt_problem(w->pt, true, "an event is JSON, but no object");
	}
	json_object_put(o);
}

static void page_flush(struct worker *w)
{
	if (w->pt->conf.print && !w->pt->quiet && w->page.len) {
		pthread_mutex_lock(&w->pt->print_lock);
		fwrite(w->page.p, 1, w->page.len, stdout);
		pthread_mutex_unlock(&w->pt->print_lock);
	}
	w->page.len = 0;
}

static void run_encode(struct worker *w, struct pt_inst *in, struct pt_event *e)
{
	size_t start = w->page.len, n = start < TAIL ? start : TAIL;
	uint8_t tail[TAIL];
	uint64_t t;
	int r;

	if (n)
		memcpy(tail, w->page.p + start - n, n);
	pt_on_event_path = true;
	t = pt_now_ns();
	r = in->stage->def->encode(in->inst, &e->ev, &w->page);
	sample(w, pt_now_ns() - t);
	pt_on_event_path = false;
	if (w->page.len < start || w->page.len > w->page.cap ||
	    (n && memcmp(tail, w->page.p + start - n, n)))
		pt_problem(w->pt, true, "encode() touches what is not its event's");
	else if (r && w->page.len != start)
		pt_problem(w->pt, true, "encode() fails, but has appended something");
	if (r || w->page.len <= start) {
		w->page.len = start;
		w->stats.not_encoded++;
	} else {
		w->stats.encoded++;
		w->stats.bytes += w->page.len - start;
		if (w->pt->conf.json)
			json_check(w, (char *)w->page.p + start, w->page.len - start);
	}
	if (w->page.len > PAGE_BYTES)
		page_flush(w);
	pt_event_free(e);
}

/* ---- sinks --------------------------------------------------------------------*/

/* One call: how many are taken; `left` becomes false if no more will be. */
static uint32_t write_once(struct worker *w, const struct pt_inst *in, uint32_t from, bool *left)
{
	struct weir_batch batch = { sizeof(batch), w->n_items - from, w->items + from };
	struct weir_write out = { .size = sizeof(out) };
	uint64_t t = pt_now_ns();
	int r = in->stage->def->write(in->inst, &batch, &out);

	t = pt_now_ns() - t;
	sample(w, t);
	w->stats.writes++;
	if (t > 150000000u)
		pt_problem(w->pt, true, "write() has taken more than its 100 ms");
	if (out.done > batch.n || out.dropped > batch.n)
		pt_problem(w->pt, true, "write() has taken more items than there were");
	if (r == WEIR_WRITE_OK)
		out.done = batch.n;
	if (r < WEIR_WRITE_OK || r > WEIR_WRITE_ERROR)
		pt_problem(w->pt, true, "write() answers %d", r);
	w->stats.again += r == WEIR_WRITE_AGAIN;
	w->stats.refused += out.dropped;
	out.done = MIN(out.done, batch.n);
	w->stats.delivered += out.done - MIN(out.dropped, out.done);
	*left = r == WEIR_WRITE_AGAIN;
	return out.done;
}

static void batch_flush(struct worker *w)
{
	uint32_t done = 0, n, tries = 0;
	bool left = true;

	if (!w->n_items)
		return;
	pthread_rwlock_rdlock(&w->slot->lock);
	while (left && done < w->n_items && tries < AGAIN_MAX) {
		n = write_once(w, w->slot->inst, done, &left);
		tries = n ? 0 : tries + 1;
		done += n;
	}
	pthread_rwlock_unlock(&w->slot->lock);
	w->stats.lost += w->n_items - done;
	while (w->n_items)
		free(w->lines[--w->n_items]);
}

/* A line as a serializer might make it. */
static void item_add(struct worker *w, struct pt_event *e)
{
	const struct weir_base *base = (const void *)e->rec;
	const struct weir_type *t = &w->pt->stage.schema.types[e->ev.type];
	uint16_t type = base->type;
	uint8_t rclass = base->rclass;
	char *line = NULL;
	int n;

	n = asprintf(&line, "{\"event\":\"%s\",\"id\":%llu}\n", t->name,
		     (unsigned long long)base->id);
	pt_event_free(e);
	if (n < 0)
		return;
	w->lines[w->n_items] = line;
	w->items[w->n_items++] = (struct weir_item){ (uint8_t *)line, (uint32_t)n,
						     type, rclass, 0 };
	if (w->n_items == BATCH)
		batch_flush(w);
}

/* ---- workers ------------------------------------------------------------------*/

static void before_run(struct pt *pt, struct pt_event *e)
{
	unsigned i;

	pthread_mutex_lock(&pt->print_lock);
	for (i = 0; i < pt->conf.n_before; i++)
		if (pt->before[i].sees[e->ev.type])
			pt->before[i].def->process(pt->before_insts[i]->inst, &e->ev);
	pthread_mutex_unlock(&pt->print_lock);
}

static void run_one(struct worker *w, const struct pt_record *r)
{
	struct pt_event *e = pt_event_new(w->pt, r);

	if (!e)
		return;
	if (w->pt->conf.n_before)
		before_run(w->pt, e);
	if (!w->pt->stage.sees[e->ev.type]) {
		w->stats.unseen++;
		pt_event_free(e);
		return;
	}
	w->stats.events++;
	if (w->pt->stage.def->kind == WEIR_PLUGIN_SINK) {
		item_add(w, e);
		return;
	}
	pthread_rwlock_rdlock(&w->slot->lock);
	if (w->pt->stage.def->kind == WEIR_PLUGIN_ENRICHER)
		run_process(w, w->slot->inst, e);
	else
		run_encode(w, w->slot->inst, e);
	pthread_rwlock_unlock(&w->slot->lock);
}

static void tick(struct worker *w)
{
	const struct weir_plugin *def = w->pt->stage.def;

	if (!def->tick || !w->tick_first)
		return;
	pthread_rwlock_wrlock(&w->slot->lock);
	def->tick(w->slot->inst->inst, pt_now_ns());
	pthread_rwlock_unlock(&w->slot->lock);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	unsigned long round, n = 0;
	size_t i;

	pt_of_thread = w->pt;
	for (round = 0; round < w->repeat; round++)
		for (i = 0; i < w->n_records; i++) {
			run_one(w, &w->pt->records[i]);
			if (++n % TICK_EVERY == 0)
				tick(w);
			if (w->pt->conf.reload && n % w->pt->conf.reload == 0 && !w->pt->quiet)
				pt_reload(w->pt, w->slot);
		}
	while (w->n_window)
		window_pop(w);
	batch_flush(w);
	page_flush(w);
	tick(w);
	return NULL;
}

static void worker_merge(struct worker *w)
{
	const uint64_t *from = (const uint64_t *)&w->stats;
	uint64_t *to = (uint64_t *)&w->pt->stats;
	struct pt *pt = w->pt;
	uint32_t *more;
	size_t i;

	for (i = 0; i < sizeof(w->stats) / sizeof(*from) && !pt->quiet; i++)
		to[i] += from[i];
	more = w->n_samples ? realloc(pt->samples, (pt->n_samples + w->n_samples) *
				      sizeof(*more)) : NULL;
	if (more) {
		memcpy(more + pt->n_samples, w->samples, w->n_samples * sizeof(*more));
		pt->samples = more;
		pt->n_samples += w->n_samples;
	}
	free(w->samples);
	free(w->page.p);
	free(w->before);
	json_tokener_free(w->tok);
}

static int worker_init(struct worker *w, struct pt *pt, struct pt_slot *slot, bool first,
		       unsigned long repeat, size_t n_records)
{
	w->pt = pt;
	w->slot = slot;
	w->tick_first = first;
	w->repeat = repeat;
	w->n_records = MIN(n_records, pt->n_records);
	w->before = calloc(pt->n_added + 1, sizeof(*w->before));
	w->tok = json_tokener_new();
	if (w->tok)
		json_tokener_set_flags(w->tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	return w->before && w->tok ? 0 : -1;
}

static int slots_open(struct pt *pt, struct pt_slot *slots, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		pthread_rwlock_init(&slots[i].lock, NULL);
		slots[i].inst = pt_inst_open(pt, &pt->stage);
		if (!slots[i].inst)
			return -1;
	}
	return 0;
}

int pt_feed(struct pt *pt, unsigned threads, unsigned long repeat, size_t n_records)
{
	bool shared = pt->stage.def->flags & WEIR_PLUGIN_PARALLEL;
	unsigned n_slots = shared ? 1 : threads, i;
	struct pt_slot *slots = calloc(n_slots, sizeof(*slots));
	struct worker *workers = calloc(threads, sizeof(*workers));
	int r = slots && workers ? slots_open(pt, slots, n_slots) : -1;

	for (i = 0; i < threads && r == 0; i++)
		r = worker_init(&workers[i], pt, &slots[shared ? 0 : i], !shared || i == 0,
				repeat, n_records);
	if (r == 0 && threads == 1) {
		worker_run(&workers[0]);
	} else if (r == 0) {
		for (i = 0; i < threads; i++)
			MUST(!pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]));
		for (i = 0; i < threads; i++)
			pthread_join(workers[i].thread, NULL);
	}
	for (i = 0; slots && i < n_slots; i++)
		pt_inst_close(slots[i].inst);
	for (i = 0; workers && i < threads; i++)
		if (workers[i].pt)
			worker_merge(&workers[i]);
	free(slots);
	free(workers);
	return r;
}
