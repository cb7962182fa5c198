/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans of one configuration after the other: what is refused, and why; what
 * the next one takes over, what begins anew, what goes.
 */
#include <errno.h>
#include <sys/stat.h>

#include "chain/async.h"
#include "schema/schema.h"
#include "tap.h"
#include "toychain.h"
#include "util/log.h"
#include "util/macros.h"

static struct toychain t;

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

#define RICH	"{ plugin = \"toyrich\"; ctl = @0; }"
#define PLAIN	"{ plugin = \"toyplain\"; ctl = @1; }"
#define CODE	"{ plugin = \"toycode\"; ctl = @2; }"
#define SINK	"{ plugin = \"toysink\"; ctl = @3; }"
#define LATE	"{ plugin = \"toylate\"; ctl = @4; }"
#define SLOW	"{ plugin = \"toyslow\"; ctl = @5; }"
#define EMIT	"{ plugin = \"toyemit\"; ctl = @6; }"
#define ASYNC(...) "async = {\n" __VA_ARGS__ "\n};\n"
#define BASE	SYNC(RICH ",\n" PLAIN ",\n" CODE ",\n" SINK)

/* ---- what is refused ----------------------------------------------------------------*/

static const struct {
	const char *about, *text, *want;	/* NULL: taken */
} wrong[] = {
	{ "a serializer in an async chain", BASE ASYNC("a = { stages = (\n" LATE ",\n{ plugin = \"toycode\"; ctl = @7; } ); };"),
	  "weir.conf:10: toycode: plugin toycode is a serializer: async chains have enrichers only, "
	  "what they find leaves through the sync chain\n" },
	{ "a sink in an async chain", BASE ASYNC("a = { stages = ( { plugin = \"toysink\"; ctl = @7; } ); };"),
	  "weir.conf:8: toysink: plugin toysink is a sink: async chains have enrichers only, "
	  "what they find leaves through the sync chain\n" },
	{ "a plugin that blocks in sync", SYNC(RICH ",\n" SLOW ",\n" CODE "," SINK),
	  "weir.conf:3: toyslow: plugin toyslow may block: it goes into a chain of async, not into sync\n" },
	{ "the same in an async chain", BASE ASYNC("a = { stages = ( " SLOW " ); };"), NULL },
	{ "event types that are taken", SYNC(RICH ",\n" CODE "," SINK)
	  ASYNC("a = { stages = (\n" EMIT ",\n{ plugin = \"toyrival\"; ctl = @7; } ); };"),
	  "weir.conf:8: toyrival: plugin toyrival makes events of type toy_alarm, which exists already\n"
	  "weir.conf:8: toyrival: plugin toyrival makes events of type exec, which exists already\n" },
	{ "by another chain", SYNC(EMIT ",\n" CODE "," SINK)
	  ASYNC("a = { stages = (\n{ plugin = \"toyrival\"; ctl = @7; } ); };"),
	  "weir.conf:7: toyrival: plugin toyrival makes events of type toy_alarm, which exists already\n"
	  "weir.conf:7: toyrival: plugin toyrival makes events of type exec, which exists already\n" },
	{ "two stages of a plugin that makes events",
	  SYNC(CODE "," SINK) ASYNC("a = { stages = ( " EMIT " ); };\nb = { stages = (\n"
	  "{ plugin = \"toyemit\"; ctl = @7; } ); };"),
	  "weir.conf:7: toyemit: produces field emit.n, which stage toyemit produces already\n"
	  "weir.conf:7: toyemit: produces field emit.text, which stage toyemit produces already\n" },
	{ "a field of another chain", BASE ASYNC("a = { stages = (\n" LATE " ); };\n"
	  "b = { stages = (\n{ plugin = \"toylate\"; name = \"two\"; ctl = @7; } ); };"),
	  "weir.conf:11: two: produces field late.n, which stage toylate produces already\n"
	  "weir.conf:11: two: produces field late.text, which stage toylate produces already\n" },
	{ "a field of the sync chain, before its serializer", SYNC(EMIT ",\n" CODE "," SINK)
	  ASYNC("a = { stages = (\n{ plugin = \"toyemit\"; name = \"two\"; ctl = @7; } ); };"),
	  "weir.conf:7: two: produces field emit.n, which stage toyemit produces already\n"
	  "weir.conf:7: two: produces field emit.text, which stage toyemit produces already\n" },
	{ "behind its serializer", SYNC(CODE "," SINK ",\n{ plugin = \"toyemit\"; name = \"two\"; ctl = @7; }")
	  ASYNC("a = { stages = ( " EMIT " ); };"),
	  "weir.conf:3: two: produces field emit.n, which stage toyemit produces already\n"
	  "weir.conf:3: two: produces field emit.text, which stage toyemit produces already\n" },
	{ "a field that comes as an amendment is not there for enrichers",
	  SYNC(RICH ",\n{ plugin = \"toyplain\"; ctl = @1;\nfilter = \"late.n = 1\"; }," CODE "," SINK)
	  ASYNC("a = { stages = ( " LATE " ); };"),
	  "weir.conf:4: toyplain: filter: there is no field \"late.n\" here\n" },
	{ "but for serializers and sinks",
	  SYNC("{ plugin = \"toycode\"; ctl = @2; filter = \"late.n = 1\"; }, { plugin = \"toysink\";"
	       " ctl = @3; filter = \"!late.text\"; }") ASYNC("a = { stages = ( " LATE " ); };"), NULL },
	{ "two stages of a name in a chain", BASE ASYNC("a = { stages = (\n" SLOW ",\n" SLOW " ); };"),
	  "weir.conf:10: a second stage \"toyslow\", the first is at weir.conf:9; give one a \"name\"\n" },
	{ "a name in two chains", SYNC("{ plugin = \"toyplain\"; name = \"x\"; ctl = @1; }," CODE "," SINK)
	  ASYNC("a = { stages = ( { plugin = \"toylate\"; name = \"x\"; ctl = @4; } ); };"
		"b = { stages = ( { plugin = \"toyslow\"; name = \"x\"; ctl = @5; } ); };"), NULL },
	{ "a chain named sync", BASE ASYNC("sync = { stages = ( " LATE " ); };"),
	  "weir.conf:8: async: \"sync\" is no name for a chain\n" },
	{ "a chain with a capital", BASE ASYNC("\nHash = { stages = ( " LATE " ); };"),
	  "weir.conf:9: async: \"Hash\" is no name for a chain\n" },
	{ "no stages", BASE ASYNC("a = { queue = 64; };"),
	  "weir.conf:8: async: a has no stages ( { plugin = \"NAME\"; }, ... )\n" },
	{ "an empty list", BASE ASYNC("a = { stages = ( ); };"),
	  "weir.conf:8: async: a has no stages ( { plugin = \"NAME\"; }, ... )\n" },
	{ "a list instead of a group", BASE ASYNC("a = ( " LATE " );"),
	  "weir.conf:8: \"a\" must be a group, not a list\n" },
	{ "a stage that is none", BASE ASYNC("a = { stages = ( " LATE ",\n7 ); };"),
	  "weir.conf:9: a stage must be a group such as { plugin = \"json\"; }, not a number\n" },
	{ "unknown settings", BASE ASYNC("a = {\nqueues = 64;\nstages = ( " LATE " ); };"),
	  "weir.conf:9: a: unknown option \"queues\" (did you mean \"queue\"?)\n" },
	{ "out of range", BASE ASYNC("a = {\nqueue = 15;\nworkers = 65;\noverflow = \"wait\";\n"
	  "deadline = \"0\";\nstages = ( " LATE " ); };"),
	  "weir.conf:9: a: option \"queue\" must be 16 to 1048576, not 15\n"
	  "weir.conf:10: a: option \"workers\" must be 1 to 64, not 65\n"
	  "weir.conf:11: a: option \"overflow\" must be one of drop_newest|drop_oldest|block, not \"wait\"\n"
	  "weir.conf:12: a: option \"deadline\" must be 1ms to 1h, not \"0\"\n" },
	{ "a filter of an unknown field", SYNC(RICH ",\n{ plugin = \"toyplain\"; ctl = @1;\n"
	  "filter = [ \"toy.mark = 1\",\n\"toy.marks = 1\" ]; }," CODE "," SINK),
	  "weir.conf:4: toyplain: filter: there is no field \"toy.marks\" here\n" },
	{ "a filter of a field that comes later", SYNC("{ plugin = \"toyplain\"; ctl = @1;\n"
	  "filter = \"toy.mark = 1\"; },\n" RICH "," CODE "," SINK),
	  "weir.conf:3: toyplain: filter: there is no field \"toy.mark\" here\n" },
	{ "a filter of an async chain", BASE ASYNC("a = {\nfilter = \"process.uid = root\";\nstages = ( " LATE " ); };"),
	  "weir.conf:9: a: filter: process.uid: \"root\" is no value of it\n" },
	{ "on what its own stages find", BASE ASYNC("a = {\nfilter = \"late.n = 1\";\nstages = ( " LATE " ); };"),
	  "weir.conf:9: a: filter: there is no field \"late.n\" here\n" },
	{ "a stage's filter on what the one before it finds",
	  BASE ASYNC("a = { stages = ( " SLOW ", { plugin = \"toylate\"; ctl = @4; filter = \"slow.mark = 1\"; } ); };"),
	  NULL },
	{ "a stage's filter of an async chain",
	  BASE ASYNC("a = { stages = (\n{ plugin = \"toylate\"; ctl = @4;\nfilter = 3; } ); };"),
	  "weir.conf:10: toylate: filter must be a term or an array of terms, not a number\n" },
	{ "an event type of a plugin that is not there",
	  SYNC("{ plugin = \"toyamend\"; ctl = @7; }," CODE "," SINK),
	  "weir.conf:2: toyamend: plugin toyamend asks for event type \"toy_alarm\", which does not exist\n" },
	{ "one of a chain behind it", SYNC("{ plugin = \"toyamend\"; ctl = @7; }," CODE "," SINK)
	  ASYNC("a = { stages = ( " EMIT " ); };"), NULL },
	{ "events by name", SYNC("{ plugin = \"toycode\"; ctl = @2; events = [ \"toy_alarm\", \"amendment\" ]; }," SINK)
	  ASYNC("a = { stages = ( " EMIT " ); };"), NULL },
	{ "a budget that is none", SYNC("{ plugin = \"toyplain\"; ctl = @1;\nbudget = \"fast\"; }," CODE "," SINK),
	  "weir.conf:3: toyplain: option \"budget\" must be a time such as \"250ms\", \"3s\" or \"5m\", not \"fast\"\n" },
	{ "all mistakes of both", SYNC(RICH ",\n" SLOW ",\n" CODE "," SINK)
	  ASYNC("a = {\nworkers = 0;\nstages = (\n{ plugin = \"toysink\"; ctl = @7; } ); };"),
	  "weir.conf:3: toyslow: plugin toyslow may block: it goes into a chain of async, not into sync\n"
	  "weir.conf:8: a: option \"workers\" must be 1 to 64, not 0\n"
	  "weir.conf:10: toysink: plugin toysink is a sink: async chains have enrichers only, "
	  "what they find leaves through the sync chain\n" },
};

