/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's instance, and what it does with an event; acl.c has the tables
 * and the life of an instance.
 */
#pragma once

#include <weir/plugin.h>

#include "memo.h"
#include "names.h"
#include "sidmap.h"
#include "sight.h"
#include "tell.h"

#define NTACL_MAX	16

enum {
	IN_OUTCOME, IN_INODE, IN_DEV, IN_MODE, IN_UID, IN_GID, IN_NLINK, IN_CHMOD_OLD,
	IN_CHMOD_NEW, IN_CHOWN_OLD_UID, IN_CHOWN_OLD_GID, IN_CHOWN_UID, IN_CHOWN_GID,
	IN_XATTR_NAME, IN_XATTR_VALUE, IN_XATTR_SIZE, IN_XATTR_FLAGS, IN_ACL_KIND,
	IN_ACL_ACTION, IN_ACL_VALUE, IN_ACL_OLD, IN_ACL_OLD_STATE, IN_CHATTR_OLD, IN_CHATTR_NEW,
	IN_GENERATION, IN_TIME, IN_PID, IN_PATH, IN_FILE_FLAGS, IN_EXE_PATH, IN_EXE_INODE,
	IN_EXE_DEV, IN_NS_MNT, IN__MAX
};

enum {
	OUT_FORMAT, OUT_STATUS, OUT_RULE, OUT_SUMMARY, OUT_TEXT, OUT_OLD_STATUS, OUT_OLD_TEXT,
	OUT_CHANGE, OUT_RISK, OUT__MAX
};

enum {
	N_CHANGES, N_OLD_UNKNOWN, N_MALFORMED, N_TRUNCATED, N_TOO_LARGE, N_NO_ROOM, N_ENTRIES,
	N_EVICTED, N_READ, N_UNREAD, N_UNSEEN, N_WAITING, N_NAMES,
};

struct acl_plugin {
	const struct weir_host *host;
	uint64_t *counters;
	struct memo *memo;
	struct sight sight;
	struct names names;
	struct sidmap sids;
	struct words words;
	struct acl_arena arena;		/* of states; empty at each event */
	struct acl_arena scratch;	/* of words */
	uint64_t min_size, max_size, max_text;
	char *ntacl[NTACL_MAX];	/* further names */
	uint32_t n_ntacl;
	struct weir_handle in[IN__MAX], out[OUT__MAX];
	struct tell tell;
};

/* Sets the fields, if the event is a change that this instance tells of. */
void change_run(struct acl_plugin *x, struct weir_event *ev);
