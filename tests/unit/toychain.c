/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the making of chains for tests, and the folder of their plugins. */
#include "toychain.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chain/async.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "mkrec.h"
#include "plugin/loader.h"
#include "retire.h"
#include "util/macros.h"

static char top[PATH_MAX];

static const char *const names[] = {
	"toyamend", "toyclash", "toycode", "toyemit", "toyfuture", "toylate", "toyneed",
	"toyplain", "toyrich", "toyrival", "toysink", "toyslow",
};

/* Of one test alone; the others do without. */
static const char *const more_names[] = { "iso_mark", "iso_sink" };

static bool copy(const char *name)
{
	const char *build = getenv("WEIR_BUILD");
	char from[PATH_MAX], to[PATH_MAX + 64], buf[4096];
	FILE *in, *out;
	size_t n;

	snprintf(from, sizeof(from), "%.3000s/tests/unit/plugins/.libs/%s.so",
		 build ? build : ".", name);
	snprintf(to, sizeof(to), "%s/%s.so", top, name);
	in = fopen(from, "re");
	if (!in)
		return false;
	out = fopen(to, "we");
	MUST(out);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		MUST(fwrite(buf, 1, n, out) == n);
	fclose(in);
	return fclose(out) == 0 && chmod(to, 0755) == 0;
}

bool toychain_setup(void)
{
	const char *tmp = getenv("TMPDIR");
	char where[PATH_MAX];
	size_t i;

	snprintf(where, sizeof(where), "%.3000s/weir-toys-XXXXXX", tmp ? tmp : "/tmp");
	MUST(mkdtemp(where) && realpath(where, top) && chmod(top, 0755) == 0);
	for (i = 0; i < ARRAY_LEN(names); i++)
		if (!copy(names[i]))
			return false;
	for (i = 0; i < ARRAY_LEN(more_names); i++)
		copy(more_names[i]);
	return true;
}

void toychain_teardown(void)
{
	char path[PATH_MAX + 64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s.so", top, names[i]);
		unlink(path);
	}
	for (i = 0; i < ARRAY_LEN(more_names); i++) {
		snprintf(path, sizeof(path), "%s/%s.so", top, more_names[i]);
		unlink(path);
	}
	rmdir(top);
}

/* The caller frees it. */
static char *expand(struct toychain *t, const char *text)
{
	size_t room = strlen(text) * 24 + 1, n = 0;
	char *out = malloc(room);

	MUST(out);
	for (; *text; text++) {
		if (*text == '@' && text[1] >= '0' && text[1] <= '9')
			n += (size_t)snprintf(out + n, room - n, "0x%llxL",
				(unsigned long long)(uintptr_t)&t->toys[*++text - '0']);
		else
			out[n++] = *text;
	}
	out[n] = 0;
	return out;
}

static void errors_take(struct toychain *t, struct diag *d)
{
	size_t i, n = 0;

	t->errors[0] = 0;
	for (i = 0; i < d->n && n + 2 < sizeof(t->errors); i++) {
		diag_format(&d->items[i], t->errors + n, sizeof(t->errors) - n - 2);
		n += strlen(t->errors + n);
		t->errors[n++] = '\n';
		t->errors[n] = 0;
	}
	diag_fini(d);
}

/* ---- plans ------------------------------------------------------------------------*/

void toychain_begin(struct toychain *t)
{
	t->host = (struct weir_host_id){ "0123456789abcdef", "toys", "boot" };
	MUST(services_init(&t->services, &t->host) == 0);
	t->loader = loader_new(instance_reserved);
	MUST(t->loader);
	t->stuck = NULL;
	t->n_stuck = 0;
}

void toychain_end(struct toychain *t)
{
	t->loader = loader_free(t->loader);
	services_fini(&t->services);
}

int toyplan_build(struct toychain *t, struct toyplan *p, const char *main,
		  const char *dropin, const struct toyplan *running)
{
	const char *const dirs[] = { top };
	char *texts[2] = { expand(t, main), dropin ? expand(t, dropin) : NULL };
	struct conf_bytes bytes[2] = {
		{ "weir.conf", texts[0], strlen(texts[0]) },
		{ "conf.d/10.conf", texts[1], texts[1] ? strlen(texts[1]) : 0 },
	};
	struct plan_conf pc = {
		.dirs = dirs, .n_dirs = 1, .loader = t->loader, .services = &t->services,
		.running = running ? running->plan : NULL, .stuck = t->stuck,
		.n_stuck = t->n_stuck,
	};
	struct diag d = { 0 };
	int r;

	*p = (struct toyplan){ 0 };
	r = conf_load_bytes(bytes, dropin ? 2 : 1, &d, &p->conf);
	if (!r) {
		pc.sync = conf_lookup(p->conf, "sync");
		pc.async = conf_lookup(p->conf, "async");
		r = plan_build(&pc, &d, &p->plan);
	}
	errors_take(t, &d);
	free(texts[0]);
	free(texts[1]);
	if (r)
		p->conf = conf_free(p->conf);
	return r;
}

