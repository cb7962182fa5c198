/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds records for tests, fuzz seeds and the benchmark:
 *
 *	struct mkrec m;
 *	struct weir_exec *e = mkrec_init(&m, WEIR_EV_exec);
 *
 *	mkrec_process(&m, 7);
 *	mkrec_str(&m, &e->filename, "/bin/true");
 *	size = mkrec_end(&m);
 *	use(m.rec, size);
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <weir/wire.h>

struct mkrec {
	uint32_t len;
	uint32_t pad;
	uint8_t rec[WEIR_REC_MAX] __attribute__((aligned(8)));
};

/* The fixed part of a type of events.def, all fields absent. Returns m->rec. */
void *mkrec_init(struct mkrec *m, unsigned type);
/* Appends to the tail; `s` lies within m->rec. */
void mkrec_bytes(struct mkrec *m, struct weir_str *s, const void *p, size_t len);
void mkrec_str(struct mkrec *m, struct weir_str *s, const char *text);
/* texts ends with NULL. */
void mkrec_strv(struct mkrec *m, struct weir_str *s, const char *const *texts);
/*
 * Sets every field of the base as a real system might, for process number i;
 * its parent is number i / 8. Executable, arguments and directory are taken
 * from a handful. Numbers of the record: mkrec_number.
 */
void mkrec_process(struct mkrec *m, unsigned i);
/* id, seq and time of the n-th record of its class. */
void mkrec_number(struct mkrec *m, uint64_t n);
/* Key of process number i, and its pid. */
uint64_t mkrec_key(unsigned i);
uint32_t mkrec_pid(unsigned i);
/* Pads and sets the size, which it returns. */
size_t mkrec_end(struct mkrec *m);

/* A whole record of that type: base as above, each text and address set. */
size_t mkrec_sample(struct mkrec *m, unsigned type, unsigned i);
/* A whole exec as the benchmark uses it: 4 arguments, 3 variables. */
size_t mkrec_exec(struct mkrec *m, unsigned i);

/* The ids of events.def, ended by 0. */
extern const uint16_t mkrec_types[];
