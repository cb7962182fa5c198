/* SPDX-License-Identifier: Apache-2.0 */
#include "precorder.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>

#define LOOK_NS	200000000u	/* between two looks at whether it is over */
#define FOR_S	900u
#define FOR_MAX_S	(30u * 86400)

struct precorder {
	struct precorder *next;
	struct precorders *all;
	pthread_t thread;
	struct profile *x;
	struct pdesk *desk;
	uint32_t id;
	bool ended;		/* under the lock: the thread can be joined */
};

struct precorders {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct precorder *list;
	bool closing;
};

/* ---- what the event path does -------------------------------------------------------*/

struct order {
	struct porder o;
	uint32_t id;
	struct precord r;	/* as it is to begin; or as it was */
	struct precord rows[PRECORD_MAX];
	struct pprofile *p;
	bool there;
};

static bool run_begin(void *plugin, struct porder *o)
{
	struct order *q = (struct order *)o;
	struct profile *x = plugin;

	if (!x)
		return true;
	q->r.until_s += x->now_s;
	q->id = precord_begin(&x->records, &q->r, x->conf.max_size, x->keep.conf.seed, x->now_s);
	return true;
}

static bool run_look(void *plugin, struct porder *o)
{
	struct order *q = (struct order *)o;
	struct profile *x = plugin;
	struct precord *r = x ? precord_find(&x->records, q->id) : NULL;

	q->there = r;
	if (r)
		q->r = *r;
	return true;
}

static bool run_stop(void *plugin, struct porder *o)
{
	struct order *q = (struct order *)o;
	struct profile *x = plugin;
	struct precord *r = x ? precord_find(&x->records, q->id) : NULL;

	q->there = r;
	if (r)
		precord_stop(&x->records, r);
	return true;
}

static bool run_take(void *plugin, struct porder *o)
{
	struct order *q = (struct order *)o;
	struct profile *x = plugin;
	struct precord *r = x ? precord_find(&x->records, q->id) : NULL;

	if (!r)
		return true;
	q->r = *r;
	q->p = precord_take(&x->records, r);
	return true;
}

static bool run_list(void *plugin, struct porder *o)
{
	struct order *q = (struct order *)o;
	struct profile *x = plugin;

	if (x)
		memcpy(q->rows, x->records.all, sizeof(q->rows));
	return true;
}

/* ---- the thread ---------------------------------------------------------------------*/

static int is_gone(void *ctx)
{
	struct precorder *t = ctx;

	return __atomic_load_n(&t->all->closing, __ATOMIC_RELAXED) ? WEIR_GONE_CLOSING :
								     WEIR_GONE_NOT;
}

static void wait_a_while(struct precorders *all)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&all->lock);
	if (!all->closing)
		pthread_cond_timedwait(&all->news, &all->lock, &until);
	pthread_mutex_unlock(&all->lock);
}

static void wait_for_end(struct precorder *t, const struct weir_command *cmd)
{
	struct order q = { .o.run = run_look, .id = t->id };

	do {
		wait_a_while(t->all);
		if (pdesk_do(t->desk, &q.o, cmd, t->x, false))
			break;
	} while (q.there && !q.r.over);
}

static void name_it(struct pprofile *p, const struct precord *r, bool merge)
{
	char name[PPROFILE_NAME];

	if (merge)
		snprintf(name, sizeof(name), "%s", r->workload);
	else if (*r->as)
		snprintf(name, sizeof(name), "%s", r->as);
	else
		snprintf(name, sizeof(name), "recording:%.200s", r->selector);
	memcpy(p->name, name, sizeof(name));
}

/* Nobody takes it any more: it is a file at least. */
static void save_aside(struct precorder *t, struct pprofile *p, const struct precord *r)
{
	struct precord plain = *r;
	int e = -ENOTDIR;

	*plain.as = 0;
	name_it(p, &plain, false);
	if (t->x->keep.store.dir >= 0)
		e = pstore_save(&t->x->keep.store, p, r->begun_s);
	weir_logf(t->x->setup, WEIR_LOG_WARNING, "recording %u ends early: %s %s", r->id, p->name,
		  e ? strerror(-e) : "is written");
	pprofile_free(p);
}

