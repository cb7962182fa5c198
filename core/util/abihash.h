/* SPDX-License-Identifier: Apache-2.0 */
/* A number that stands for the layout of records. */
#pragma once

#include <stdint.h>

/*
 * Differs between two builds whose event tables differ in an id, a class, a
 * name, a kind, a place or the set of values; texts for people do not count.
 */
uint64_t weir_abi_hash(void);
