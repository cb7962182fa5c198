/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as bytes, the same on all machines: a head with version, length and checksum,
 * then numbers of variable length and texts. README.md describes it.
 */
#pragma once

#include "pprofile.h"

#define PFORMAT_HEAD	32u
#define PFORMAT_MAX	(256u << 20)	/* bytes of a file */

/* Where and why it was refused. */
struct pformat_error {
	size_t at;
	const char *what;
};

/* Whether a node may stand below one of kind `parent`, and may have such a name. */
bool pformat_is_in_place(const struct pkey *key, uint8_t parent);
/* 0 and malloc'ed bytes; -ENOMEM. */
int pformat_write(const struct pprofile *p, uint32_t now_s, uint8_t **out, size_t *len);
/*
 * 0; -EINVAL and *e; -ENOMEM. The profile is bounded by max_size (0: it is not): what does
 * not fit makes room, rarest first. *saved_s: when it was written.
 */
int pformat_read(const uint8_t *p, size_t len, uint64_t max_size, uint64_t seed,
		 struct pprofile **out, uint32_t *saved_s, struct pformat_error *e);
