/* SPDX-License-Identifier: Apache-2.0 */
/* The fields that the plugin reads and adds, and how they are read and set. */
#pragma once

#include <weir/plugin.h>

#include "adrift.h"
#include "alimit.h"

enum {
	AIN_TIME, AIN_PROGRAM, AIN_NAME, AIN_VERSION, AIN_STATE, AIN_TYPE, AIN_KNOWN, AIN_DRIFT,
	AIN_AGE,
	AIN_EVENTS, AIN_ITEM, AIN_KIND, AIN_PROCESS, AIN_PROCESS_KNOWN, AIN_NEAR, AIN_PROGRAMS,
	AIN_ITEM_ID,
	AIN_MODE, AIN_CREATE_MODE, AIN_NEW_MODE, AIN_OPEN_FLAGS,
	AIN_CONTAINER, AIN_CONTAINER_NAME, AIN_NAMESPACE, AIN_POD, AIN_UNIT, AIN_LABELS,
	AIN__MAX
};

enum {
	AOUT_REASON, AOUT_TYPE, AOUT_ITEM, AOUT_KIND, AOUT_PROCESS, AOUT_NEAR, AOUT_RARITY,
	AOUT_PROFILE,
	AOUT_VERSION, AOUT_AGE, AOUT_SERVICE, AOUT_TAGS, AOUT_CUT, AOUT_CUT_KINDS, AOUT_NEW,
	AOUT_NEW_ITEMS, AOUT_ID,
	AOUT__MAX
};

extern const struct weir_want afields_wants[AIN__MAX];
extern const struct weir_field_def afields_produces[AOUT__MAX];

struct afields {
	const struct weir_host *host;
	struct weir_handle in[AIN__MAX];
	struct weir_handle out[AOUT__MAX];
};

void afields_read(const struct afields *x, const struct weir_event *ev, struct afacts *f);
/* Whether it writes a file that can be executed, or one below one of these paths. */
bool afields_is_code(const struct afields *x, const struct weir_event *ev, const char *item,
		     const char *const *paths, uint32_t n_paths);
/* On `to`, which is of the plugin's own, what is said of `ev`. */
void afields_anomaly(const struct afields *x, struct weir_event *to, const struct weir_event *ev,
		     const struct afacts *f);
void afields_summary(const struct afields *x, struct weir_event *to, const struct alimit_window *w);
void afields_drift(const struct afields *x, struct weir_event *to, const struct adrift_report *r);
