/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what is shown: values as text, and the report. Every value is read to
 * its last byte, so that sanitizers see what is not there.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/check.h"
#include "plugintest.h"
#include "schema/schema.h"
#include "util/macros.h"

#define LIST_MAX	(1u << 20)

/* ---- values -------------------------------------------------------------------*/

static bool is_text(uint32_t kind)
{
	return kind == WEIR_KIND_STR || kind == WEIR_KIND_BYTES || kind == WEIR_KIND_STRV;
}

static const char *value_fault(const struct weir_field_def *def, const struct weir_value *v,
			       unsigned depth)
{
	uint64_t n, i;

	if (v->status > WEIR_SKIPPED)
		return "has an unknown status";
	if (!weir_present(v))
		return NULL;
	if (is_text(v->kind) && v->len && !v->v.p)
		return "is a text at NULL";
	if (v->kind == WEIR_KIND_STRV && v->len && ((const char *)v->v.p)[v->len - 1])
		return "is a list of texts without a NUL at its end";
	if (v->kind == WEIR_KIND_IP && (!v->v.p || v->len != sizeof(struct weir_ip)))
		return "is an address, but not a struct weir_ip";
	if (v->kind == WEIR_KIND_BOOL && v->v.u > 1)
		return "is a bool that is neither 0 nor 1";
	if (v->kind != WEIR_KIND_LIST && v->kind != WEIR_KIND_RECORDS)
		return NULL;
	if (depth || !v->v.list)
		return depth ? "is a list within a list" : "is a list at NULL";
	n = v->v.list->n;
	if (v->kind == WEIR_KIND_RECORDS) {
		if (n && v->v.list->n_cols != def->n_cols)
			return "has another number of columns than it declares";
		n *= v->v.list->n_cols;
	}
	if (n > LIST_MAX || (n && !v->v.list->values))
		return "is a list without values";
	for (i = 0; i < n; i++)
		if (value_fault(def, &v->v.list->values[i], 1))
			return "holds a value that is broken";
	return NULL;
}

static const struct weir_field *field_at(const struct pt *pt, uint16_t slot)
{
	const struct weir_schema s = schema_view(pt->schema);
	uint32_t i;

	for (i = 0; i < s.n_fields; i++)
		if (s.fields[i].handle.slot == slot)
			return &s.fields[i];
	return NULL;
}

void pt_check_values(const struct pt_event *e)
{
	const struct pt_stage *st = &e->pt->stage;
	const struct weir_field_def *def;
	struct weir_value v;
	const char *why;
	uint32_t i;

	for (i = 0; i < st->def->n_produces; i++) {
		def = &st->def->produces[i];
		v = weir_get(&e->ev, st->produces[i]);
		why = value_fault(def, &v, 0);
		if (!why && v.status != WEIR_ABSENT && v.kind != def->kind)
			why = "is of another kind than it declares";
		if (why)
			pt_problem(e->pt, true, "field %s %s", def->name, why);
	}
}

