/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody looks on: events as the first serializer encoded them, for those
 * who asked. A tap is what the collector reads; it is made anew for each change
 * of who looks on, published in the services, and retired by epoch.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

#include "queue/epoch.h"

struct chain;
struct evq;
struct filter;

#define TAP_CLIENTS	4u

/* Control side, but for `dropped`: written by the collector, read by any. */
struct tap_client {
	uint64_t types[WEIR_EV_MAX / 64];
	struct filter *filter;	/* NULL: all */
	uint64_t dropped;	/* the ring was full */
};

struct tap {
	struct epoch_entry entry;	/* first */
	struct tap_client *clients[TAP_CLIENTS];	/* NULL: none there */
	struct evq *ring;	/* of struct tap_line, to the control side; not owned */
	void (*wake)(void *arg);
	void *arg;
	bool dirty;
	uint32_t serial;	/* grows with each change of who looks on */
};

/* free() it. */
struct tap_line {
	uint32_t clients;	/* one bit for each */
	uint32_t serial;	/* of the tap */
	uint32_t len;
	char text[];
};

/* The collector: an event that has gone through the chain c. */
void tap_event(struct tap *tap, const struct chain *c, const struct weir_event *ev);
/* The collector, after a batch. */
void tap_wake(struct tap *tap);
