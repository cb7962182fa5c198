/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All fields and types that exist in one chain: those of events.def, and what
 * plugins have declared, in the order of the stages. Built on the control
 * thread; constant once the chain runs.
 */
#pragma once

#include <stdbool.h>

#include <weir/plugin.h>

struct dict;
struct schema;

/* The table's own fields, with one reference; NULL: no memory. */
struct schema *schema_new(struct dict *dict);
/* What `of` has now, to go on from. NULL: no memory. */
struct schema *schema_copy(const struct schema *of);
struct schema *schema_ref(struct schema *s);
/*
 * Adds a field that `producer` sets. 0 and the
 * handle to write through; -EEXIST: that name is taken, the field that has it
 * is schema_find's; -EINVAL: its value set is unknown; -ENOSPC.
 */
int schema_add(struct schema *s, const struct weir_field_def *def,
	       const char *producer, struct weir_handle *out);
/* An event type that a plugin makes: its id; -EEXIST, -ENOSPC, -ENOMEM. */
int schema_add_type(struct schema *s, const char *name, const char *doc);
/* The field of that name; NULL: there is none. */
const struct weir_field *schema_find(const struct schema *s, const char *name);
/* What exists now; valid as long as the schema, unchanged by later additions. */
struct weir_schema schema_view(const struct schema *s);
/* Slots of plugins' fields, from n_wire on; of older configurations too. */
unsigned schema_n_added(const struct schema *s);
/* Number of an event type, -1: there is none of that name. */
int schema_type(const struct schema *s, const char *name);
/* Gives a reference back. NULL, always; s may be NULL. */
struct schema *schema_free(struct schema *s);