static void finish(struct precorder *t, struct pprofile *p, const struct precord *r,
		   const struct weir_command *cmd)
{
	bool merge = r->merge && r->n_workloads == 1;
	struct pcommand c = { .x = t->x, .desk = t->desk, .cmd = cmd };
	char name[PPROFILE_NAME];

	name_it(p, r, merge);
	memcpy(name, p->name, sizeof(name));
	if (r->merge && !merge)
		weir_logf(t->x->setup, WEIR_LOG_WARNING, "recording %u met %s: it is not merged",
			  r->id, r->n_workloads ? "several workloads" : "no workload");
	c.args = json_object_new_object();
	c.result = json_object_new_object();
	json_object_object_add(c.args, merge ? "merge" : "replace", json_object_new_boolean(true));
	if (pcommand_import(&c, p))
		weir_logf(t->x->setup, WEIR_LOG_ERROR, "recording %u: %s", r->id, c.why);
	else
		weir_logf(t->x->setup, WEIR_LOG_INFO, "recording %u is %s %s", r->id,
			  merge ? "part of" : "now", name);
	json_object_put(c.args);
	json_object_put(c.result);
}

static void *precorder_main(void *arg)
{
	struct precorder *t = arg;
	struct weir_command cmd = { .size = sizeof(cmd), .ctx = t, .gone = is_gone,
		.deadline_ns = UINT64_MAX };
	struct order q = { .o.run = run_take, .id = t->id };

	wait_for_end(t, &cmd);
	pdesk_do(t->desk, &q.o, &cmd, t->x, true);
	if (q.p)
		pprofile_drop_all(q.p);
	if (q.p && is_gone(t))
		save_aside(t, q.p, &q.r);
	else if (q.p)
		finish(t, q.p, &q.r, &cmd);
	pthread_mutex_lock(&t->all->lock);
	t->ended = true;
	pthread_mutex_unlock(&t->all->lock);
	return NULL;
}

/* Those that have ended are joined. */
static void reap(struct precorders *all, bool wait)
{
	struct precorder **at, *t;

	pthread_mutex_lock(&all->lock);
	for (at = &all->list; (t = *at);) {
		if (!t->ended && !wait) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		pthread_mutex_unlock(&all->lock);
		pthread_join(t->thread, NULL);
		pdesk_unref(t->desk);
		free(t);
		pthread_mutex_lock(&all->lock);
		at = &all->list;
	}
	pthread_mutex_unlock(&all->lock);
}

/* ---- commands -----------------------------------------------------------------------*/

static int take_types(struct pcommand *c, struct precord *r)
{
	const char *at = pcommand_text(c, "types");
	char word[32];
	size_t n;

	r->types = at ? 0 : (1u << PTYPE__MAX) - 1;
	for (; at && *at; at += n + (at[n] == ',')) {
		n = strcspn(at, ",");
		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		if (pitem_type_of(word) == PTYPE__MAX)
			return pcommand_fail(c, "there is no type \"%s\"", word);
		r->types |= 1u << pitem_type_of(word);
	}
	return 0;
}

static int take_wish(struct pcommand *c, struct precord *r)
{
	const char *selector = pcommand_text(c, "selector"), *as = pcommand_text(c, "as");
	struct json_object *v;
	int64_t for_s = FOR_S;

	if (json_object_object_get_ex(c->args, "for_s", &v))
		for_s = json_object_get_int64(v);
	if (!selector || !*selector || strlen(selector) > 200 ||
	    (as && strlen(as) >= PPROFILE_NAME))
		return pcommand_fail(c, "record what? the selector or the name is missing, or too long");
	if (for_s < 1 || for_s > FOR_MAX_S)
		return pcommand_fail(c, "for 1 s to 30 days");
	snprintf(r->selector, sizeof(r->selector), "%s", selector);
	snprintf(r->as, sizeof(r->as), "%s", as ? as : "");
	r->merge = pcommand_flag(c, "merge");
	r->until_s = (uint32_t)for_s;
	if (r->merge && as)
		return pcommand_fail(c, "a name, or merge, not both");
	return take_types(c, r);
}

/* It would have no place at its end. */
static int check_name(struct pcommand *c, const struct precord *r)
{
	bool there;

	if (!*r->as)
		return 0;
	if (pcommand_lend(c, r->as))
		return -1;
	there = c->p;
	pcommand_back(c);
	return there ? pcommand_fail(c, "%s is there already", r->as) : 0;
}

