/* SPDX-License-Identifier: Apache-2.0 */
/* Where a value begins and ends, and whether it is a secret. For secret.c. */
#pragma once

#include "secret.h"

/* How a value stands in its text. */
enum secretvalue_form {
	SECRETVALUE_WORD,	/* up to a blank or what else ends it */
	SECRETVALUE_HEADER,	/* up to the quote that it is in, else the end of the line */
	SECRETVALUE_REST,	/* the rest of the argument, or up to `,name=` */
	SECRETVALUE_ARG,	/* the rest of the argument */
};

/* First NUL from `at` on, or the end. */
uint32_t secretvalue_arg_end(const struct secret_scan *s, uint32_t at);
/* The end of the word that `at` is in; a quote, a semicolon and their like end it. */
uint32_t secretvalue_word_end(const struct secret_scan *s, uint32_t at);
/*
 * The value at `at`, of a name of this class; *end: what is behind it. False: none, or
 * nobody's secret; what is in it may be others'.
 */
bool secretvalue_find(struct secret_scan *s, uint32_t at, enum secret_class cls,
		      enum secretvalue_form form, struct secret_range *r, uint32_t *end);
/* The password in what follows `://`, which is at `at`. */
bool secretvalue_url(struct secret_scan *s, uint32_t at, struct secret_range *r);
/* The key in what follows `-----BEGIN`, which ends at `at`. */
bool secretvalue_pem(const struct secret_scan *s, uint32_t at, struct secret_range *r);

static inline bool secretvalue_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool secretvalue_is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}
