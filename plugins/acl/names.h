/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of uids, gids and SIDs of domains: from a cache, which a thread fills that
 * asks NSS and winbind. What is not in it has no name this time. Functions are for the stage's thread, but for
 * open and close; none but those waits.
 */
#pragma once

#include <weir/helper.h>

#include "winbind.h"

#define NAMES_SETS	256u
#define NAMES_WAYS	4u
#define NAMES_WAITING	64u
#define NAME_MAX_LEN	128u

struct name_job;

enum name_state { NAME_EMPTY, NAME_ASKED, NAME_NONE, NAME_KNOWN };

enum name_kind { NAME_USER, NAME_GROUP, NAME_SID };

/* Bytes behind `size` are zeros. */
struct name_key {
	uint8_t kind;		/* enum name_kind */
	uint8_t size;
	uint8_t bytes[SID_MAX_SIZE];	/* an id as the host has it, or a SID */
};

struct name {
	struct name_key key;
	uint8_t state;		/* enum name_state */
	uint8_t len;
	uint64_t used, until;	/* the clock; monotonic ns */
	char text[NAME_MAX_LEN];
};

struct names {
	struct weir_helper helper;
	bool on;
	struct winbind *winbind;	/* NULL: SIDs have no names */
	uint32_t host_ns[2];	/* mount namespaces that have the host's accounts */
	uint64_t clock, n_asked;
	struct name_job *waiting[NAMES_WAITING];
	uint32_t n_waiting;
	struct name sets[NAMES_SETS][NAMES_WAYS];
};

/*
 * *n is zeros but for the winbind, which is closed with it. False: no thread. It
 * stays off in a replay.
 */
bool names_open(struct names *n, const struct weir_setup *setup);
void names_close(struct names *n);

/* What has been found out since goes into the cache. */
void names_take(struct names *n);
/* Are the accounts of a process in this mount namespace those of the host? */
bool names_fit(const struct names *n, uint32_t ns_mnt);
/* As words->put_id has it; ctx: the names. */
bool names_put(void *ctx, struct put *o, uint32_t id, bool group);
/* As sid_names->put has it. */
bool names_put_sid(void *ctx, struct put *o, const uint8_t *sid);
