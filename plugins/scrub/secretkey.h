/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a name is that of a secret: db_password, X-Auth-Token, accessKey.
 * Constant once all words are added; no memory of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRETKEY_WORDS	512u
#define SECRETKEY_LEN	32u
#define SECRETKEY_PAIRS	1024u

enum secret_class {
	SECRET_NONE,
	SECRET_HARMLESS,	/* a name that ends so has no secret: password_file */
	SECRET_HINT,		/* a secret if the value looks like a key: --key, session= */
	SECRET_KEY,		/* of a long value the end may be shown */
	SECRET_PASSWORD,
};

/* Links are numbers of words, from 1 on; 0: no more. */
struct secretkey_word {
	uint16_t next;		/* that begins with the same two letters */
	uint16_t next_inner;	/* of these, that may begin within a word: PGPASSWORD */
	uint8_t cls;		/* enum secret_class */
	uint8_t len;
	char text[SECRETKEY_LEN];
};

struct secretkeys {
	uint32_t n;
	uint16_t first[SECRETKEY_PAIRS], first_inner[SECRETKEY_PAIRS];
	struct secretkey_word words[SECRETKEY_WORDS];
};

/*
 * Letters and digits; `_`, `-` and `.` are passed over, there and in names. A `*`
 * before it: may begin within a word. 0, or -1 and why.
 */
int secretkeys_add(struct secretkeys *k, const char *word, enum secret_class cls,
		   const char **why);
/* The strongest class of all words in it; NONE too if it ends in a harmless one. */
enum secret_class secretkeys_find(const struct secretkeys *k, const char *key, size_t len);
