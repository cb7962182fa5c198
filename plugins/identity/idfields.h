/* SPDX-License-Identifier: Apache-2.0 */
/* The fields that the enricher reads and adds. */
#pragma once

#include <stdbool.h>

#include <weir/plugin.h>

#include "idkey.h"

/* Names; the wanted id and the produced name have the same number. */
enum {
	IDFIELD_USER, IDFIELD_GROUP, IDFIELD_EUSER, IDFIELD_EGROUP, IDFIELD_SUSER, IDFIELD_LOGIN,
	IDFIELD_OWNER, IDFIELD_FILE_GROUP, IDFIELD_NEW_OWNER, IDFIELD_NEW_GROUP,
	IDFIELD_CRED_USER, IDFIELD_CRED_EUSER, IDFIELD_CRED_GROUP, IDFIELD_CRED_EGROUP,
	IDFIELD_TARGET_USER, IDFIELD_TARGET_EUSER,
	IDFIELD_NAMES
};

/* What else is wanted, and what else is produced. */
enum {
	IDFIELD_IN_TIME = IDFIELD_NAMES, IDFIELD_IN_MNT, IDFIELD_IN_USER_NS, IDFIELD_IN_PID,
	IDFIELD_IN_PPID, IDFIELD_IN_CGROUP, IDFIELD_IN_PATH, IDFIELD_IN_TARGET,
	IDFIELD_IN_TYPES, IDFIELD_IN_VIA, IDFIELD_IN_NEW_MNT,
	IDFIELD_WANTS
};
enum { IDFIELD_SOURCE = IDFIELD_NAMES, IDFIELD_PRODUCES };

struct idfield {
	enum idkind kind;
	bool of_host;	/* always an account of the host */
};

extern const struct idfield idfields[IDFIELD_NAMES];
extern const struct weir_want idfield_wants[IDFIELD_WANTS];
extern const struct weir_field_def idfield_produces[IDFIELD_PRODUCES];
