/* SPDX-License-Identifier: Apache-2.0 */
/* The fields that the plugin adds, and how they are set. */
#pragma once

#include <weir/plugin.h>

#include "pprofile.h"

enum {
	PFIELD_NAME, PFIELD_VERSION, PFIELD_STATE, PFIELD_TYPE, PFIELD_KNOWN, PFIELD_DRIFT,
	PFIELD_AGE,
	PFIELD_EVENTS, PFIELD_ITEM, PFIELD_ITEM_KIND, PFIELD_PROCESS, PFIELD_PROCESS_KNOWN,
	PFIELD_NEAR,
	PFIELD_PROGRAMS, PFIELD_ITEM_ID,
	PFIELD_PRODUCES
};

extern const struct weir_field_def pfield_produces[PFIELD_PRODUCES];

#define PFIELDS_ID	17u	/* bytes of an item's number as text */

struct pfields {
	const struct weir_host *host;
	struct weir_handle out[PFIELD_PRODUCES];
};

/* `out`. */
char *pfields_id(uint64_t id, char out[PFIELDS_ID]);
/* The profile is being loaded: what it has to say is not there. */
void pfields_loading(const struct pfields *f, struct weir_event *ev, const char *name,
		     uint32_t len);
/* Of an event that profiles know nothing of: whose it is. */
void pfields_whose(const struct pfields *f, struct weir_event *ev, const struct pprofile *p,
		   uint8_t version,
		   uint32_t now_s);
/* id: of pnews_id(), of what is to be told; 0: none. */
void pfields_answer(const struct pfields *f, struct weir_event *ev, const struct pprofile *p,
		    const struct pprofile_ask *ask, const struct pprofile_answer *a, uint64_t id);
