/* SPDX-License-Identifier: Apache-2.0 */
/* An instance of the plugin: what its event path (profile.c) and its commands share. */
#pragma once

#include <pthread.h>

#include "pbind.h"
#include "pdesk.h"
#include "pevent.h"
#include "pfields.h"
#include "pkeep.h"
#include "pnews.h"
#include "pproc.h"
#include "precord.h"

/* The event path's, but for what is said to be of any thread. */
struct profile {
	const struct weir_setup *setup;	/* any thread */
	struct pkeep keep;		/* of any thread: conf, store */
	struct pprocs *procs;
	struct pbinds *binds;
	struct pnews *news;
	struct precords records;
	struct precorders *recorders;	/* any thread */
	uint32_t record_permille;	/* of the time that a recording may take */
	pthread_mutex_t lock;		/* of desk, which adopt() changes */
	struct pdesk *desk;
	struct pprofile_conf conf;	/* any thread */
	struct pevent_conf read;
	struct pfields fields;
	unsigned workloads;
	uint32_t now_s;			/* of the last event, or of the last tick; written atomically */
	bool live;
	uint64_t *counters;
	struct weir_handle in[PEVENT_WANTS];
	struct pevent event;
	char path[PREDUCE_ROOM(PTEXT_MAX)];
};
