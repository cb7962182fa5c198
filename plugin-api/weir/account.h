/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of an account of the host, through NSS. It blocks for as long as NSS
 * likes, so it is for a thread beside the event path (<weir/helper.h>). This
 * header becomes part of the plugin: it is no part of the ABI.
 */
#pragma once

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum weir_account {
	WEIR_ACCOUNT_NONE,	/* there is no such account */
	WEIR_ACCOUNT_NAME,
	WEIR_ACCOUNT_CUT,	/* it has a longer name */
	WEIR_ACCOUNT_FAILED,	/* nobody could be asked */
};

#define WEIR_ACCOUNT_BUFFER	4096u
#define WEIR_ACCOUNT_BUFFER_MAX	(1u << 20)	/* for groups with very many members */

/* 0 or an errno; *name: NULL if there is none. */
static inline int weir_account_ask(uint32_t id, bool group, char *buf, size_t size,
				   const char **name)
{
	struct passwd pw, *user = NULL;
	struct group gr, *found = NULL;
	int r;

	if (group) {
		r = getgrgid_r((gid_t)id, &gr, buf, size, &found);
		*name = found ? found->gr_name : NULL;
	} else {
		r = getpwuid_r((uid_t)id, &pw, buf, size, &user);
		*name = user ? user->pw_name : NULL;
	}
	return r;
}

/* What getpwuid_r(3) calls "not found" has several names. */
static inline bool weir_account_is_none(int r)
{
	return !r || r == ENOENT || r == ESRCH || r == EBADF || r == EPERM;
}

/* The name, without a NUL, into text, and its length into *len. */
static inline enum weir_account weir_account_name(uint32_t id, bool group, char *text, size_t size,
						  size_t *len)
{
	size_t room = WEIR_ACCOUNT_BUFFER, n = 0;
	const char *name = NULL;
	char *buf;
	int r = ERANGE;

	for (; r == ERANGE && room <= WEIR_ACCOUNT_BUFFER_MAX; room *= 4) {
		buf = (char *)malloc(room);
		r = buf ? weir_account_ask(id, group, buf, room, &name) : ENOMEM;
		if (!r && name) {
			n = strlen(name);
			*len = n < size ? n : size;
			memcpy(text, name, *len);
		}
		free(buf);
	}
	if (r || !name)
		return weir_account_is_none(r) ? WEIR_ACCOUNT_NONE : WEIR_ACCOUNT_FAILED;
	return n > size ? WEIR_ACCOUNT_CUT : WEIR_ACCOUNT_NAME;
}

#ifdef __cplusplus
}
#endif
