/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that addresses were asked for, by network namespace. One thread.
 * All memory is taken when it is made; when it is full, what was learnt longest
 * ago is forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <weir/wire.h>

#define DNSTAB_NAME	255u

struct dnstab;

struct dnstab_name {
	uint64_t expires_ns;
	bool cut;		/* longer than DNSTAB_NAME */
	uint8_t len;
	char text[DNSTAB_NAME];	/* lower case */
};

/* NULL: no memory. */
struct dnstab *dnstab_new(uint32_t max, uint64_t seed);
struct dnstab *dnstab_free(struct dnstab *t);

/* An address has the name that it was learnt with last. true: another made room. */
bool dnstab_learn(struct dnstab *t, uint32_t ns, const struct weir_ip *ip, const char *name,
		  uint32_t len, uint64_t expires_ns);
/* Valid until the next dnstab_learn; NULL: not known. */
const struct dnstab_name *dnstab_find(const struct dnstab *t, uint32_t ns,
				      const struct weir_ip *ip);
uint32_t dnstab_count(const struct dnstab *t);

/*
 * *to gets what *from has, up to its own size, and *from is empty then. It may
 * be that they change places.
 */
void dnstab_move(struct dnstab **to, struct dnstab **from);
