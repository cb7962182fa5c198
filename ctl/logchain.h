/* SPDX-License-Identifier: Apache-2.0 */
/* What the seals of a log prove, line by line. */
#pragma once

#include "logfaults.h"
#include "plugins/sink/seal.h"

struct logchain {
	struct sealer *sealer;		/* of the key, or of none */
	bool keyed, blind;		/* blind: HMACs, and no key: numbers alone are looked at */
	struct logfaults *faults;
	bool begun;
	struct seal at;			/* as the last line in its place says */
	struct logplace place;		/* of that line */
	struct loggaps gaps;
	/* Lines behind each other that came late: told as one. */
	struct { uint64_t from, to, behind; struct logplace at; } late;
	uint64_t n_sealed, n_unsealed, first;
	uint64_t before;		/* of those without seal, before the chain begins */
	struct logplace unsealed;	/* the last of these */
};

/* `key` NULL: none. False: no memory. */
bool logchain_init(struct logchain *c, const void *key, size_t len, struct logfaults *faults);
/* One line; it is written to and put back. */
void logchain_line(struct logchain *c, char *line, size_t len, struct logplace at);
/*
 * After the last line: gaps, and what the anchor beside `path` says. `oldest`: the first file's
 * number.
 */
void logchain_end(struct logchain *c, const char *path, uint64_t oldest);
void logchain_fini(struct logchain *c);
