/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of the record's structs as the compiler at hand sees it, included
 * by clang for BPF (layout.bpf.c) and by the host's compiler (test_layout.c).
 */
#pragma once

#include <weir/wire.h>

struct layout_row {
	weir_u32 off;
	weir_u32 size;
};

#define LAYOUT_SECTION	".layout"

#define LAYOUT_STRUCT(type) { _Alignof(type), sizeof(type) },
#define LAYOUT_MEMBER(type, member) \
	{ __builtin_offsetof(type, member), sizeof(((type *)0)->member) },

__attribute__((section(LAYOUT_SECTION), used))
static const struct layout_row layout_rows[] = {
	LAYOUT_STRUCT(struct weir_str)
	LAYOUT_MEMBER(struct weir_str, off)
	LAYOUT_MEMBER(struct weir_str, len)
	LAYOUT_STRUCT(struct weir_ip)
	LAYOUT_MEMBER(struct weir_ip, family)
	LAYOUT_MEMBER(struct weir_ip, scope)
	LAYOUT_MEMBER(struct weir_ip, addr)
#define EVENT_BASE(name, doc) LAYOUT_STRUCT(struct weir_##name)
#define EVENT(id, name, class, actor, doc) LAYOUT_STRUCT(struct weir_##name)
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	LAYOUT_MEMBER(struct weir_##ev, member)
#include <weir/events.def>
	/* Limits and numbers that both sides count with. */
	{ WEIR_REC_MAX, WEIR_PATH_MAX },
	{ WEIR_ARGS_MAX, WEIR_STR_LEN },
	{ WEIR_STR_TRUNCATED, WEIR_STR_ERROR },
	{ WEIR_EV_KERNEL_MAX, WEIR_EV_MAX },
	{ WEIR_LOST_KERNEL_MAX, WEIR_LOST_MAX },
	{ WEIR_CLASS_KERNEL_MAX, WEIR_CLASS_MAX },
};
