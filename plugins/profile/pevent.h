/* SPDX-License-Identifier: Apache-2.0 */
/* What an event does, read from its fields. */
#pragma once

#include <weir/plugin.h>

#include "pitem.h"
#include "preduce.h"

enum {
	PEVENT_TIME, PEVENT_OUTCOME, PEVENT_KEY, PEVENT_PARENT_KEY, PEVENT_CHILD_KEY, PEVENT_START,
	PEVENT_PID, PEVENT_EUID, PEVENT_CAPS, PEVENT_CGROUP, PEVENT_EXE, PEVENT_ARGS, PEVENT_SCRIPT,
	PEVENT_FILE, PEVENT_MODE, PEVENT_TARGET, PEVENT_CREATE_MODE, PEVENT_NEW_MODE,
	PEVENT_OPEN_FLAGS,
	PEVENT_DNS_NAME, PEVENT_DNS_TYPE, PEVENT_PROTOCOL, PEVENT_SRC, PEVENT_DST, PEVENT_SPORT,
	PEVENT_DPORT, PEVENT_UNIX, PEVENT_SIGNAL, PEVENT_TARGET_EXE, PEVENT_MODULE, PEVENT_NEW_EUID,
	PEVENT_NEW_CAPS, PEVENT_NAMESPACES, PEVENT_FSTYPE,
	PEVENT_SYSCALL, PEVENT_CAPABILITY,
	PEVENT_IMAGE, PEVENT_TAG, PEVENT_CONTAINER, PEVENT_CONTAINER_ID, PEVENT_RUNTIME,
	PEVENT_UNIT,
	PEVENT_OWNER,
	PEVENT_WANTS
};

#define PEVENT_MORE	4u

extern const struct weir_want pevent_wants[PEVENT_WANTS];

struct pevent_conf {
	const struct weir_handle *in;	/* PEVENT_WANTS */
	unsigned dns_labels;
	unsigned bits4, bits6;		/* of the networks that are told apart */
};

/* Of one event; what the items point to is in it. */
struct pevent {
	struct pitem item, more[PEVENT_MORE];
	uint32_t n_more;
	char name[PREDUCE_ROOM(PTEXT_MAX)];
	char second[PREDUCE_ROOM(PTEXT_MAX)];
	char args[PREDUCE_ARGS];
	char caps[24];
	struct pitem_net net;
};

/* False: it is of no type that profiles know, or it lacks what it is about. */
bool pevent_read(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e);
/* The program of the acting process, as trails have it. Bytes written; 0: not known. */
uint32_t pevent_program(const struct pevent_conf *c, const struct weir_event *ev,
			char out[PREDUCE_ROOM(PTEXT_MAX)]);
