/* SPDX-License-Identifier: Apache-2.0 */
/* The reference of events and fields, in Markdown. */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct weir_schema;

/* 0, or -EIO: the stream failed. */
int manual_print(FILE *f, const struct weir_schema *schema);
/* A kind in words. */
const char *manual_kind_name(uint32_t kind);
