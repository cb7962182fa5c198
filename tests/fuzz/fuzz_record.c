/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record check: whatever it lets pass can be read, field by field, to the
 * last byte; what the getters give keeps the promises of check.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/plugin.h>

#include "source/check.h"
#include "util/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As in the schema: slot 0 is for what does not exist. */
struct fuzz_field {
	uint16_t off;
	uint16_t kind;
};

#define EVENT_BASE(name, doc) static const struct fuzz_field fields_##name[] = {
#define EVENT(id, name, class, actor, doc) EVENT_BASE(name, doc)
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ offsetof(struct weir_##ev, member), WEIR_KIND_##kind },
#define ALIAS(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ offsetof(struct weir_##ev, member), WEIR_KIND_##kind },
#define EVENT_END(name) { 0, WEIR_KIND_NONE } };
#include <weir/events.def>

static const struct fuzz_field *const fields[WEIR_EV_MAX] = {
#define EVENT(id, name, class, actor, doc) [id] = fields_##name,
#include <weir/events.def>
};

static volatile uint64_t sink;

static void read_value(const struct weir_value *v)
{
	const uint8_t *p = v->v.p;
	uint64_t sum = 0;
	uint32_t i;

	if (v->kind == WEIR_KIND_STR || v->kind == WEIR_KIND_BYTES ||
	    v->kind == WEIR_KIND_STRV) {
		MUST(v->status != WEIR_ABSENT || !v->len);
		MUST(v->kind != WEIR_KIND_STRV || !v->len || !p[v->len - 1]);
		for (i = 0; i < v->len; i++)
			sum += p[i];
	} else if (v->kind == WEIR_KIND_IP) {
		for (i = 0; v->status != WEIR_ABSENT && i < v->len; i++)
			sum += p[i];
	} else {
		sum = v->v.u;
	}
	sink += sum;
}

static void read_fields(const uint8_t *rec, size_t size, uint16_t type,
			const struct fuzz_field *f)
{
	uint16_t offs[2] = { 0, 0 };
	struct weir_event ev = {
		.rec = rec,
		.offs = offs,
		.rec_size = (uint32_t)size,
		.type = type,
		.n_wire = ARRAY_LEN(offs),
	};
	struct weir_value v;

	for (; f->kind != WEIR_KIND_NONE; f++) {
		/* The first member of the base is at 0 and has no name. */
		offs[1] = f->off;
		v = weir_get(&ev, (struct weir_handle){ 1, (uint8_t)f->kind, 0 });
		read_value(&v);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct weir_base *base;
	uint8_t *rec;

	if (size > WEIR_REC_MAX + 64)
		return 0;
	/* Its own allocation, so that one byte too far is seen. */
	rec = malloc(size ? size : 1);
	if (size)
		memcpy(rec, data, size);
	if (check_record(rec, size) == CHECK_OK) {
		base = (void *)rec;
		MUST(base->size == size && base->type < WEIR_EV_MAX);
		read_fields(rec, size, base->type, fields_base);
		read_fields(rec, size, base->type, fields[base->type]);
	}
	free(rec);
	return 0;
}