static void test_wrong(void)
{
	struct toyplan p;
	size_t i;
	int r;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		memset(t.toys, 0, sizeof(t.toys));
		toychain_begin(&t);
		r = toyplan_build(&t, &p, wrong[i].text, NULL, NULL);
		ok((r < 0) == (wrong[i].want != NULL), "%s: %s", wrong[i].about,
		   wrong[i].want ? "refused" : "taken");
		is_str(t.errors, wrong[i].want ? wrong[i].want : "", "%s: why", wrong[i].about);
		toyplan_drop(&p);
		toychain_end(&t);
	}
}

/* ---- what is taken over ----------------------------------------------------------------*/

/* As "chain/name result ... | chain result ...". */
static const char *tell(const struct toyplan *p)
{
	static char text[1024];
	const struct plan_change *ch;
	const struct plan_async *pa;
	size_t n = 0;

	text[0] = 0;
	for (ch = p->plan->changes; ch < p->plan->changes + p->plan->n_changes; ch++) {
		const struct instance *in = ch->next ? ch->next : ch->running;

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s/%s %s", n ? " " : "",
				      in->chain, in->name, !ch->next ? "removed" :
				      !ch->running ? "added" : ch->next == ch->running ? "kept" :
				      instance_adopts(ch->next, ch->running) ? "adopts" : "cold");
	}
	for (pa = p->plan->asyncs; pa < p->plan->asyncs + p->plan->n_asyncs; pa++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " | %s %s",
				      async_settings(pa->async)->name,
				      pa->kept ? "kept" : pa->taken ? "taken" : "new");
	return text;
}

