/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of values in which the secrets are hidden. */
#pragma once

#include <weir/plugin.h>

#include "scrubfield.h"
#include "scrubseen.h"
#include "secret.h"

struct scrubval {
	const struct secretkeys *keys;
	struct scrubseen *seen;
	/* Memory that lasts as long as the event; NULL: none. */
	void *(*alloc)(struct weir_event *ev, size_t n);
	struct weir_event *ev;
	uint8_t *record;	/* WEIR_REC_MAX bytes, for a text of the record; else NULL */
	uint64_t n[SECRET_RULE__MAX];	/* found, added to */
	uint64_t n_full;	/* values that are gone because there was no memory */
};

/*
 * False: there is no secret in it. Else *out is the value to be shown; without memory
 * for it, one of status WEIR_ERROR that holds nothing.
 */
bool scrubval_hide(struct scrubval *s, const struct scrubfield *f, const struct weir_value *v,
		   struct weir_value *out);
