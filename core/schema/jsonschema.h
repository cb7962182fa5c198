/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schema (draft 2020-12) of what the json plugin writes. */
#pragma once

#include <stdio.h>

struct weir_schema;

/* 0, -ENOMEM, or -EIO: the stream failed. */
int jsonschema_print(FILE *f, const struct weir_schema *schema);
