/* SPDX-License-Identifier: Apache-2.0 */
/* Names of numbers: the sets of values.def, event types, errno, signals, system calls. */
#pragma once

#include <weir/plugin.h>

/*
 * The names of a set, ended by a row without a name; NULL: no such set. Valid
 * for ever. Any thread once it has been called on one.
 */
const struct weir_value_name *values_find(const char *set);
