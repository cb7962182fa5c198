/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the reports: names, kinds, units; and when there are none. */
#include <json-c/json.h>

#include "daemon_state.h"
#include "statrows.h"
#include "tap.h"
#include "util/macros.h"

static char rows[2048];

static void on_row(void *arg, const struct weir_stat *row)
{
	static const char kinds[] = { '?', 'c', 'g', 't' };
	size_t n = strlen(rows);

	MUST(row->size == sizeof(*row) && row->kind <= WEIR_STAT_TEXT);
	++*(unsigned *)arg;
	if (row->kind == WEIR_STAT_TEXT)
		snprintf(rows + n, sizeof(rows) - n, "%s %c %s\n", row->name, kinds[row->kind],
			 row->text);
	else
		snprintf(rows + n, sizeof(rows) - n, "%s %c %llu%s%s\n", row->name,
			 kinds[row->kind], (unsigned long long)row->value,
			 *row->unit ? " " : "", row->unit);
}

static const struct {
	const char *json, *want, *what;
} cases[] = {
	{ "{}", "", "nothing" },
	{ "{'version':'1.0','uptime_s':7}", "version t 1.0\nuptime_s g 7 s\n", "text and gauge" },
	{ "{'events':{'received':18446744073709551615,'by_type':{'exec':2}}}",
	  "events.received c 18446744073709551615\nevents.by_type.exec c 2\n",
	  "objects in objects, the largest number" },
	{ "{'lost':{'ring_full':{'create':3}}}", "lost.ring_full.create c 3\n", "three deep" },
	{ "{'chains':[{'name':'sync','in':4,'stages':[{'name':'json','bytes':5,'ns_mean':6,"
	  "'counters':[{'name':'n','value':7,'unit':'files'}]}]}]}",
	  "chains.sync.name t sync\nchains.sync.in c 4\nchains.sync.stages.json.name t json\n"
	  "chains.sync.stages.json.bytes c 5 bytes\nchains.sync.stages.json.ns_mean g 6 ns\n"
	  "chains.sync.stages.json.counters.n c 7 files\n", "chains with stages and counters" },
	{ "{'warnings':['one','two'],'pool':{'bytes':1,'kept':2}}",
	  "warnings.0 t one\nwarnings.1 t two\npool.bytes g 1 bytes\npool.kept g 2 bytes\n",
	  "lists of texts, gauges by their whole name" },
	{ "{'a':null,'b':1.5,'c':true}", "c c 1\n", "what is neither number nor text is none" },
};

static void test_walk(void)
{
	struct json_object *o;
	char text[512];
	unsigned n;
	size_t i;
	char *c;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), "%s", cases[i].json);
		for (c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		o = json_tokener_parse(text);
		MUST(o);
		rows[0] = 0;
		n = 0;
		statrows_walk("", o, on_row, &n);
		is_str(rows, cases[i].want, "%s", cases[i].what);
		json_object_put(o);
	}
}

static void test_lock(void)
{
	struct daemon *dm = calloc(1, sizeof(*dm));
	unsigned n = 0;

	MUST(dm);
	pthread_mutex_init(&dm->lock, NULL);
	is_int(statrows_report(dm, on_row, &n), -1, "no configuration is in force: not now");
	pthread_mutex_lock(&dm->lock);
	is_int(statrows_report(dm, on_row, &n), -1, "the lock is held: not now, and no waiting");
	pthread_mutex_unlock(&dm->lock);
	is_int(pthread_mutex_trylock(&dm->lock), 0, "the lock is free afterwards");
	pthread_mutex_unlock(&dm->lock);
	is_int(n, 0, "no row came");
	pthread_mutex_destroy(&dm->lock);
	free(dm);
}

int main(void)
{
	test_walk();
	test_lock();
	return done_testing();
}
