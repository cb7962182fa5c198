/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of callback entries: tokens in postfix order, as they are stored.
 * That form is kept; cond_check says whether it can be read, and all others
 * take only what it has passed, or what cond_parse has made.
 */
#pragma once

#include "put.h"

#define COND_MAX_SIZE	10000
#define COND_MAX_TOKENS	2000

enum cond_code {
	COND_PAD = 0x00, COND_INT8 = 0x01, COND_INT16 = 0x02, COND_INT32 = 0x03,
	COND_INT64 = 0x04, COND_TEXT = 0x10, COND_OCTETS = 0x18, COND_LIST = 0x50,
	COND_SID = 0x51, COND_EQUAL = 0x80, COND_NOT_EQUAL, COND_LESS, COND_LESS_EQUAL,
	COND_GREATER, COND_GREATER_EQUAL, COND_CONTAINS, COND_EXISTS, COND_ANY_OF,
	COND_MEMBER_OF, COND_DEVICE_MEMBER_OF, COND_MEMBER_OF_ANY, COND_DEVICE_MEMBER_OF_ANY,
	COND_NOT_EXISTS, COND_NOT_CONTAINS, COND_NOT_ANY_OF, COND_NOT_MEMBER_OF,
	COND_NOT_DEVICE_MEMBER_OF, COND_NOT_MEMBER_OF_ANY, COND_NOT_DEVICE_MEMBER_OF_ANY,
	COND_AND = 0xa0, COND_OR = 0xa1, COND_NOT = 0xa2, COND_LOCAL = 0xf8, COND_USER = 0xf9,
	COND_RESOURCE = 0xfa, COND_DEVICE = 0xfb,
};

/* What a token is; operators by the number of values that they take. */
enum cond_class { COND_C_NONE, COND_C_LITERAL, COND_C_NAME, COND_C_UNARY, COND_C_BINARY };

struct cond_token {
	uint8_t code;
	uint8_t class;		/* enum cond_class */
	struct acl_bytes data;	/* behind code and length */
};

/* Bytes of the token at p; 0: its data is not all there; -1: no such token. */
int cond_token(const uint8_t *p, size_t n, struct cond_token *t);

/*
 * `data` is what follows "artx". 0, and the tokens without padding; or
 * ACL_E_RULE with C0 too long, C1 a literal that leads outside or is none, C2 an
 * unknown token, C3 padding, C4 operators and values do not match.
 */
int cond_check(struct acl *a, struct acl_bytes data, struct acl_bytes *tokens);

/* "==", "Member_of"; of operators only. */
const char *cond_operator(unsigned code);
/* The operator that begins the text, its length in *n; 0: none. */
unsigned cond_operator_find(const char *s, size_t len, size_t *n);

/* ---- condtext.c: what has passed cond_check, as text ----------------------------*/

/* "(@USER.Title == \"PM\")", as SDDL has it. False: no memory. */
bool cond_put(struct put *o, struct acl_bytes tokens, struct acl_arena *scratch);
/* One token for the list of section 10: "@USER.Title", "5", "==". */
void cond_put_token(struct put *o, const struct cond_token *t);

/* ---- condparse.c ------------------------------------------------------------------*/

/*
 * "(...)" at the beginning of the text. 0, what it took and the tokens, which
 * are in the arena; or ACL_E_RULE with S8.
 */
int cond_parse(struct acl *a, const char *s, size_t n, const struct acl_context *ctx,
	       struct acl_arena *arena, struct acl_bytes *tokens, size_t *used);
