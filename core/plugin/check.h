/* SPDX-License-Identifier: Apache-2.0 */
/* Is a plugin's struct what it must be? The only place that asks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <weir/plugin.h>

/*
 * `room` is how many bytes there are at p; `note` is of an ABI that this core
 * has. Names in `reserved` (ends with NULL; may be NULL) cannot be options.
 * 0, or -EINVAL and the reason in `why`.
 */
int check_plugin(const struct weir_plugin *p, size_t room,
		 const struct weir_note_desc *note, const char *const *reserved,
		 char *why, size_t size);

/* "enricher", …; NULL: there is no such kind. */
const char *check_kind_name(uint32_t kind);
/* Are those flags known, and do they mean something for a plugin of that kind? */
bool check_flags_ok(uint32_t kind, uint32_t flags);