#define A_SETTINGS "queue = 64; workers = 2; deadline = \"5s\"; filter = \"process.uid = 0\";"
#define A_STAGES "stages = ( " SLOW ", " LATE " );"
#define ONE	BASE ASYNC("a = { " A_SETTINGS A_STAGES " };")
#define SYNC_KEPT "sync/toyrich kept sync/toyplain kept sync/toycode kept sync/toysink kept"
#define SYNC_ONLY(plain) SYNC(RICH "," plain "," CODE "," SINK) ASYNC("a = { " A_SETTINGS A_STAGES " };")
#define A_KEPT	" a/toyslow kept a/toylate kept"

static const struct {
	const char *about, *first, *next, *want;
} changes[] = {
	{ "nothing", ONE, ONE, SYNC_KEPT A_KEPT " | a kept" },
	{ "only its looks", ONE, SYNC_ONLY("\n\n{ ctl = @1; plugin = \"toyplain\"; }"),
	  SYNC_KEPT A_KEPT " | a kept" },
	{ "an option", ONE, SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; speed = 3; }"),
	  "sync/toyrich kept sync/toyplain cold sync/toycode kept sync/toysink kept" A_KEPT " | a kept" },
	{ "an option, 64K or 65536", SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; room = \"64K\"; }"),
	  SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; room = 65536; }"), SYNC_KEPT A_KEPT " | a kept" },
	{ "a text", SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; text = \"ab\"; }"),
	  SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; text = \"abc\"; }"),
	  "sync/toyrich kept sync/toyplain cold sync/toycode kept sync/toysink kept" A_KEPT " | a kept" },
	{ "words", SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; words = [ \"ab\", \"c\" ]; }"),
	  SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; words = [ \"a\", \"bc\" ]; }"),
	  "sync/toyrich kept sync/toyplain cold sync/toycode kept sync/toysink kept" A_KEPT " | a kept" },
	{ "words that stay", SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; words = [ \"a\", \"b\" ]; }"),
	  SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; words = ( \"a\", \"b\" ); }"),
	  SYNC_KEPT A_KEPT " | a kept" },
	{ "a budget", ONE, SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; budget = \"1ms\"; }"),
	  "sync/toyrich kept sync/toyplain cold sync/toycode kept sync/toysink kept" A_KEPT " | a kept" },
	{ "a filter", ONE, SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; filter = \"process.uid = 0\"; }"),
	  SYNC_KEPT A_KEPT " | a kept" },
	{ "events", ONE, SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; events = [ \"exec\" ]; }"),
	  SYNC_KEPT A_KEPT " | a kept" },
	{ "a name", ONE, SYNC_ONLY("{ plugin = \"toyplain\"; ctl = @1; name = \"p\"; }"),
	  "sync/toyrich kept sync/p added sync/toycode kept sync/toysink kept" A_KEPT
	  " sync/toyplain removed | a kept" },
	{ "another plugin of that name", ONE,
	  SYNC_ONLY("{ plugin = \"toyneed\"; name = \"toyplain\"; ctl = @1; }"),
	  "sync/toyrich kept sync/toyplain cold sync/toycode kept sync/toysink kept" A_KEPT " | a kept" },
	{ "a stage less", ONE, SYNC(RICH "," CODE "," SINK) ASYNC("a = { " A_SETTINGS A_STAGES " };"),
	  "sync/toyrich kept sync/toycode kept sync/toysink kept" A_KEPT
	  " sync/toyplain removed | a kept" },
	{ "a stage without fields before", ONE,
	  SYNC("{ plugin = \"toyplain\"; name = \"p\"; ctl = @7; }," RICH "," PLAIN "," CODE "," SINK)
	  ASYNC("a = { " A_SETTINGS A_STAGES " };"), "sync/p added " SYNC_KEPT A_KEPT " | a kept" },
	{ "one behind", ONE, SYNC(RICH "," PLAIN "," CODE "," SINK ", { plugin = \"toyplain\"; name = \"p\"; ctl = @7; }")
	  ASYNC("a = { " A_SETTINGS A_STAGES " };"), SYNC_KEPT " sync/p added" A_KEPT " | a kept" },
	{ "one whose fields stand before", SYNC(PLAIN "," CODE "," SINK) ASYNC("a = { " A_STAGES " };"),
	  SYNC(RICH "," PLAIN "," CODE "," SINK) ASYNC("a = { " A_STAGES " };"),
	  "sync/toyrich added sync/toyplain cold sync/toycode cold sync/toysink kept"
	  " a/toyslow cold a/toylate adopts | a taken" },
	{ "one whose fields stand behind", SYNC(PLAIN "," CODE "," SINK) ASYNC("a = { " A_STAGES " };"),
	  SYNC(PLAIN "," CODE "," SINK "," RICH) ASYNC("a = { " A_STAGES " };"),
	  "sync/toyplain kept sync/toycode kept sync/toysink kept sync/toyrich added" A_KEPT " | a kept" },
	{ "a stage with a state", SYNC(EMIT "," CODE "," SINK),
	  SYNC("{ plugin = \"toyemit\"; ctl = @6; speed = 2; }," CODE "," SINK),
	  "sync/toyemit adopts sync/toycode kept sync/toysink kept" },
	{ "a chain's filter", ONE, BASE ASYNC("a = { queue = 64; workers = 2; deadline = \"5s\";"
	  " filter = \"process.uid = 1\";" A_STAGES " };"), SYNC_KEPT A_KEPT " | a taken" },
	{ "a chain's filter in other words", ONE, BASE ASYNC("a = { queue = 64; workers = 2; deadline = \"5s\";\n"
	  "filter =   \"process.uid = 0\" ;" A_STAGES " };"), SYNC_KEPT A_KEPT " | a kept" },
	{ "a filter of its stage", ONE, BASE ASYNC("a = { " A_SETTINGS
	  "stages = ( { plugin = \"toyslow\"; ctl = @5; filter = \"process.uid = 0\"; }," LATE " ); };"),
	  SYNC_KEPT A_KEPT " | a taken" },
	{ "events of its stage", ONE, BASE ASYNC("a = { " A_SETTINGS
	  "stages = ( { plugin = \"toyslow\"; ctl = @5; events = [ \"exec\" ]; }," LATE " ); };"),
	  SYNC_KEPT A_KEPT " | a taken" },
	{ "a chain's queue", ONE, BASE ASYNC("a = { queue = 65; workers = 2; deadline = \"5s\";"
	  " filter = \"process.uid = 0\";" A_STAGES " };"), SYNC_KEPT A_KEPT " | a new" },
	{ "its workers", ONE, BASE ASYNC("a = { queue = 64; workers = 3; deadline = \"5s\";"
	  " filter = \"process.uid = 0\";" A_STAGES " };"), SYNC_KEPT A_KEPT " | a new" },
	{ "its policy", ONE, BASE ASYNC("a = { overflow = \"drop_oldest\";" A_SETTINGS A_STAGES " };"),
	  SYNC_KEPT A_KEPT " | a new" },
	{ "its deadline, 5s or 5000ms, and the defaults", ONE,
	  BASE ASYNC("a = { queue = 64; workers = 2; deadline = \"5000ms\"; overflow = \"drop_newest\";"
	  " block = \"100ms\"; filter = \"process.uid = 0\";" A_STAGES " };"),
	  SYNC_KEPT A_KEPT " | a kept" },
	{ "an option of its first stage", ONE, BASE ASYNC("a = { " A_SETTINGS
	  "stages = ( { plugin = \"toyslow\"; ctl = @5; speed = 2; }," LATE " ); };"),
	  SYNC_KEPT " a/toyslow cold a/toylate kept | a taken" },
	{ "of its last", ONE, BASE ASYNC("a = { " A_SETTINGS
	  "stages = ( " SLOW ", { plugin = \"toylate\"; ctl = @4; speed = 2; } ); };"),
	  SYNC_KEPT " a/toyslow kept a/toylate adopts | a taken" },
	{ "the order of its stages", ONE, BASE ASYNC("a = { " A_SETTINGS "stages = ( " LATE ", " SLOW " ); };"),
	  "sync/toyrich kept sync/toyplain kept sync/toycode cold sync/toysink kept"
	  " a/toylate adopts a/toyslow cold | a taken" },
	{ "a stage less in it", ONE, BASE ASYNC("a = { " A_SETTINGS "stages = ( " SLOW " ); };"),
	  "sync/toyrich kept sync/toyplain kept sync/toycode cold sync/toysink kept"
	  " a/toyslow kept a/toylate removed | a taken" },
	{ "its name", ONE, BASE ASYNC("b = { " A_SETTINGS A_STAGES " };"),
	  SYNC_KEPT " b/toyslow added b/toylate added a/toyslow removed a/toylate removed | b new" },
	{ "a chain more", BASE ASYNC("a = { stages = ( " SLOW " ); };"),
	  BASE ASYNC("a = { stages = ( " SLOW " ); }; b = { stages = ( " LATE " ); };"),
	  "sync/toyrich kept sync/toyplain kept sync/toycode cold sync/toysink kept"
	  " a/toyslow kept b/toylate added | a kept | b new" },
	{ "the first chain", BASE, ONE,
	  "sync/toyrich kept sync/toyplain kept sync/toycode cold sync/toysink kept"
	  " a/toyslow added a/toylate added | a new" },
	{ "no chain any more", ONE, BASE,
	  "sync/toyrich kept sync/toyplain kept sync/toycode cold sync/toysink kept"
	  " a/toyslow removed a/toylate removed" },
};

