/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tables (struct weir_option, of plugins and of the core itself): a
 * group of the configuration checked against one, and its description.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <weir/plugin.h>

#include "conf/mem.h"

struct conf_node;
struct diag;

/*
 * vals[i] belongs to table[i]; there is memory at vals even if n is 0. An
 * option that is neither set nor has a default reads 0, NULL and 0 (a
 * STRLIST), but an ENUM reads -1. Strings are copies: the tree may go.
 */
struct options {
	uint32_t n;
	struct weir_optval *vals;
	struct mem mem;
};

/*
 * Checks `group` (NULL: nothing is set) against the table, which must have
 * passed options_check. `what` names the owner in messages. Children named in
 * `skip` (ends with NULL; may be NULL) are no options and are passed over.
 * 0 and options for options_free; -EINVAL with all that is wrong in `d`; or
 * -ENOMEM.
 */
int options_read(const struct conf_node *group, const char *what,
		 const struct weir_option *table, uint32_t n,
		 const char *const *skip, struct diag *d, struct options **out);
/* NULL, always; `o` may be NULL. */
struct options *options_free(struct options *o);

/*
 * Is the table itself sane: names, types, ranges, defaults, none of the names
 * in `skip`? 0, or -EINVAL and the reason in `why`.
 */
int options_check(const struct weir_option *table, uint32_t n,
		  const char *const *skip, char *why, size_t size);

/* One line or two for each option: name, type, range, default, text. */
void options_describe(FILE *f, const struct weir_option *table, uint32_t n);
