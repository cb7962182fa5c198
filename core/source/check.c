/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the decision whether a record may enter the chain. One function a type,
 * made of events.def: as straight code it costs 4 ns an exec, from tables of
 * offsets it cost 7. Relies on nothing that the record says.
 *
 * The size must be exactly the one delivered: a ring rounds up what it
 * occupies, but tells the length that was asked for, so there is no slack to
 * allow, and bytes behind a record's end would be nobody's.
 */
#include "source/check.h"

#include <weir/wire.h>

#include "util/macros.h"

#define CHECK_AF_INET	2
#define CHECK_AF_INET6	10

static inline int check_str(uint32_t size, uint32_t fixed, struct weir_str s)
{
	uint32_t len = s.len & WEIR_STR_LEN;

	if (!s.off)
		return len ? CHECK_E_STR : CHECK_OK;
	/* Unsigned: below `fixed` is far above all sizes. */
	if (s.off - fixed > size - fixed || len > size - s.off)
		return CHECK_E_STR;
	return CHECK_OK;
}

static inline int check_strv(const void *rec, uint32_t size, uint32_t fixed,
			     struct weir_str s)
{
	uint32_t len = s.len & WEIR_STR_LEN;
	int r = check_str(size, fixed, s);

	if (!r && len && ((const uint8_t *)rec)[s.off + len - 1])
		r = CHECK_E_STRV;
	return r;
}

static inline int check_ip(struct weir_ip ip)
{
	return ip.family == 0 || ip.family == CHECK_AF_INET ||
	       ip.family == CHECK_AF_INET6 ? CHECK_OK : CHECK_E_IP;
}

/* By kind: what is wrong with a member. Most kinds cannot be wrong. */
#define CHECK_U8(m)	CHECK_OK
#define CHECK_U16(m)	CHECK_OK
#define CHECK_U32(m)	CHECK_OK
#define CHECK_U64(m)	CHECK_OK
#define CHECK_KEY(m)	CHECK_OK
#define CHECK_HEX(m)	CHECK_OK
#define CHECK_TIME(m)	CHECK_OK
#define CHECK_TIMEW(m)	CHECK_OK
#define CHECK_UID(m)	CHECK_OK
#define CHECK_MODE(m)	CHECK_OK
#define CHECK_DEV(m)	CHECK_OK
#define CHECK_ENUM(m)	CHECK_OK
#define CHECK_FLAGS(m)	CHECK_OK
#define CHECK_PORT(m)	CHECK_OK
#define CHECK_STR(m)	check_str(size, fixed, m)
#define CHECK_BYTES(m)	check_str(size, fixed, m)
#define CHECK_STRV(m)	check_strv(rec, size, fixed, m)
#define CHECK_IP(m)	check_ip(m)

/* check_in_exec() and so on: the members of that struct, in order. */
#define EVENT_BASE(name, doc) \
static int check_in_##name(const void *p, uint32_t size, \
			   uint32_t fixed) \
{ \
	const struct weir_##name *rec = p; \
	int r = CHECK_OK;
#define EVENT(id, name, class, actor, doc) EVENT_BASE(name, doc)
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	r = CHECK_##kind(rec->member); \
	if (r) \
		return r;
#define EVENT_END(name) \
	(void)rec, (void)size, (void)fixed; \
	return r; \
}
#include <weir/events.def>

struct check_type {
	int (*in)(const void *rec, uint32_t size, uint32_t fixed);
	uint16_t size;		/* 0: no such type */
	uint16_t rclass;
};

#define CHECK_CLASS_critical	WEIR_CLASS_CRITICAL
#define CHECK_CLASS_bulk	WEIR_CLASS_BULK
#define CHECK_CLASS_user	WEIR_CLASS_USER

static const struct check_type check_types[WEIR_EV_MAX] = {
#define EVENT(id, name, class, actor, doc) \
	[id] = { check_in_##name, sizeof(struct weir_##name), CHECK_CLASS_##class },
#include <weir/events.def>
};

int check_record(const void *rec, size_t size)
{
	const struct weir_base *base = rec;
	const struct check_type *type;
	int r;

	if (size < sizeof(*base))
		return CHECK_E_SHORT;
	if (base->size != size || size % 8 || size > WEIR_REC_MAX)
		return CHECK_E_SIZE;
	if (base->type >= ARRAY_LEN(check_types) || !check_types[base->type].size)
		return CHECK_E_TYPE;
	type = &check_types[base->type];
	if (size < type->size)
		return CHECK_E_FIXED;
	if (base->rclass != type->rclass)
		return CHECK_E_CLASS;
	r = check_in_base(rec, (uint32_t)size, type->size);
	return r ? r : type->in(rec, (uint32_t)size, type->size);
}

const char *check_reason_name(int reason)
{
	static const char *const names[CHECK_E__MAX] = {
		[CHECK_OK] = "ok",
		[CHECK_E_SHORT] = "short",
		[CHECK_E_SIZE] = "size",
		[CHECK_E_TYPE] = "type",
		[CHECK_E_FIXED] = "fixed_part",
		[CHECK_E_CLASS] = "class",
		[CHECK_E_STR] = "text_bounds",
		[CHECK_E_STRV] = "text_list",
		[CHECK_E_IP] = "address_family",
	};

	return reason >= 0 && reason < CHECK_E__MAX ? names[reason] : "unknown";
}
