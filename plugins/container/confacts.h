/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime knows of a container: first a draft, which is filled in and
 * bounded, then a block that does not change any more and is shared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

#include "cgpath.h"

#define CONFACTS_LABELS	64u
#define CONFACTS_TEXT	16384u		/* of all texts */
#define CONFACTS_LONG	1024u		/* of one */

enum confact {
	CONFACT_NAME, CONFACT_IMAGE, CONFACT_TAG,
	CONFACT_POD_NAME, CONFACT_POD_NAMESPACE, CONFACT_POD_UID,
	CONFACT__MAX
};

struct confacts_text {
	uint32_t at, len;
	bool there, cut;
};

struct confacts_draft {
	enum cgruntime runtime;		/* whose file told it */
	struct confacts_text facts[CONFACT__MAX];
	struct confacts_text labels[CONFACTS_LABELS][2];
	uint32_t n_labels, used;
	bool more_labels;		/* than fit */
	char text[CONFACTS_TEXT];
};

struct confacts {
	uint32_t refs;
	uint32_t size;			/* of the whole block */
	enum cgruntime runtime;
	const char *reason;		/* NULL: known; else a constant text */
	struct weir_value facts[CONFACT__MAX];
	struct weir_value labels;	/* absent or rows of name and value */
	struct weir_list list;
	struct weir_value values[];	/* then the texts */
};

/* The first of a kind counts; an empty text is none. */
void confacts_add(struct confacts_draft *d, enum confact f, const char *text, size_t len);
/* A reference: [REGISTRY/]NAME[:TAG][@DIGEST]. */
void confacts_add_image(struct confacts_draft *d, const char *ref, size_t len);
void confacts_add_label(struct confacts_draft *d, const char *name, size_t name_len,
			const char *value, size_t value_len);
/* With one reference; NULL: no memory. `reason`: NULL, or why nothing is known. */
struct confacts *confacts_new(const struct confacts_draft *d, const char *reason);
/* Any thread. */
struct confacts *confacts_ref(struct confacts *f);
/* NULL, always; f may be NULL. */
struct confacts *confacts_unref(struct confacts *f);
