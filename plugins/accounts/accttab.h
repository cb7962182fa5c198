/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of one file of accounts. Immutable once parsed. Holds no password
 * and no hash of one, only a keyed number that differs if they do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum acct_file { ACCT_PASSWD, ACCT_SHADOW, ACCT_GROUP, ACCT_GSHADOW, ACCT__MAX };

#define ACCT_ID_NONE	UINT32_MAX

enum acct_password {
	ACCT_PW_NONE,		/* empty: no password is asked for */
	ACCT_PW_ELSEWHERE,	/* x: in the shadow file */
	ACCT_PW_UNUSABLE,	/* no hash: nobody can log in with a password */
	ACCT_PW_SET,
};

/* Numbers of shadow; -1: empty. Days since 1970, or days. */
enum acct_number {
	ACCT_LAST_CHANGE, ACCT_MIN, ACCT_MAX, ACCT_WARN, ACCT_INACTIVE, ACCT_EXPIRE,
	ACCT_NUMBERS
};

struct acct {
	const char *name;
	const char *gecos, *home, *shell;	/* passwd; else "" */
	const char *members, *admins;		/* group, gshadow: with commas; else "" */
	uint32_t id, gid;			/* passwd, group; else ACCT_ID_NONE */
	uint32_t line;
	uint8_t password;			/* enum acct_password */
	bool locked;				/* ! before it */
	uint64_t secret;			/* of what follows the ! */
	int64_t numbers[ACCT_NUMBERS];
};

struct accttab {
	char *text;		/* all names, without passwords */
	size_t text_len;
	struct acct *accts;	/* by name */
	uint32_t n;
	uint32_t n_malformed, n_nis, n_duplicates, n_nul;
};

enum accttab_result { ACCTTAB_OK, ACCTTAB_TOO_MANY, ACCTTAB_NO_MEMORY };

/*
 * Takes what glibc would take, and no less: else an entry could be made that
 * works and is not seen. The text is not changed. key: for the secrets, two
 * tables can be compared if they have the same.
 */
enum accttab_result accttab_parse(enum acct_file file, const char *text, size_t len,
				  uint32_t max, const uint64_t key[2], struct accttab **tab);
/* NULL if there is none. */
const struct acct *accttab_find(const struct accttab *t, const char *name);
/* NULL, always; t may be NULL. */
struct accttab *accttab_free(struct accttab *t);