static unsigned n_open(void)
{
	unsigned i, n = 0;

	for (i = 0; i < TOYS; i++)
		n += t.toys[i].n_open;
	return n;
}

static unsigned n_close(void)
{
	unsigned i, n = 0;

	for (i = 0; i < TOYS; i++)
		n += t.toys[i].n_close;
	return n;
}

static unsigned count_new(const char *text)
{
	unsigned n = 0;

	for (; *text && *text != '|'; text++)
		n += !strncmp(text, " added", 6) || !strncmp(text, " cold", 5) ||
		     !strncmp(text, " adopts", 7);
	return n;
}

static void test_change(size_t i)
{
	struct toyplan one, two;
	unsigned before;

	memset(t.toys, 0, sizeof(t.toys));
	toychain_begin(&t);
	if (toyplan_build(&t, &one, changes[i].first, NULL, NULL))
		tap_diag("%s", t.errors);
	MUST(toyplan_open(&t, &one) == 0);
	before = n_open();
	is_int((long long)plan_n_stages(one.plan), before, "%s: all are opened", changes[i].about);
	is_int((long long)plan_new_instances(one.plan, NULL), 0, "%s: once", changes[i].about);

	/* First only asked, then done. */
	if (!is_int(toyplan_build(&t, &two, changes[i].next, NULL, &one), 0, "%s: builds", changes[i].about))
		tap_diag("%s", t.errors);
	is_str(tell(&two), changes[i].want, "%s: what becomes of it", changes[i].about);
	toyplan_drop(&two);
	is_int(n_close(), 0, "%s: dropped, nothing is closed", changes[i].about);

	MUST(toyplan_build(&t, &two, changes[i].next, NULL, &one) == 0);
	is_str(tell(&two), changes[i].want, "%s: the same again", changes[i].about);
	is_int(two.plan->generation, 2, "%s: the next generation", changes[i].about);
	MUST(toyplan_open(&t, &two) == 0);
	is_int(n_open() - before, count_new(changes[i].want), "%s: what is new is opened",
	       changes[i].about);
	toyplan_free(&one, &two);
	is_int(n_open() - n_close(), (long long)plan_n_stages(two.plan),
	       "%s: what is not in it any more is closed", changes[i].about);
	toyplan_free(&two, NULL);
	is_int(n_open(), n_close(), "%s: all are closed", changes[i].about);
	toychain_end(&t);
}

