/* SPDX-License-Identifier: Apache-2.0 */
#include "areason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *out;
	size_t len, size;
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->out + t->len, t->size - t->len, format, ap);
	va_end(ap);
	if (n > 0)
		t->len = t->len + (size_t)n < t->size ? t->len + (size_t)n : t->size - 1;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* image:web and 1.4 are "image web:1.4"; what has no versions is "unit cron.service". */
static void add_workload(struct text *t, const struct afacts *f)
{
	const char *colon = strchr(f->profile, ':');

	if (!colon) {
		add(t, "%s", f->profile);
		return;
	}
	add(t, "%.*s %s", (int)(colon - f->profile), f->profile, colon + 1);
	if (!strncmp(f->profile, "image:", 6))
		add(t, ":%s", f->version);
}

static void add_subject(struct text *t, const struct afacts *f)
{
	if (*f->process)
		add(t, "%s (", base_name(f->process));
	add_workload(t, f);
	if (*f->process)
		add(t, ")");
}

/* With "has never" before it, and alone. */
static const struct {
	const char *kind, *never, *did;
} verbs[] = {
	{ "program", "run", "ran" },
	{ "user", "run as", "ran as" },
	{ "script", "run the script", "ran the script" },
	{ "arguments", "been run with", "was run with" },
	{ "file", "created or changed", "created or changed" },
	{ "name", "asked for", "asked for" },
	{ "network", "connected to", "connected to" },
	{ "socket", "connected to", "connected to" },
	{ "port", "listened on", "listened on" },
	{ "signal", "sent", "sent" },
	{ "tracing", "traced", "traced" },
	{ "module", "loaded the kernel module", "loaded the kernel module" },
	{ "credentials", "taken", "took" },
	{ "system call", "made the system call", "made the system call" },
	{ "capability", "used", "used" },
	{ "mount", "mounted", "mounted" },
};

static size_t verb_of(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]) - 1; i++)
		if (!strcmp(verbs[i].kind, kind))
			break;
	return i;
}

static void add_span(struct text *t, uint64_t s)
{
	static const struct { uint64_t s; const char *one, *many; } units[] = {
		{ 86400, "day", "days" }, { 3600, "hour", "hours" }, { 60, "minute", "minutes" },
		{ 1, "second", "seconds" },
	};
	size_t i;

	for (i = 0; i < 3 && s < 2 * units[i].s; i++)
		;
	add(t, "%llu %s", (unsigned long long)(s / units[i].s),
	    s / units[i].s == 1 ? units[i].one : units[i].many);
}

static void add_programs(struct text *t, const struct afacts *f)
{
	add(t, "; its parent %s has run %llu program%s in ", base_name(f->process),
	    (unsigned long long)f->programs, f->programs == 1 ? "" : "s");
	add_span(t, f->age_s);
}

static void add_experience(struct text *t, const struct afacts *f)
{
	add(t, "; it is new after %llu %s event%s in ", (unsigned long long)f->events, f->type,
	    f->events == 1 ? "" : "s");
	add_span(t, f->age_s);
	if (*f->near)
		add(t, ", the nearest that is known is %s", f->near);
}

void areason_text(const struct afacts *f, char *out, size_t size)
{
	struct text t = { .out = out, .size = size };
	size_t verb = verb_of(f->item_kind);

	out[0] = 0;
	if (strcmp(f->type, "exec") && !f->process_known) {
		add(&t, "%s, which ", f->program);
		add_subject(&t, f);
		add(&t, " has never run, %s %s", verbs[verb].did, f->item);
		return;
	}
	add_subject(&t, f);
	add(&t, " has never %s %s", verbs[verb].never, f->item);
	if (!strcmp(f->item_kind, "program") && *f->process)
		add_programs(&t, f);
	else
		add_experience(&t, f);
}
