/* SPDX-License-Identifier: Apache-2.0 */
/* What the path of a cgroup tells. Pure: the texts are parts of the path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CGPATH_MAX	4096u	/* bytes of a path; longer ones are not parsed */
#define CGPATH_UID_NONE	UINT32_MAX

enum cgruntime {
	CGRUNTIME_NONE,		/* no container */
	CGRUNTIME_DOCKER,
	CGRUNTIME_CONTAINERD,
	CGRUNTIME_CRIO,
	CGRUNTIME_PODMAN,
	CGRUNTIME_LXC,
	CGRUNTIME_NSPAWN,
	CGRUNTIME_RUNC,		/* by hand, or by who says no other name */
	CGRUNTIME_ANY,		/* a container, but the path does not say whose */
	CGRUNTIME_MAYBE,	/* perhaps: only a runtime can tell */
	CGRUNTIME__MAX
};

struct cgtext {
	const char *p;
	uint32_t len;		/* 0: absent */
};

struct cgpath {
	enum cgruntime runtime;
	struct cgtext id;	/* of the innermost container; escaped as it is in the path */
	struct cgtext pod;	/* uid of its pod, perhaps with _ for - */
	/* Of the innermost systemd: within a container that of the container. */
	struct cgtext slice, unit, user_unit, session;
	uint32_t uid;		/* of user-UID.slice, also around a container */
	uint64_t scope;		/* of MAYBE: differs if the folder around the id does; else 0 */
};

void cgpath_parse(const char *path, size_t len, struct cgpath *out);
/* \xHH becomes a byte. Returns the length; never longer than the text. */
size_t cgpath_unescape(const struct cgtext *t, char *to, size_t cap);
/* "docker", "cri-o" ...; "" for NONE, ANY and MAYBE. */
const char *cgruntime_name(enum cgruntime r);
