/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a resource record as text, as a zone file would have it. */
#pragma once

#include "dnsname.h"

enum dnsdata_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_DNAME = 39,
	DNS_SPF = 99,
};
#define DNS_CLASS_IN	1u

/*
 * Appends the data that lie from `at` to `end` of a message, of which `end`
 * bytes are there. Types that are not known, and other classes than IN, as
 * \# LENGTH HEX (RFC 3597). DNSNAME_BAD: it is not as its type wants it.
 */
enum dnsname_result dnsdata_put(struct dnsbuf *b, const uint8_t *msg, size_t at, size_t end,
				uint16_t type, uint16_t class);
