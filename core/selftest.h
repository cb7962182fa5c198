/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test that the sensor makes of itself, at its start and then each
 * interval: a process of its own does each operation that is to be observed,
 * on things of its own, and the collector notes which events come of it. The
 * result is an event, and a warning if some did not come.
 *
 * Made and freed by the control thread; it has a thread of its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct collector;
struct json_object;
struct selftest;
struct services;
struct source;
struct source_bpf_conf;

struct selftest_conf {
	struct source *source;
	struct collector *collector;
	struct services *services;
	const struct source_bpf_conf *bpf;	/* read now, not kept */
	int64_t interval_ns;
};

/* NULL: no memory, no thread, or this source cannot do it; the log says why. */
struct selftest *selftest_new(const struct selftest_conf *conf);
/* Any thread: the stream has begun, so may the test. */
void selftest_begin(struct selftest *t);
/* Any thread: adds what the last one found, if there was one. */
void selftest_report(struct selftest *t, struct json_object *status);
/* Any thread: what is wrong; "": nothing. Returns buf. */
char *selftest_warning(struct selftest *t, char *buf, size_t size);
/* One under way is given up, and no other is begun. Returns at once; t may be NULL. */
void selftest_cancel(struct selftest *t);
/* The same, and its thread has ended: nothing more is told or logged. */
void selftest_stop(struct selftest *t);
/* NULL, always; t may be NULL. */
struct selftest *selftest_free(struct selftest *t);
