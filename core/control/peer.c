/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the kernel for a peer's credentials: those of the connect(2), which the
 * peer cannot choose. SO_PEERGROUPS exists since Linux 4.13.
 */
#include "control/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUPS_MAX	65536	/* NGROUPS_MAX of the kernel */

static bool has_group(int fd, gid_t group)
{
	socklen_t len = 64 * sizeof(gid_t);
	gid_t *list = malloc(len);
	bool found = false;
	size_t i;

	if (list && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len)) {
		/* Too small: the kernel has told how much it takes. */
		free(list);
		list = errno == ERANGE && len <= GROUPS_MAX * sizeof(gid_t) ? malloc(len) : NULL;
		if (list && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len))
			len = 0;
	}
	for (i = 0; list && i < len / sizeof(gid_t); i++)
		found |= list[i] == group;
	free(list);
	return found;
}

bool peer_allowed(int fd, gid_t group, uid_t *uid)
{
	struct ucred cred = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	socklen_t len = sizeof(cred);

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	*uid = cred.uid;
	if (cred.uid == 0 || cred.uid == geteuid())
		return true;
	return group != (gid_t)-1 && (cred.gid == group || has_group(fd, group));
}
