/* SPDX-License-Identifier: Apache-2.0 */
/* Of which workload an event is: a container's image, a unit of systemd, or a user. */
#pragma once

#include "pevent.h"
#include "pprofile.h"

enum pwork_kind { PWORK_CONTAINER, PWORK_UNIT, PWORK_USER, PWORK__MAX };

enum pwork_is {
	PWORK_NONE,
	PWORK_PENDING,	/* only the scope is known yet */
	PWORK_FOUND,
};

struct pwork {
	uint64_t scope;		/* of its processes: this container, this unit, this user */
	char name[PPROFILE_NAME];
	uint32_t name_len;
	const char *tag;	/* the version; of the event or constant */
	uint32_t tag_len;
};

/* PWORK__MAX: there is none of that name. */
enum pwork_kind pwork_kind_of(const char *name);
/* kinds: a bit each. */
enum pwork_is pwork_find(const struct pevent_conf *c, unsigned kinds, const struct weir_event *ev,
			 struct pwork *w);
