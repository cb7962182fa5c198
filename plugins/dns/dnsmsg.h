/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DNS message as far as answers go: header, questions, answer section. It
 * relies on nothing that the message says, and takes a bounded time.
 */
#pragma once

#include <weir/wire.h>

#include "dnsdata.h"

/* More answers than a message of 1232 bytes can hold. */
#define DNSMSG_ANSWERS	112u
#define DNSMSG_POOL	32768u
#define DNSMSG_LINKS	16u	/* of a chain of CNAMEs */
#define DNSMSG_REPLY	0x8000u
#define DNSMSG_OPCODE	0x7800u
#define DNSMSG_RCODE	0x000fu

struct dnsmsg_text {
	const char *p;
	uint32_t len;
};

struct dnsmsg_answer {
	struct dnsmsg_text name;
	struct dnsmsg_text data;
	struct weir_ip ip;	/* family 0: not an address */
	uint32_t ttl;		/* seconds */
	uint16_t type;
	uint16_t class;
};

struct dnsmsg {
	uint16_t flags;
	uint16_t n_questions;
	uint16_t qtype, qclass;
	struct dnsmsg_text question;	/* the first; p NULL: none */
	uint32_t n_answers;
	struct dnsmsg_answer answers[DNSMSG_ANSWERS];
	uint32_t used;
	char pool[DNSMSG_POOL];		/* the texts */
};

enum dnsmsg_end {
	DNSMSG_WHOLE,
	DNSMSG_CUT,	/* what was there, or found room, is read */
	DNSMSG_BAD,	/* read up to what is no DNS */
};

/* `cut`: these are only the first `len` bytes of the message. */
enum dnsmsg_end dnsmsg_read(struct dnsmsg *m, const uint8_t *p, size_t len, bool cut);

/* Equal but for upper and lower case. */
bool dnsmsg_same(const struct dnsmsg_text *a, const struct dnsmsg_text *b);

/*
 * The name that the question's name stands for in the end (CNAME), and the
 * shortest time that the way there holds.
 */
const struct dnsmsg_text *dnsmsg_canonical(const struct dnsmsg *m, uint32_t *ttl);