/* ---- what a plan knows of the running one -----------------------------------------------------*/

static void test_stuck(void)
{
	static const char *const stuck[] = { "a" };
	struct toyplan one, two;

	memset(t.toys, 0, sizeof(t.toys));
	toychain_begin(&t);
	MUST(toyplan_build(&t, &one, ONE, NULL, NULL) == 0 && toyplan_open(&t, &one) == 0);
	t.stuck = stuck;
	t.n_stuck = 1;
	is_int(toyplan_build(&t, &two, ONE, NULL, &one), 0, "a chain that is stuck: builds");
	is_str(tell(&two), SYNC_KEPT " a/toyslow cold a/toylate adopts | a new",
	       "nothing of it is taken over");
	toyplan_drop(&two);
	toyplan_free(&one, NULL);
	toychain_end(&t);
}

static int closes(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	(void)toy;
	(void)batch;
	(void)w;
	return WEIR_WRITE_CLOSED;
}

static void test_closed(void)
{
	struct toyplan two;

	memset(t.toys, 0, sizeof(t.toys));
	t.toys[3].write = closes;
	MUST(toychain_make(&t, SYNC(CODE "," SINK), NULL) == 0);
	toychain_run(&t, WEIR_EV_exec, 1);
	is_int(chain_flush(t.chain, true), -EPIPE, "the reader is gone");
	MUST(toyplan_build(&t, &two, SYNC(CODE "," SINK), NULL, &t.one) == 0);
	is_str(tell(&two), "sync/toycode kept sync/toysink cold", "a closed sink is opened anew");
	toyplan_drop(&two);
	toychain_fini(&t);
}

