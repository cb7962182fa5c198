/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, texts and values of events as bytes, and back. Both sides of an
 * isolated plugin use it; what is read may be anything. All is aligned to
 * eight bytes. Inside of core/isolate.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

struct pack {
	uint8_t *p;
	size_t len, cap;
	bool full;		/* something did not fit, and is not in it */
};

void pack_u64(struct pack *b, uint64_t u);
/* Length and bytes, with a NUL behind them. */
void pack_bytes(struct pack *b, const void *p, size_t len);
/* A text; NULL becomes "". */
void pack_text(struct pack *b, const char *text);
/* A value of that field with what it points to; one that does not fit says WEIR_ERROR. */
void pack_value(struct pack *b, uint16_t slot, const struct weir_field_def *field,
		const struct weir_value *v);

struct unpack {
	const uint8_t *p;
	size_t left;
	bool bad;		/* ends early, or is no such thing */
};

uint64_t unpack_u64(struct unpack *u);
/* Where they lie; "" if it is bad. */
const char *unpack_bytes(struct unpack *u, size_t *len);
const char *unpack_text(struct unpack *u);

/* Slot of the next value, which is not taken. */
uint16_t unpack_slot(const struct unpack *u);
/*
 * `field` is what it must be. What it points to is taken from alloc; where that
 * gives NULL the value says WEIR_ERROR.
 */
void unpack_value(struct unpack *u, const struct weir_field_def *field,
		  void *(*alloc)(struct weir_event *ev, size_t n), struct weir_event *ev,
		  struct weir_value *out);
