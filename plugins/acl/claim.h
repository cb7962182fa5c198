/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claim behind a resource attribute entry, in its stored form; and SDDL's
 * ("Name",TS,0x0,"a","b") both ways.
 */
#pragma once

#include "put.h"

enum claim_type {
	CLAIM_INT = 1, CLAIM_UINT = 2, CLAIM_TEXT = 3, CLAIM_SID = 5, CLAIM_BOOL = 6,
	CLAIM_OCTETS = 16,
};

/* 0 or ACL_E_RULE with V9. */
int claim_check(struct acl *a, struct acl_bytes c);

/* Of what has passed claim_check. */
struct claim {
	struct acl_bytes all;
	struct acl_bytes name;	/* UTF-16LE */
	const char *type;	/* "TS" */
	uint16_t number;	/* enum claim_type */
	uint32_t flags;
	uint32_t n;
};

void claim_open(struct claim *c, struct acl_bytes all);
/* The i-th as plain text: a number, the text itself, a SID, hex. */
void claim_put_value(struct put *o, const struct claim *c, uint32_t i);
void claim_put_sddl(struct put *o, const struct claim *c);

/* As cond_parse; ACL_E_RULE with S9. */
int claim_parse(struct acl *a, const char *s, size_t n, const struct acl_context *ctx,
		struct acl_arena *arena, struct acl_bytes *claim, size_t *used);
