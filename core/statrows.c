/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes rows of the objects that weirctl is answered with, so that both say the
 * same. A member is a row; a list of objects with names, such as chains, counts
 * as an object of them. Numbers count up, but for those that a table knows.
 */
#include "statrows.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "daemon_state.h"
#include "util/macros.h"

#define NAME_SIZE	256

/* By the end of the name; the first that fits. */
static const struct {
	const char *end, *unit;
	uint32_t kind;
} known[] = {
	{ "uptime_s", "s", WEIR_STAT_GAUGE },
	{ "rss_bytes", "bytes", WEIR_STAT_GAUGE },
	{ "config.generation", "", WEIR_STAT_GAUGE },
	{ "pid", "", WEIR_STAT_GAUGE },
	{ ".queued", "events", WEIR_STAT_GAUGE },
	{ ".held", "events", WEIR_STAT_GAUGE },
	{ "ns_mean", "ns", WEIR_STAT_GAUGE },
	{ "ns_p99", "ns", WEIR_STAT_GAUGE },
	{ "ns_max", "ns", WEIR_STAT_GAUGE },
	{ "pause_ns", "ns", WEIR_STAT_GAUGE },
	{ "pool.objects", "", WEIR_STAT_GAUGE },
	{ "pool.bytes", "bytes", WEIR_STAT_GAUGE },
	{ "pool.kept", "bytes", WEIR_STAT_GAUGE },
	{ "pool.max", "bytes", WEIR_STAT_GAUGE },
	{ ".size", "bytes", WEIR_STAT_GAUGE },
	{ ".fill", "bytes", WEIR_STAT_GAUGE },
	{ ".bytes", "bytes", WEIR_STAT_COUNTER },
};

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

static void number_row(const char *name, struct json_object *o, const char *unit,
		       weir_stat_f *fn, void *arg)
{
	struct weir_stat row = {
		.size = sizeof(row), .kind = WEIR_STAT_COUNTER, .name = name,
		.unit = unit ? unit : "", .text = "", .value = json_object_get_uint64(o),
	};
	size_t i;

	for (i = 0; !unit && i < ARRAY_LEN(known); i++)
		if (ends_with(name, known[i].end)) {
			row.kind = known[i].kind;
			row.unit = known[i].unit;
			break;
		}
	fn(arg, &row);
}

static void text_row(const char *name, const char *text, weir_stat_f *fn, void *arg)
{
	const struct weir_stat row = {
		.size = sizeof(row), .kind = WEIR_STAT_TEXT, .name = name, .unit = "",
		.text = text,
	};

	fn(arg, &row);
}

static const char *member_text(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

/* One of a list: an account with its value, an object with a name, or a value. */
static void element_walk(const char *prefix, struct json_object *e, size_t i,
			 weir_stat_f *fn, void *arg)
{
	const char *own = member_text(e, "name");
	struct json_object *value;
	char name[NAME_SIZE];

	if (own)
		snprintf(name, sizeof(name), "%s.%s", prefix, own);
	else
		snprintf(name, sizeof(name), "%s.%zu", prefix, i);
	if (own && json_object_object_get_ex(e, "value", &value))
		number_row(name, value, member_text(e, "unit"), fn, arg);
	else
		statrows_walk(name, e, fn, arg);
}

static void object_walk(const char *prefix, struct json_object *o, weir_stat_f *fn, void *arg)
{
	char name[NAME_SIZE];

	json_object_object_foreach(o, key, v) {
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		statrows_walk(name, v, fn, arg);
	}
}

void statrows_walk(const char *prefix, struct json_object *o, weir_stat_f *fn, void *arg)
{
	size_t i;

	switch (json_object_get_type(o)) {
	case json_type_object:
		object_walk(prefix, o, fn, arg);
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(o); i++)
			element_walk(prefix, json_object_array_get_idx(o, i), i, fn, arg);
		break;
	case json_type_int:
	case json_type_boolean:
		number_row(prefix, o, NULL, fn, arg);
		break;
	case json_type_string:
		text_row(prefix, json_object_get_string(o), fn, arg);
		break;
	default:
		break;
	}
}

int statrows_report(void *daemon, weir_stat_f *fn, void *arg)
{
	struct json_object *status = NULL, *stats = NULL;
	struct daemon *dm = daemon;

	if (pthread_mutex_trylock(&dm->lock))
		return -1;
	/* At the end there is none, while plugins are still being closed. */
	if (dm->config) {
		status = report_status(dm);
		stats = report_stats(dm);
	}
	pthread_mutex_unlock(&dm->lock);
	if (!status)
		return -1;
	/* The other one has them, and more. */
	json_object_object_del(status, "events");
	statrows_walk("", status, fn, arg);
	statrows_walk("", stats, fn, arg);
	json_object_put(status);
	json_object_put(stats);
	return 0;
}