static int open_fails(struct toy *toy)
{
	(void)toy;
	return -1;
}

/* The next one cannot be opened: nothing happens to the running one. */
static void test_open_fails(void)
{
	struct toyplan one, two;

	memset(t.toys, 0, sizeof(t.toys));
	toychain_begin(&t);
	MUST(toyplan_build(&t, &one, ONE, NULL, NULL) == 0 && toyplan_open(&t, &one) == 0);
	MUST(toyplan_build(&t, &two, SYNC("{ plugin = \"toyrich\"; ctl = @0; speed = 2; }, "
		"{ plugin = \"toyplain\"; ctl = @7; }, " CODE "," SINK)
		ASYNC("a = { stages = ( " SLOW ", { plugin = \"toylate\"; ctl = @4; speed = 2; } ); };"),
		NULL, &one) == 0);
	t.toys[7].open = open_fails;
	ok(toyplan_open(&t, &two) < 0, "open of the next one fails");
	is_str(t.errors, "weir.conf:2: toyplain: plugin toyplain could not start\n", "it says which");
	is_int(t.toys[0].n_open, 2, "what stands before it is open");
	is_int(t.toys[4].n_open, 1, "what stands behind it is not");
	toyplan_drop(&two);
	is_int(t.toys[0].n_close, 1, "the new one is closed");
	is_int(n_close(), 1, "and nothing else");
	toyplan_free(&one, NULL);
	is_int(n_open(), n_close(), "all are closed at the end");
	toychain_end(&t);
}

