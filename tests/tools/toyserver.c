/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: toyserver SOCKET good|bad|stuck
 * The daemon's control socket without the daemon: canned answers, for the test
 * of weirctl. Says "ready" and serves until standard input ends.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/args.h"
#include "control/control.h"
#include "util/macros.h"

static const char *mode;
static struct control_call *stuck;

#define STATUS "{'version':'9.8.7','pid':4711,'uptime_s':7384," \
	"'host':{'id':'5f1c0a9e','name':'web1','boot':'25336c65'},'source':'bpf'," \
	"'config':{'file':'/etc/weir/weir.conf','digest':'ab12','generation':3," \
	"'loaded':'2026-11-20T16:34:07Z'},'reload':{'running':false,'done':2,'failed':1}," \
	"'events':{'received':1234,'made':5,'refused':0,'filtered':6,'passed':1233," \
	"'kernel_filtered':7,'lost':{'ring_full':3,'sink_full':4}}," \
	"'rss_bytes':13002342,'warnings':['no \\u001b[31mBTF\\u009b\\u007f']}"
#define STATS "{'chains':[{'name':'sync','kind':'sync','in':100,'filtered':1,'passed':99," \
	"'dropped':{},'queued':0,'stages':[{'name':'process','plugin':'process'," \
	"'kind':'enricher','calls':100,'failed':0,'filtered':1,'dropped':0," \
	"'bytes':12345678,'ns_mean':850,'ns_p99':12345,'bypassed':0,'counters':[" \
	"{'name':'misses','value':17,'unit':'lookups','doc':'Not in the table.'}]}," \
	"{'name':'out','plugin':'stdout','kind':'sink','calls':99,'delivered':99,'queued':0," \
	"'bytes':999,'ns_mean':1500000}]}," \
	"{'name':'slow','kind':'async','in':7,'dropped':{'queue_full':2}}]}"
#define PLUGINS "{'plugins':[{'name':'json','version':'1.0.0','kind':'serializer'," \
	"'licence':'Apache-2.0','summary':'Events as JSON.','path':'/usr/lib/weir/json.so'," \
	"'build_id':'00ff','abi':'1.1','instances':['sync/json','slow/json']}," \
	"{'name':'evil','version':'2','kind':'enricher','abi':'1.1','instances':[]," \
	"'quarantined':'crashed twice'}],'dirs':['/usr/lib/weir','/opt/weir']}"
#define CHAINS "{'chains':[{'name':'sync','kind':'sync','workers':2,'queue':4096," \
	"'overflow':'drop','deadline_ms':250,'filter':'uid == 0','stages':[" \
	"{'name':'process','plugin':'process','version':'1.0.0','state':'running'," \
	"'budget_ns':20000,'isolation':'process'}," \
	"{'name':'json','plugin':'json','state':'bypassed','events':['exec','exit']}]}]}"
#define RELOAD "{'ok':true,'generation':4,'digest':'cd34','trigger':'weirctl'," \
	"'duration_ms':12,'pause_us':35,'instances':[{'chain':'sync','name':'json'," \
	"'plugin':'json','version':'1.0.0','result':'kept'},{'chain':'sync','name':'new'," \
	"'plugin':'example','version':'0.1','result':'added','note':'reads /x'}]," \
	"'draining':[{'chain':'sync','name':'old','blocker':'3 events in flight'}]," \
	"'diagnostics':[{'severity':'warning','file':'/etc/weir/weir.conf','line':9," \
	"'text':'deprecated'}]}"
#define DIAGNOSTICS "[{'severity':'error','file':'/etc/weir/weir.conf','line':3," \
	"'text':'unknown setting \\\"x\\\"'},{'severity':'error','file':'/etc/weir/conf.d/a.conf'," \
	"'text':'cannot be read'},{'severity':'warning','text':'and more'}]"
#define EXPLAIN "{'matches':[{'name':'sensor.ring_size','kind':'option','type':'size'," \
	"'default':'16M','range':'64K..1G','doc':'Bytes of a ring.','where':'weir.conf(5)'}," \
	"{'name':'exec','kind':'event','doc':'A process replaced its image.'}]}"

/* The texts above have ' for ", so that they can be read. */
static struct json_object *canned(const char *text)
{
	char *s = strdup(text), *p;
	struct json_object *o;

