/* SPDX-License-Identifier: Apache-2.0 */
/* One row of an option table and the value that a file gives it. */
#pragma once

#include <stdbool.h>

#include <weir/plugin.h>

#include "conf/unit.h"

struct conf_node;
struct diag;
struct mem;

/* Where values live, whose they are, and where complaints go. */
struct option_reading {
	struct mem *mem;
	const char *what;	/* NULL: nobody's */
	struct diag *d;
};

#define OPTION_RANGE_TEXT	(2 * UNIT_TEXT + 16)

bool option_type_ok(const struct weir_option *o);
const char *option_type_name(const struct weir_option *o);
/* Do min and max mean something for its type? */
bool option_is_ranged(const struct weir_option *o);
bool option_range_ok(const struct weir_option *o);
/* "1 to 16", "at least 4K"; returns buf, of OPTION_RANGE_TEXT bytes. */
const char *option_range(const struct weir_option *o, char *buf);

/* A complaint about what stands at `at` (NULL: nowhere). Returns -EINVAL. */
__attribute__((format(printf, 3, 4)))
int option_error(const struct option_reading *rd, const struct conf_node *at,
		 const char *fmt, ...);

/* 0, -EINVAL with a complaint, or -ENOMEM. Does not touch val->set. */
int option_read(const struct option_reading *rd, const struct weir_option *o,
		const struct conf_node *node, struct weir_optval *val);
/* 0, -ENOMEM, or -EINVAL: the default is not a value of the option. */
int option_default(struct mem *m, const struct weir_option *o,
		   struct weir_optval *val);
