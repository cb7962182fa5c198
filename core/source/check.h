/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record check: the border behind which a record's offsets are trusted.
 */
#pragma once

#include <stddef.h>

enum check_reason {
	CHECK_OK,
	CHECK_E_SHORT,		/* not even the part that every record has */
	CHECK_E_SIZE,		/* tells another size than was delivered, or an odd one */
	CHECK_E_TYPE,		/* no such type */
	CHECK_E_FIXED,		/* smaller than the fixed part of its type */
	CHECK_E_CLASS,		/* not the class of its type */
	CHECK_E_STR,		/* a text lies outside of the tail */
	CHECK_E_STRV,		/* a list of texts does not end with a NUL */
	CHECK_E_IP,		/* no such address family */
	CHECK_E__MAX
};

/*
 * CHECK_OK or a reason to throw the record away. `rec` is aligned to eight
 * bytes and `size` of them may be read. Any thread.
 *
 * After CHECK_OK: base.size == size; every text that is present lies between
 * the fixed part and the end of the record; every list of texts is empty or
 * ends with a NUL. Values of enumerations and flags may be unknown ones: a
 * newer kernel may have them, and readers print the number.
 */
int check_record(const void *rec, size_t size);

/* For counters and messages: "size", "type" ... */
const char *check_reason_name(int reason);
