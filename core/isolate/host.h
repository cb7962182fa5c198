/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of weir-plugin-host, the process of an isolated plugin. The main
 * thread makes all calls of the plugin; threads of the plugin's own may use
 * the services.
 */
#pragma once

#include <pthread.h>

#include "isolate/pack.h"
#include "isolate/shm.h"

struct call;

/* What is to be given up, before code of the plugin runs. */
struct jail {
	bool drop;
	uint32_t uid, gid;
	uint64_t memory;
	uint32_t daemon;
};

struct host {
	const struct shm_down *down;
	struct shm_up *up;
	struct ring ring, answers;
	uint64_t tail;			/* of requests */
	struct jail jail;

	const struct weir_plugin *def;
	void *inst;
	struct weir_setup setup;
	struct weir_host_id id;
	struct weir_schema schema;
	struct weir_handle *wants, *produces;
	uint32_t *emits;		/* types */
	unsigned n_added;
	const struct weir_field_def **added_defs;	/* by slot, from n_wire on */
	const char *plugin_name;

	struct call *spare;		/* main thread */
	bool kept;			/* the call in hand became a later one */
	bool closed;			/* sink */

	pthread_mutex_t lock;		/* answers */
	uint64_t head;
	uint32_t poked;
	struct pack scratch;
};

/* An event, as the plugin has it. */
struct call {
	struct weir_event ev;		/* first */
	struct host *host;
	uint64_t id;			/* of the event, or of the cause */
	uint32_t ticket;
	uint32_t emit;
	uint8_t *rec;			/* a copy; NULL: it lies in the ring */
	uint8_t *mem;
	size_t mem_len;
	struct weir_value *added;
};

extern const struct weir_host host_services;

/* ---- host_setup.c: what the core has written there -------------------------------*/

/* 0, or -1: it is not of our build. The jail, and where the rest begins. */
int setup_begin(struct host *h, struct unpack *u);
/* With the plugin's tables: everything open() gets. 0 or -1. */
int setup_end(struct host *h, struct unpack *u);

/* ---- host_jail.c, host_filter.c ----------------------------------------------------*/

/* 0; or -1, and what cannot be done in `why`. */
int jail_enter(const struct jail *j, char *why, size_t size);
int jail_filter(void);

/* ---- host_serve.c --------------------------------------------------------------------*/

/* Till the core says that it is to close. */
void serve(struct host *h);
/* A message with that payload. Any thread; waits for room. */
void answer(struct host *h, unsigned kind, uint64_t id, const void *p, size_t len);

/* ---- host_events.c ---------------------------------------------------------------------*/

/* One event from the ring through the plugin. */
void event_call(struct host *h, const struct msg *m);
