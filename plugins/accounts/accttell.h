/* SPDX-License-Identifier: Apache-2.0 */
/* The event `account`: its fields, and how one is made. */
#pragma once

#include <weir/plugin.h>

#include "acctdiff.h"
#include "acctset.h"

enum {
	ACCTTELL_KIND, ACCTTELL_ACTION, ACCTTELL_NAME, ACCTTELL_ID, ACCTTELL_OLD_ID,
	ACCTTELL_CHANGES, ACCTTELL_FILE, ACCTTELL_SOURCE,
	ACCTTELL_FIELDS
};

extern const struct weir_field_def accttell_fields[ACCTTELL_FIELDS];

struct accttell {
	const struct weir_host *host;
	void *ctx;
	struct weir_handle out[ACCTTELL_FIELDS];
};

/*
 * Makes number 0 of the plugin's `emits`. cause: NULL if nobody is known. 0, or
 * -1: the core had no room for it.
 */
int accttell_send(const struct accttell *t, const struct acctset *set, enum acct_file file,
		  const char *action, const struct weir_event *cause, const struct acctdiff *d);
