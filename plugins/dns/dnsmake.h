/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: makes messages, right and wrong ones. */
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DNSMAKE_POINTER	"\300\014"	/* to the question's name */

struct dnsmake {
	uint8_t p[4096];
	size_t len;
};

static inline void dnsmake_put(struct dnsmake *m, const void *p, size_t n)
{
	if (n > sizeof(m->p) - m->len)
		abort();
	memcpy(m->p + m->len, p, n);
	m->len += n;
}

static inline void dnsmake_short(struct dnsmake *m, unsigned v)
{
	uint16_t net = htons((uint16_t)v);

	dnsmake_put(m, &net, 2);
}

/* Labels with dots between them; what begins with a pointer's byte goes in as it is. */
static inline void dnsmake_name(struct dnsmake *m, const char *name)
{
	uint8_t n;

	while (*name && (uint8_t)*name < 0xc0) {
		n = (uint8_t)strcspn(name, ".");
		dnsmake_put(m, &n, 1);
		dnsmake_put(m, name, n);
		name += n + (name[n] == '.');
	}
	dnsmake_put(m, name, *name ? 2 : 1);
}

static inline void dnsmake_head(struct dnsmake *m, unsigned flags, unsigned questions,
				unsigned answers)
{
	m->len = 0;
	dnsmake_short(m, 0x1234);
	dnsmake_short(m, flags);
	dnsmake_short(m, questions);
	dnsmake_short(m, answers);
	dnsmake_short(m, 0);
	dnsmake_short(m, 0);
}

static inline void dnsmake_question(struct dnsmake *m, const char *name, unsigned type)
{
	dnsmake_name(m, name);
	dnsmake_short(m, type);
	dnsmake_short(m, 1);
}

static inline void dnsmake_record(struct dnsmake *m, const char *name, unsigned type,
				  unsigned ttl, const void *data, size_t n)
{
	dnsmake_name(m, name);
	dnsmake_short(m, type);
	dnsmake_short(m, 1);
	dnsmake_short(m, ttl >> 16);
	dnsmake_short(m, ttl);
	dnsmake_short(m, (unsigned)n);
	dnsmake_put(m, data, n);
}

static inline void dnsmake_address(struct dnsmake *m, const char *name, unsigned ttl,
				   const char *ip)
{
	uint8_t a[16];
	int is6 = strchr(ip, ':') != NULL;

	if (inet_pton(is6 ? AF_INET6 : AF_INET, ip, a) != 1)
		abort();
	dnsmake_record(m, name, is6 ? 28 : 1, ttl, a, is6 ? 16 : 4);
}

static inline void dnsmake_alias(struct dnsmake *m, const char *name, unsigned ttl,
				 const char *target)
{
	struct dnsmake data = { .len = 0 };

	dnsmake_name(&data, target);
	dnsmake_record(m, name, 5, ttl, data.p, data.len);
}