int toyplan_open(struct toychain *t, struct toyplan *p)
{
	size_t n = plan_new_instances(p->plan, NULL);
	struct instance **list = calloc(n + 1, sizeof(*list)), *failed = NULL;
	struct opening *opening = NULL;
	int r;

	MUST(list && plan_new_instances(p->plan, list) == n);
	/* For ever, of whatever clock the test has made. */
	r = opening_run(list, n, INT64_MAX / 4, &failed, &opening);
	MUST(!opening);
	if (r)
		snprintf(t->errors, sizeof(t->errors), "%s:%d: %s: plugin %s could not start\n",
			 failed->file, failed->line, failed->name, failed->def->name);
	else
		plan_ready(p->plan);
	return r;
}

int toyplan_start(struct toyplan *p)
{
	const struct plan_async *pa;
	int r = 0;

	for (pa = p->plan->asyncs; !r && pa < p->plan->asyncs + p->plan->n_asyncs; pa++)
		if (!pa->taken)
			r = async_start(pa->async, pa->line, NULL);
	return r;
}

static bool has_async(const struct toyplan *p, const struct async *a)
{
	size_t i;

	for (i = 0; p && i < p->plan->n_asyncs; i++)
		if (p->plan->asyncs[i].async == a)
			return true;
	return false;
}

/* Behind close(), as the daemon does it: a plugin's thread may still be in done(). */
void toyplan_free(struct toyplan *p, const struct toyplan *next)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct instance **list;
	struct async **ends;
	size_t i, n, n_ends = 0;

	if (!p->plan)
		return;
	list = calloc(plan_n_stages(p->plan) + 1, sizeof(*list));
	ends = calloc(p->plan->n_asyncs + 1, sizeof(*ends));
	MUST(list && ends);
	for (i = 0; i < p->plan->n_asyncs; i++) {
		if (has_async(next, p->plan->asyncs[i].async))
			continue;
		ends[n_ends++] = p->plan->asyncs[i].async;
		async_retire(ends[n_ends - 1]);
	}
	for (i = 0; i < n_ends; i++)
		while (!async_ended(ends[i]))
			nanosleep(&pause, NULL);
	n = plan_free(p->plan, list, plan_n_stages(p->plan));
	for (i = 0; i < n; i++)
		instance_close(list[i]);
	for (i = 0; i < n_ends; i++)
		async_free(ends[i]);
	for (i = 0; i < n; i++)
		instance_free(list[i]);
	free(list);
	free(ends);
	p->plan = NULL;
	p->conf = conf_free(p->conf);
}

void toyplan_drop(struct toyplan *p)
{
	if (p->plan)
		plan_drop(p->plan);
	p->plan = NULL;
	p->conf = conf_free(p->conf);
}

struct async *toyplan_async(const struct toyplan *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->plan->n_asyncs; i++)
		if (!strcmp(async_settings(p->plan->asyncs[i].async)->name, name))
			return p->plan->asyncs[i].async;
	WRONG("no such async chain");
}

/* ---- one plan -----------------------------------------------------------------------*/

int toychain_make(struct toychain *t, const char *main, const char *dropin)
{
	int r;

	toychain_begin(t);
	t->chain = NULL;
	r = toyplan_build(t, &t->one, main, dropin, NULL);
	if (r)
		return r;
	r = toyplan_open(t, &t->one);
	if (!r)
		r = toyplan_start(&t->one);
	if (r)
		toyplan_drop(&t->one);
	else
		t->chain = t->one.plan->chain;
	return r;
}

void toychain_fini(struct toychain *t)
{
	toyplan_free(&t->one, NULL);
	t->chain = NULL;
	toychain_end(t);
}

/* ---- events and accounts ----------------------------------------------------------*/

int toychain_run(struct toychain *t, unsigned type, uint64_t n)
{
	static struct mkrec rec;

	mkrec_init(&rec, type);
	mkrec_number(&rec, n);
	return chain_run(t->chain, rec.rec, mkrec_end(&rec), 0);
}

struct chain_stage_info toychain_stage(const struct toychain *t, const char *name)
{
	size_t i;

	for (i = 0; i < chain_n_stages(t->chain); i++)
		if (!strcmp(chain_stage(t->chain, i).name, name))
			return chain_stage(t->chain, i);
	WRONG("no such stage");
}

struct instance_stats toychain_stats(const struct toychain *t, const char *name)
{
	return toychain_stage(t, name).in->stats;
}

uint64_t toychain_lost(const struct toychain *t, unsigned class, unsigned type,
		       unsigned reason)
{
	return stat_get(&t->services.losses.n[class][type][reason]);
}

uint64_t toychain_lost_all(const struct toychain *t, unsigned reason)
{
	unsigned class, type;
	uint64_t n = 0;

	for (class = 0; class < WEIR_CLASS_MAX; class++)
		for (type = 0; type < WEIR_EV_MAX; type++)
			n += toychain_lost(t, class, type, reason);
	return n;
}

uint64_t toychain_number(const struct weir_item *it)
{
	struct weir_base base;

	memcpy(&base, it->p, sizeof(base));
	return base.seq;
}
