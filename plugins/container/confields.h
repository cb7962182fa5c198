/* SPDX-License-Identifier: Apache-2.0 */
/* The fields that the enricher reads and adds, and how they are set. */
#pragma once

#include <weir/plugin.h>

#include "confacts.h"
#include "conname.h"

enum {
	CONFIELD_IN_TIME, CONFIELD_IN_CGROUP, CONFIELD_IN_ID, CONFIELD_IN_PATH,
	CONFIELD_IN_HIERARCHY,
	CONFIELD_WANTS
};

enum {
	CONFIELD_PATH, CONFIELD_ID, CONFIELD_RUNTIME, CONFIELD_NAME, CONFIELD_IMAGE, CONFIELD_TAG,
	CONFIELD_LABELS, CONFIELD_STATE, CONFIELD_REASON, CONFIELD_ORCHESTRATOR,
	CONFIELD_NAMESPACE, CONFIELD_POD_NAME, CONFIELD_POD_UID, CONFIELD_UNIT, CONFIELD_SLICE,
	CONFIELD_SESSION, CONFIELD_USER_UNIT, CONFIELD_OWNER,
	CONFIELD_PRODUCES
};

extern const struct weir_want confield_wants[CONFIELD_WANTS];
extern const struct weir_field_def confield_produces[CONFIELD_PRODUCES];

enum conview_state { CONVIEW_PENDING, CONVIEW_RESOLVED, CONVIEW_UNKNOWN };

/* What there is to say of an event. It has to stay as long as the event. */
struct conview {
	enum conview_state state;
	const char *reason;		/* of UNKNOWN; constant */
	const char *path;		/* NULL: not known, as the next */
	uint32_t path_len;
	const struct cgpath *parsed;
	const struct conname *name;	/* NULL: no container */
	const struct confacts *facts;	/* NULL: not known */
};

void confields_set(const struct weir_handle *out, struct weir_event *ev, const struct conview *v);