static int start(struct pcommand *c, uint32_t id)
{
	struct precorders *all = c->x->recorders;
	struct precorder *t = calloc(1, sizeof(*t));
	sigset_t every, old;
	int r = -1;

	if (!t)
		return -1;
	*t = (struct precorder){ .all = all, .x = c->x, .desk = pdesk_ref(c->desk), .id = id };
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &old);
	pthread_mutex_lock(&all->lock);
	if (!all->closing)
		r = pthread_create(&t->thread, NULL, precorder_main, t);
	if (!r) {
		t->next = all->list;
		all->list = t;
	}
	pthread_mutex_unlock(&all->lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!r)
		return 0;
	pdesk_unref(t->desk);
	free(t);
	return -1;
}

int precorder_record(struct pcommand *c)
{
	struct order q = { .o.run = run_begin };
	int r = take_wish(c, &q.r);

	reap(c->x->recorders, false);
	if (!r)
		r = check_name(c, &q.r);
	if (!r)
		r = pcommand_order(c, &q.o, false);
	if (r)
		return r;
	if (!q.id)
		return pcommand_fail(c, "there are %u recordings already, or there is no memory",
				     PRECORD_MAX);
	pcommand_count(c, "id", q.id);
	if (!start(c, q.id))
		return 0;
	q.o.run = run_take;
	pcommand_order(c, &q.o, true);
	pprofile_free(q.p);
	return pcommand_fail(c, "cannot start a thread");
}

static struct json_object *shed_json(const struct precord *r)
{
	struct json_object *list = json_object_new_array(), *o;
	uint32_t i;

	for (i = 0; i < r->n_shed; i++) {
		o = json_object_new_object();
		json_object_object_add(o, "type", json_object_new_string(
			pitem_type_name(r->shed[i].type)));
		json_object_object_add(o, "time", json_object_new_int64(r->shed[i].at_s));
		json_object_object_add(o, "permille", json_object_new_int64(r->shed[i].permille));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *types_json(uint32_t types)
{
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < PTYPE__MAX; i++)
		if (types >> i & 1)
			json_object_array_add(list, json_object_new_string(pitem_type_name(i)));
	return list;
}

static struct json_object *row_json(const struct precord *r, uint32_t now_s)
{
	struct json_object *o = json_object_new_object();
	int64_t left = r->over ? 0 : (int64_t)r->until_s - now_s;

	json_object_object_add(o, "id", json_object_new_int64(r->id));
	json_object_object_add(o, "selector", json_object_new_string(r->selector));
	json_object_object_add(o, "workload", json_object_new_string(
		r->n_workloads > 1 ? "several" : r->workload));
	json_object_object_add(o, "begun", json_object_new_int64(r->begun_s));
	json_object_object_add(o, "left_s", json_object_new_int64(left > 0 ? left : 0));
	json_object_object_add(o, "events", json_object_new_int64((int64_t)r->n_events));
	json_object_object_add(o, "types", types_json(r->types));
	json_object_object_add(o, "shed", shed_json(r));
	return o;
}

int precorder_list(struct pcommand *c)
{
	struct json_object *list = json_object_new_array();
	struct order q = { .o.run = run_list };
	int r = pcommand_order(c, &q.o, false);
	uint32_t i, now_s = __atomic_load_n(&c->x->now_s, __ATOMIC_RELAXED);

	for (i = 0; i < PRECORD_MAX; i++)
		if (q.rows[i].id)
			json_object_array_add(list, row_json(&q.rows[i], now_s));
	json_object_object_add(c->result, "recordings", list);
	return r;
}

int precorder_stop(struct pcommand *c)
{
	struct order q = { .o.run = run_stop };
	struct json_object *v;

	if (json_object_object_get_ex(c->args, "id", &v))
		q.id = (uint32_t)json_object_get_int64(v);
	if (pcommand_order(c, &q.o, false))
		return -1;
	pcommand_count(c, "id", q.id);
	return q.there ? 0 : pcommand_fail(c, "there is no recording %u", q.id);
}

/* ---- life ---------------------------------------------------------------------------*/

struct precorders *precorders_new(void)
{
	struct precorders *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->news, NULL);
	return all;
}

struct precorders *precorders_free(struct precorders *all)
{
	if (!all)
		return NULL;
	pthread_mutex_lock(&all->lock);
	__atomic_store_n(&all->closing, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&all->news);
	pthread_mutex_unlock(&all->lock);
	reap(all, true);
	pthread_cond_destroy(&all->news);
	pthread_mutex_destroy(&all->lock);
	free(all);
	return NULL;
}
