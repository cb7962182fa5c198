/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name in a DNS message (RFC 1035, 4.1.4) as text. A pointer has to lead to
 * what is before the part that it ends, so that reading comes to an end.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dnsbuf.h"

#define DNSNAME_WIRE	255u	/* bytes of a name in a message, its end included */

enum dnsname_result {
	DNSNAME_OK,
	DNSNAME_SHORT,	/* the message ends before the name */
	DNSNAME_BAD,
};

/*
 * Appends the name at `at`; *next is the place behind it. Letters, digits, -
 * and _ as they are, other bytes as \DDD; the root is a dot. Whatever is
 * appended in case of an error stays.
 */
enum dnsname_result dnsname_put(struct dnsbuf *b, const uint8_t *msg, size_t len, size_t at,
				size_t *next);
