/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `journald`: options and callbacks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <weir/plugin.h>

#include "fields.h"
#include "plugins/sink/dgram.h"
#include "plugins/sink/outbox.h"
#include "plugins/sink/setting.h"

#define CLOSE_NS	3000000000u

enum { OPT_PATH, OPT_SEVERITY, OPT_IDENTIFIER, OPT_JSON, OPT_POLICY, OPT_BUFFER, OPT__MAX };

static const struct weir_option options[OPT__MAX] = {
	[OPT_PATH] = {
		.name = "path", .type = WEIR_OPT_STR, .dflt = "/run/systemd/journal/socket",
		.doc = "The journal's socket, at most 100 bytes.",
	},
	[OPT_SEVERITY] = {
		.name = "severity", .type = WEIR_OPT_ENUM, .dflt = "info",
		.words = "emerg|alert|crit|err|warning|notice|info|debug",
		.doc = "PRIORITY of all entries.",
	},
	[OPT_IDENTIFIER] = {
		.name = "identifier", .type = WEIR_OPT_STR, .dflt = "weir",
		.doc = "SYSLOG_IDENTIFIER of all entries.",
	},
	[OPT_JSON] = {
		.name = "json", .type = WEIR_OPT_BOOL, .dflt = "true",
		.doc = "The whole line, too, as WEIR_JSON.",
	},
	[OPT_POLICY] = {
		.name = "policy", .type = WEIR_OPT_ENUM, .dflt = "drop", .words = "block|drop",
		.doc = "When the buffer is full: drop gives up lines and counts them, "
		       "block lets events wait in the kernel's ring.",
	},
	[OPT_BUFFER] = {
		.name = "buffer", .type = WEIR_OPT_SIZE, .dflt = "8M", .min = 65536,
		.max = 1 << 30,
		.doc = "Memory for lines that the journal has not taken yet.",
	},
};

enum { COUNT_LINES, COUNT_DROPPED, COUNT_WAITS, COUNT_LOST, COUNT_CONNECTS, COUNT__MAX };

static const struct weir_counter counters[COUNT__MAX] = {
	[COUNT_LINES] = { "lines", "lines", "Lines that the journal has taken." },
	[COUNT_DROPPED] = { "dropped", "lines", "Lines given up by policy drop." },
	[COUNT_WAITS] = { "waits", "calls", "Times the event path waited for room." },
	[COUNT_LOST] = { "lost", "lines", "Lines that could not be handed over." },
	[COUNT_CONNECTS] = { "connects", "connections", "Connections made." },
};

struct sink {
	const struct weir_setup *setup;
	struct fields_conf conf;
	struct dgram dgram;
	struct outbox ob;
	char *path, *identifier;
	uint64_t counts[COUNT__MAX];
};

static bool make(void *arg, struct dgram_buf *buf, const char *line, size_t len)
{
	const struct sink *s = arg;

	return fields_make(&s->conf, buf, line, len);
}

static int sink_write(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	struct sink *s = inst;

	return outbox_put(&s->ob, batch, w);
}

static void counters_show(struct sink *s)
{
	s->counts[COUNT_DROPPED] = s->ob.n_dropped;
	s->counts[COUNT_WAITS] = s->ob.n_waits;
	outbox_counters(s->setup->counters, s->counts, COUNT__MAX);
}

static void sink_tick(void *inst, uint64_t now_ns)
{
	struct sink *s = inst;

	(void)now_ns;
	outbox_tell(&s->ob, s->setup);
	counters_show(s);
}

static void sink_free(struct sink *s)
{
	outbox_fini(&s->ob);
	free(s->path);
	free(s->identifier);
	free(s);
}

static void sink_close(void *inst)
{
	struct sink *s = inst;

	outbox_stop(&s->ob, CLOSE_NS, s->setup);
	counters_show(s);
	sink_free(s);
}

static int sink_start(struct sink *s)
{
	const struct weir_optval *opt = s->setup->options;
	int r;

	s->path = strdup(opt[OPT_PATH].v.s);
	s->identifier = strdup(opt[OPT_IDENTIFIER].v.s);
	if (!s->path || !s->identifier)
		return -ENOMEM;
	if (*s->path != '/')
		return -EINVAL;
	s->conf = (struct fields_conf){ (unsigned)opt[OPT_SEVERITY].v.i, s->identifier,
					opt[OPT_JSON].v.i != 0 };
	s->dgram = (struct dgram){
		.path = s->path, .ob = &s->ob, .memfd = true, .make = make, .arg = s,
		.n_lines = &s->counts[COUNT_LINES], .n_lost = &s->counts[COUNT_LOST],
		.n_connects = &s->counts[COUNT_CONNECTS],
	};
	r = outbox_init(&s->ob, (size_t)opt[OPT_BUFFER].v.i,
			(enum outbox_policy)opt[OPT_POLICY].v.i);
	return r ? r : outbox_start(&s->ob, dgram_main, &s->dgram);
}

static int sink_open(const struct weir_setup *setup, void **inst)
{
	struct sink *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		weir_logf(setup, WEIR_LOG_ERROR, "out of memory");
		return -1;
	}
	s->setup = setup;
	s->ob.wake_fd = -1;
	r = sink_start(s);
	if (r) {
		setting_refuse(setup, "path", setup->options[OPT_PATH].v.s,
			       r == -EINVAL ? "must begin with /" : strerror(-r));
		sink_free(s);
		return -1;
	}
	*inst = s;
	return 0;
}

WEIR_PLUGIN_DEFINE(journald, WEIR_PLUGIN_SINK, "1.0", "Apache-2.0",
	.summary = "Writes encoded events to the systemd journal.",
	.options = options, .n_options = OPT__MAX,
	.counters = counters, .n_counters = COUNT__MAX,
	.open = sink_open, .close = sink_close, .write = sink_write, .tick = sink_tick);