	AN(s);
	for (p = s; (p = strchr(p, '\'')); )
		*p = '"';
	o = json_tokener_parse(s);
	AN(o);
	free(s);
	return o;
}

static bool is_bad(void)
{
	return !strcmp(mode, "bad");
}

static int on_status(void *ctx, struct control_call *call, struct json_object *args)
{
	/* Answered when nobody waits any more. */
	if (!strcmp(mode, "stuck") && !stuck)
		stuck = call;
	else
		control_ok(call, canned(STATUS));
	return 0;
}

static int on_stats(void *ctx, struct control_call *call, struct json_object *args)
{
	control_ok(call, canned(STATS));
	return 0;
}

static int on_plugins(void *ctx, struct control_call *call, struct json_object *args)
{
	control_ok(call, is_bad() ? canned("{'plugins':[]}") : canned(PLUGINS));
	return 0;
}

static int on_chains(void *ctx, struct control_call *call, struct json_object *args)
{
	control_ok(call, canned(CHAINS));
	return 0;
}

static int on_reload(void *ctx, struct control_call *call, struct json_object *args)
{
	if (is_bad())
		control_fail(call, "the configuration has errors", canned(DIAGNOSTICS),
			     canned("{'ok':false,'generation':3}"));
	else
		control_ok(call, canned(RELOAD));
	return 0;
}

static int on_explain(void *ctx, struct control_call *call, struct json_object *args)
{
	const char *name = "";
	char why[128];

	control_arg_string(args, "name", &name, why, sizeof(why));
	control_ok(call, strcmp(name, "ring_size") ? canned("{'matches':[]}") : canned(EXPLAIN));
	return 0;
}

static int on_release(void *ctx, struct control_call *call, struct json_object *args)
{
	const char *name = "";
	char why[128];

	control_arg_string(args, "name", &name, why, sizeof(why));
	if (!strcmp(name, "nobody"))
		control_fail(call, "no plugin is named \"nobody\"", NULL, NULL);
	else
		control_ok(call, canned(strcmp(name, "evil") ? "{'released':0}"
							     : "{'released':2}"));
	return 0;
}

/* An event with the arguments, one that is dropped because of its size, a third. */
static int on_tail(void *ctx, struct control_call *call, struct json_object *args)
{
	static const char last[] = "{\"type\":\"exit\",\"name\":\"\xc2\x9b\x7f\"}";
	static char big[CONTROL_OUT_MAX];
	struct control_stream_conf conf = { .closed = NULL };
	struct control_stream *s;
	char text[4096];

	snprintf(text, sizeof(text), "{\"type\":\"exec\",\"u64\":18446744073709551615,\"args\":%s}\n",
		 json_object_to_json_string_ext(args, JSON_C_TO_STRING_PLAIN |
						JSON_C_TO_STRING_NOSLASHESCAPE));
	if (is_bad()) {
		control_fail(call, "field \"x\": there is no such field", NULL, NULL);
		return 0;
	}
	s = control_stream_begin(call, &conf);
	if (!s)
		return 0;
	memset(big, ' ', sizeof(big));
	control_stream_event(s, text, strlen(text));
	control_stream_event(s, big, sizeof(big));
	control_stream_event(s, last, sizeof(last) - 1);
	return 0;
}

static const struct control_command commands[] = {
	{ "status", "", on_status }, { "stats", "", on_stats },
	{ "plugins", "", on_plugins }, { "chains", "", on_chains },
	{ "reload", "", on_reload }, { "check", "", on_reload },
	{ "explain", "", on_explain }, { "release", "", on_release },
	{ "tail", "", on_tail },
};

int main(int argc, char **argv)
{
	struct control_conf conf = {
		.commands = commands, .n_commands = ARRAY_LEN(commands),
	};
	struct control *ctl;
	char why[256], c;

	if (argc != 3) {
		fprintf(stderr, "usage: toyserver SOCKET good|bad|stuck\n");
		return 2;
	}
	conf.path = argv[1];
	mode = argv[2];
	if (control_new(&conf, why, sizeof(why), &ctl)) {
		fprintf(stderr, "toyserver: %s\n", why);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	control_free(ctl);
	if (stuck)
		control_ok(stuck, NULL);
	return 0;
}
