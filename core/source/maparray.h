/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of rules into maps of the kernel. No state. */
#pragma once

#include <weir/plugin.h>

/* All elements, from the first on. 0 or a negative errno. */
int maparray_fill(int fd, const struct weir_rules_array *a);
