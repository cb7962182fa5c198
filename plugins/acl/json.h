/* SPDX-License-Identifier: Apache-2.0 */
/* What was decoded, as one JSON object in one line. */
#pragma once

#include "put.h"

/*
 * Members of the object, without braces, so that the caller can add its own.
 * was: the state before, of a mode; else NULL.
 */
void json_put_acl(struct put *o, const struct acl *a, const struct acl *was);
/* "error" and "rule" of one that could not be decoded, likewise. */
void json_put_fault(struct put *o, const struct acl *a);

/* ---- jsonace.c: pieces -----------------------------------------------------------*/

void json_put_aces(struct put *o, const struct acl *a);
/* The next of a list of words; *n counts them. */
void json_put_item(struct put *o, unsigned *n, const char *word);
/* The same of a bit that has no name. */
void json_put_bit(struct put *o, unsigned *n, uint64_t bit);
/* Its text, or null. */
void json_put_sid(struct put *o, const struct sid *s);
/* "uid:0" */
void json_put_number(struct put *o, const char *prefix, uint32_t id);