/* Fields and types of both sides, in the order of the stages. */
static void test_fields(void)
{
	const struct weir_schema *s;
	struct toyplan p;
	char names[512] = "";
	uint32_t i;

	memset(t.toys, 0, sizeof(t.toys));
	toychain_begin(&t);
	MUST(toyplan_build(&t, &p, SYNC(CODE "," SINK "," RICH) ASYNC("a = { stages = ( " SLOW "," EMIT " ); };"
		"b = { stages = ( " LATE " ); };"), NULL, NULL) == 0);
	MUST(toyplan_open(&t, &p) == 0);
	s = chain_schema(p.plan->chain);
	for (i = 0; i < s->n_fields; i++)
		if (s->fields[i].producer)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s/%s",
				 s->fields[i].producer, s->fields[i].def.name);
	is_str(names, " toyslow/slow.mark toyemit/emit.n toyemit/emit.text toylate/late.n toylate/late.text"
	       " toyrich/toy.mark toyrich/toy.text", "all fields of the stream, in order");
	is_str(s->types[WEIR_EV_PLUGIN].name, "toy_alarm", "types of plugins");
	is_str(s->types[WEIR_EV_PLUGIN + 1].name, "toy_other", "both");
	/* toylate wants toy.mark (behind the serializer) and slow.mark (of another chain). */
	ok(!t.toys[4].setup->wants[0].slot,
	   "an async chain sees what stands before the first serializer");
	ok(!t.toys[4].setup->wants[1].slot, "and nothing of other chains");
	is_int(t.toys[5].setup->schema->n_fields, t.toys[4].setup->schema->n_fields,
	       "as its schema says");
	is_int(t.toys[2].setup->schema->n_fields, s->n_fields - 2, "the serializer sees all amendments");
	toyplan_free(&p, NULL);
	toychain_end(&t);
}

int main(void)
{
	size_t i;

	umask(022);
	log_set_sink(silent);
	if (!ok(toychain_setup(), "the plugins are there"))
		return done_testing();
	test_wrong();
	for (i = 0; i < ARRAY_LEN(changes); i++)
		test_change(i);
	test_stuck();
	test_closed();
	test_open_fails();
	test_fields();
	toychain_teardown();
	return done_testing();
}
