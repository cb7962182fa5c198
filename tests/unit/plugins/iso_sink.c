/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_isolate: writes the number of each item into a file, a line each;
 * item `at` it dies of, once or always.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/plugin.h>

enum { OPT_FILE, OPT_WHAT, OPT_AT };
enum { NOTHING, ONCE, ALWAYS, CLOSES, DROPS, ERRS };

static const struct weir_option options[] = {
	[OPT_FILE] = { .name = "file", .type = WEIR_OPT_STR, .flags = WEIR_OPTION_REQUIRED,
		.doc = "Where to." },
	[OPT_WHAT] = { .name = "what", .type = WEIR_OPT_ENUM, .dflt = "nothing",
		.words = "nothing|once|always|closes|drops|errs", .doc = "What it does." },
	[OPT_AT] = { .name = "at", .type = WEIR_OPT_INT, .dflt = "0", .doc = "And when." },
};

struct sink {
	int fd;
	int64_t what, at;
	char mark[256];
};

static int sink_open(const struct weir_setup *s, void **inst)
{
	struct sink *k = calloc(1, sizeof(*k));

	k->what = s->options[OPT_WHAT].v.i;
	k->at = s->options[OPT_AT].v.i;
	snprintf(k->mark, sizeof(k->mark), "%s.mark", s->options[OPT_FILE].v.s);
	k->fd = open(s->options[OPT_FILE].v.s, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (k->fd < 0)
		return -1;
	*inst = k;
	return 0;
}

static bool dies(const struct sink *k)
{
	return k->what == ALWAYS || (k->what == ONCE &&
		open(k->mark, O_CREAT | O_EXCL | O_CLOEXEC | O_WRONLY, 0644) >= 0);
}

static int sink_write(void *inst, const struct weir_batch *b, struct weir_write *w)
{
	struct sink *k = inst;
	struct weir_base base;
	char line[32];
	int n;

	for (; w->done < b->n; w->done++) {
		memcpy(&base, b->items[w->done].p, sizeof(base));
		if (base.seq == (uint64_t)k->at && k->what == CLOSES)
			return WEIR_WRITE_CLOSED;
		if (base.seq == (uint64_t)k->at && k->what == ERRS) {
			k->what = NOTHING;
			return WEIR_WRITE_ERROR;
		}
		if (base.seq == (uint64_t)k->at && k->what == DROPS) {
			w->dropped++;
			w->dropped_class[b->items[w->done].rclass]++;
			continue;
		}
		if (base.seq == (uint64_t)k->at && dies(k))
			abort();
		n = snprintf(line, sizeof(line), "%llu\n", (unsigned long long)base.seq);
		if (write(k->fd, line, (size_t)n) != n)
			return WEIR_WRITE_ERROR;
	}
	return WEIR_WRITE_OK;
}

static void sink_close(void *inst)
{
	struct sink *k = inst;

	close(k->fd);
	free(k);
}

WEIR_PLUGIN_DEFINE(iso_sink, WEIR_PLUGIN_SINK, "1.0", "Apache-2.0",
	.summary = "For tests.", .options = options, .n_options = WEIR_N_OF(options),
	.open = sink_open, .close = sink_close, .write = sink_write);
