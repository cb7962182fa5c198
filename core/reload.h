/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one configuration to the next, without a pause. The new one is built,
 * opened and started beside the old one; the collector takes it between two
 * batches; what the old one alone had ends by itself. Whatever fails on the
 * way, the old one goes on untouched. Control thread, unless said otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/diag.h"

struct daemon;

struct reload_row {
	const char *chain, *name, *plugin, *version;
	const char *result;	/* "kept", "adopted", "cold", "added", "removed" */
	const char *note;	/* "" */
};

struct reload_report {
	bool ok;
	bool dry;
	unsigned trigger;	/* enum weir_config_trigger */
	unsigned generation;	/* in force now */
	char digest[20];
	uint64_t duration_ns, pause_ns;
	struct reload_row *rows;
	size_t n_rows;
	char draining[256];	/* who has not ended by the deadline; "": nobody */
	struct diag diag;
};

/* The first configuration: opened and its threads started; what is wrong is logged. */
int reload_start(struct daemon *dm);
/* Reads the files and puts them in force; dry: says what that would do. */
void reload_run(struct daemon *dm, unsigned trigger, bool dry,
		struct reload_report *report);
void reload_report_fini(struct reload_report *report);

/* ---- wishes of other threads -----------------------------------------------------------*/

struct reload_wish {
	struct reload_wish *next;
	bool dry;
	/* Control thread; frees the wish. report == NULL: the daemon ends. */
	void (*done)(struct reload_wish *w, const struct reload_report *report);
};

/* Any thread. Wishes that wait for a run share it. */
void reload_ask(struct daemon *dm, struct reload_wish *w);
void reload_answer_wishes(struct daemon *dm, bool ending);
