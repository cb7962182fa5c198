/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a unix socket. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Root, our own uid, or a member of the group, by its primary or by any other
 * gid; (gid_t)-1: of no group. As the kernel recorded it when it connected.
 */
bool peer_allowed(int fd, gid_t group, uid_t *uid);
