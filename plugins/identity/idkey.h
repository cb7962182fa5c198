/* SPDX-License-Identifier: Apache-2.0 */
/* An id, the accounts that it belongs to, and what they say of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IDNAME_MAX	256u	/* bytes of a name */

enum idkind { ID_USER, ID_GROUP };

/* Without holes. Of the host: namespaces and cgroup are 0. */
struct idkey {
	uint32_t mnt, user;	/* namespaces: their numbers are used again */
	uint32_t id;		/* as the initial user namespace has it */
	uint32_t kind;		/* enum idkind */
	uint64_t cgroup;	/* tells containers apart that had the same numbers */
};

static inline bool idkey_is(const struct idkey *a, const struct idkey *b)
{
	return a->id == b->id && a->kind == b->kind && a->mnt == b->mnt && a->user == b->user &&
	       a->cgroup == b->cgroup;
}

enum idstate {
	IDNAME_NONE,		/* there is no such account */
	IDNAME_KNOWN,
	IDNAME_CUT,		/* known, but longer */
	IDNAME_FAILED,		/* nobody could be asked */
};

/* Whose accounts they are. */
enum idsource {
	IDSOURCE_HOST,		/* those of the host, whatever NSS says */
	IDSOURCE_OWN,		/* files of the process's mount namespace */
	IDSOURCE_MAPPED,	/* the same, with the id of its user namespace */
	IDSOURCE_UNKNOWN,
};

struct idanswer {
	uint8_t state;		/* enum idstate */
	uint8_t source;		/* enum idsource */
	uint16_t len;
	char text[IDNAME_MAX];
};
