/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir-plugin-test: one plugin with a small core of its own around it. The
 * parts: plugintest.c reads the command line, _capture.c the records, _stage.c
 * makes instances, _event.c owns events and the services that plugins call,
 * _feed.c hands the events over, _cycles.c looks for leaks, _print.c shows values
 * and results.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/plugin.h>

#include "plugin/note.h"

#define PT_BEFORE_MAX	8
#define PT_OPTIONS_MAX	64
#define PT_THREADS_MAX	64
#define PT_WINDOW	32u	/* events of a worker that wait for done() */
#define PT_OUT_MAX	1024u	/* of all workers */

struct conf;
struct dict;
struct options;
struct schema;

struct pt_conf {
	const char *plugin, *capture, *config;
	const char *before[PT_BEFORE_MAX];
	const char *options[PT_OPTIONS_MAX];
	unsigned n_before, n_options;
	unsigned long repeat, reload, cycles;
	unsigned threads;
	unsigned long fail_every;	/* 0: see fail_rate */
	double fail_rate;
	long late_ms;			/* deadline of later(); -1: long enough */
	bool print, json, sync;
};

/* A plugin with settings at its place; instances are opened from it. */
struct pt_stage {
	const struct weir_plugin *def;
	struct note note;
	struct options *options;
	struct weir_handle *wants, *produces;
	uint16_t *emits;		/* event ids */
	struct schema *place;
	struct weir_schema schema;
	bool sees[WEIR_EV_MAX];
	uint64_t *counters;		/* of instances that are closed */
};

struct pt_inst {
	unsigned magic;
#define PT_INST_MAGIC	0x6f20a9d1
	struct pt *pt;
	struct pt_stage *stage;
	struct weir_setup setup;
	uint64_t *counters;
	void *inst;
};

/* Where events meet the instance in force; shared by workers if it is parallel. */
struct pt_slot {
	pthread_rwlock_t lock;
	struct pt_inst *inst;
};

struct pt_arena;

enum pt_role { PT_EVENT, PT_LATER, PT_EMIT };

/* The event with what belongs to it; plugins see the first member. */
struct pt_event {
	struct weir_event ev;
	unsigned magic;
#define PT_EVENT_MAGIC	0x2c5d8b37
#define PT_GONE_MAGIC	0x2c5d8b38
	enum pt_role role;
	struct pt *pt;
	struct pt_inst *inst;		/* where it is; of an emitted one: whose */
	struct pt_arena *arena, *parent;
	const uint8_t *original;	/* as in the capture */
	struct pt_event *copy;		/* given out by later() */
	unsigned n_later;
	bool in_process;
	/* of a copy; under pt->lock */
	bool is_done, is_late, missed;
	int verdict;
	uint64_t deadline_ns;
	struct pt_event *next;
	_Alignas(16) uint8_t rec[];	/* then the values */
};

struct pt_problem {
	char *text;
	bool is_error;
	unsigned long n;
};

struct pt_stats {
	uint64_t events, unseen, dropped, failed, later, late, encoded, not_encoded, bytes;
	uint64_t writes, delivered, refused, again, lost;
};

struct pt_record {
	const uint8_t *rec;
	uint32_t size;
	int64_t wall_ns;
};

struct pt {
	struct pt_conf conf;
	struct dict *dict;
	struct schema *schema;		/* at the end */
	struct pt_stage before[PT_BEFORE_MAX], stage;
	struct pt_inst *before_insts[PT_BEFORE_MAX];
	struct weir_host_id host_id;
	struct pt_record *records;
	size_t n_records;
	unsigned n_added;
	bool quiet;			/* cycles: nothing is printed or measured */

	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t done;
	pthread_mutex_t print_lock;
	unsigned n_out;			/* copies without done() */
	struct pt_problem problems[64];
	unsigned n_problems;
	struct pt_stats stats;
	uint32_t *samples;		/* ns */
	size_t n_samples, cap_samples;

	atomic_ulong n_alloc_calls, n_faults, n_arena_full;
	atomic_ulong n_emitted, n_emit_open, n_reloads, n_adopted;
};

extern const struct weir_host pt_host;

uint64_t pt_now_ns(void);
/* Counts each text once; any thread. */
__attribute__((format(printf, 3, 4)))
void pt_problem(struct pt *pt, bool is_error, const char *fmt, ...);

/* ---- stages: 0, or -1 and it has been said why ------------------------------*/

int pt_stage_load(struct pt *pt, struct pt_stage *st, const char *path, bool is_main);
void pt_stage_fini(struct pt_stage *st);
/* NULL: open() refused, or no memory. */
struct pt_inst *pt_inst_open(struct pt *pt, struct pt_stage *st);
void pt_inst_close(struct pt_inst *in);
/* A new instance takes the place of the one in the slot. */
void pt_reload(struct pt *pt, struct pt_slot *slot);

/* ---- events -----------------------------------------------------------------*/

struct pt_event *pt_event_new(struct pt *pt, const struct pt_record *r);
struct weir_value *pt_event_added(const struct pt_event *e);
struct pt_event *pt_event_free(struct pt_event *e);
/* Is this thread in a callback that must not log? */
extern _Thread_local bool pt_on_event_path;
/* grow() has no context: set in each thread that encodes. */
extern _Thread_local struct pt *pt_of_thread;
/* Waits for done(), to its deadline; the copy is given back. Its verdict. */
int pt_event_await(struct pt_event *e, bool *late);
/* Is it known whether a service is to fail this time? */
bool pt_fault(struct pt *pt);

/* ---- feeding ----------------------------------------------------------------*/

int pt_capture_load(struct pt *pt);
void pt_capture_free(struct pt *pt);
/* All workers, to the end. */
int pt_feed(struct pt *pt, unsigned threads, unsigned long repeat, size_t n_records);
/* Opens, feeds a little, closes, many times; tells what has grown. */
void pt_cycles(struct pt *pt);

/* ---- what is shown ----------------------------------------------------------*/

/* One line; only fields that a stage has added, or all of an emitted event. */
void pt_print_event(const struct pt_event *e);
void pt_check_values(const struct pt_event *e);
void pt_report(struct pt *pt);
