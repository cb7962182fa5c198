/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A schema straight from events.def, for tests of what works on any schema:
 * no chain, no core. Fields of plugins follow those of the record.
 */
#pragma once

#include <weir/plugin.h>

#define TOY_FIELDS	384

struct toyschema {
	struct weir_schema schema;
	struct weir_field fields[TOY_FIELDS];
	struct weir_type types[WEIR_EV_MAX];
	uint16_t offs[WEIR_EV_MAX][TOY_FIELDS];
};

struct toyschema *toyschema_new(const struct weir_field_def *added, uint32_t n_added);
/* NULL: no field of the name. */
const struct weir_field *toyschema_field(const struct toyschema *toy, const char *name);
const struct weir_value_name *toyschema_values(const char *set);
void toyschema_free(struct toyschema *toy);