static void text_print(FILE *out, const unsigned char *p, uint32_t len)
{
	uint32_t i;

	fputc('"', out);
	for (i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\')
			fprintf(out, "\\x%02x", p[i]);
		else
			fputc(p[i], out);
	fputc('"', out);
}

static const char *value_name(const struct weir_field *f, uint64_t u)
{
	const struct weir_value_name *n;

	for (n = f ? f->value_names : NULL; n && n->name; n++)
		if (n->number == u)
			return n->name;
	return NULL;
}

static void value_print(FILE *out, const struct weir_field *f, const struct weir_value *v)
{
	static const char *const states[] = { "absent", "", "...", "pending", "timeout",
					      "error", "skipped" };
	uint32_t i, n;

	if (!weir_present(v)) {
		fprintf(out, "(%s)", states[v->status]);
	} else if (is_text(v->kind)) {
		text_print(out, v->v.p, v->len);
	} else if (v->kind == WEIR_KIND_LIST || v->kind == WEIR_KIND_RECORDS) {
		n = v->v.list->n * (v->kind == WEIR_KIND_RECORDS ? v->v.list->n_cols : 1);
		fputc('[', out);
		for (i = 0; i < n; i++) {
			fputs(!i ? "" : v->kind == WEIR_KIND_RECORDS &&
			      i % v->v.list->n_cols == 0 ? "; " : ", ", out);
			value_print(out, NULL, &v->v.list->values[i]);
		}
		fputc(']', out);
	} else if (v->kind == WEIR_KIND_BOOL) {
		fputs(v->v.u ? "true" : "false", out);
	} else if (v->kind == WEIR_KIND_I64) {
		fprintf(out, "%" PRId64, v->v.i);
	} else if (v->kind == WEIR_KIND_IP) {
		text_print(out, v->v.p, v->len);
	} else if (value_name(f, v->v.u)) {
		fputs(value_name(f, v->v.u), out);
	} else {
		fprintf(out, "%" PRIu64, v->v.u);
	}
	if (v->status == WEIR_TRUNCATED)
		fputs("...", out);
}

void pt_print_event(const struct pt_event *e)
{
	const struct weir_schema s = schema_view(e->pt->schema);
	const struct weir_base *base = (const void *)e->rec;
	const struct weir_field *f;
	struct weir_value v;
	uint32_t slot;

	pthread_mutex_lock(&e->pt->print_lock);
	printf("%s id=%" PRIu64, s.types[e->ev.type].name, (uint64_t)base->id);
	for (slot = e->ev.n_wire; slot < e->ev.n_wire + e->pt->n_added; slot++) {
		v = e->ev.added[slot - e->ev.n_wire];
		f = field_at(e->pt, (uint16_t)slot);
		if (v.status == WEIR_ABSENT || v.status > WEIR_SKIPPED || !f)
			continue;
		printf(" %s=", f->def.name);
		value_print(stdout, f, &v);
	}
	putchar('\n');
	pthread_mutex_unlock(&e->pt->print_lock);
}

/* ---- the report ---------------------------------------------------------------*/

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void report_time(struct pt *pt)
{
	uint64_t sum = 0;
	size_t i, n = pt->n_samples;

	if (!n)
		return;
	qsort(pt->samples, n, sizeof(*pt->samples), by_size);
	for (i = 0; i < n; i++)
		sum += pt->samples[i];
	fprintf(stderr, "time       mean %" PRIu64 " ns, p50 %u, p99 %u, max %u (of %zu calls)\n",
		sum / n, pt->samples[n / 2], pt->samples[n * 99 / 100], pt->samples[n - 1], n);
}

static void report_events(const struct pt *pt)
{
	const struct pt_stats *s = &pt->stats;

	fprintf(stderr, "events     %" PRIu64 " (%" PRIu64 " of other types)", s->events, s->unseen);
	if (pt->stage.def->kind == WEIR_PLUGIN_ENRICHER)
		fprintf(stderr, ": %" PRIu64 " dropped, %" PRIu64 " failed, %" PRIu64
			" later, of these %" PRIu64 " too late\n", s->dropped, s->failed,
			s->later, s->late);
	else if (pt->stage.def->kind == WEIR_PLUGIN_SERIALIZER)
		fprintf(stderr, ": %" PRIu64 " encoded, %" PRIu64 " bytes, %" PRIu64
			" not encoded\n", s->encoded, s->bytes, s->not_encoded);
	else
		fprintf(stderr, ": %" PRIu64 " calls, %" PRIu64 " delivered, %" PRIu64
			" dropped, %" PRIu64 " lost; %" PRIu64 " times AGAIN\n", s->writes,
			s->delivered, s->refused, s->lost, s->again);
}

static void report_counters(const struct pt *pt)
{
	const struct weir_plugin *def = pt->stage.def;
	uint32_t i;

	for (i = 0; i < def->n_counters; i++)
		fprintf(stderr, "counter    %s %" PRIu64 " %s\n", def->counters[i].name,
			pt->stage.counters[i], def->counters[i].unit);
}

void pt_report(struct pt *pt)
{
	const struct note *note = &pt->stage.note;
	unsigned long open = atomic_load(&pt->n_emit_open);

	fprintf(stderr, "plugin     %s %s, %s, ABI %u.%u, build-id %s\n", note->desc.name,
		note->desc.version, check_kind_name(note->desc.kind), note->desc.abi_major,
		note->desc.abi_minor, *note->build_id ? note->build_id : "none");
	report_events(pt);
	report_time(pt);
	report_counters(pt);
	if (WEIR_HAS(pt->stage.def, n_emits) && pt->stage.def->n_emits)
		fprintf(stderr, "emitted    %lu events\n", atomic_load(&pt->n_emitted));
	if (pt->conf.fail_every || pt->conf.fail_rate > 0)
		fprintf(stderr, "faults     %lu of %lu calls of services\n",
			atomic_load(&pt->n_faults), atomic_load(&pt->n_alloc_calls));
	if (pt->conf.reload)
		fprintf(stderr, "reloads    %lu, state adopted in %lu\n",
			atomic_load(&pt->n_reloads), atomic_load(&pt->n_adopted));
	if (atomic_load(&pt->n_arena_full))
		pt_problem(pt, false, "alloc() was asked for more than an event has");
	if (open)
		pt_problem(pt, true, "%lu events of emit() were never sent", open);
	if (pt->n_out)
		pt_problem(pt, true, "%u copies of later() never had their done()", pt->n_out);
}
