/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers by which fields and event types are known: those of events.def,
 * and those that plugins bring, which keep theirs for as long as the process
 * lives. Control thread; what it has given out never changes.
 */
#pragma once

#include <stdint.h>

#include <weir/plugin.h>

#define DICT_SLOTS_MAX	1024u	/* fields of the record and of plugins */

struct dict;

/* NULL: no memory. */
struct dict *dict_new(void);
/* Copies the record's fields to `out`, of DICT_SLOTS_MAX; how many there are. */
unsigned dict_fields(const struct dict *d, struct weir_field *out);
/* Copies all types to `out`, of WEIR_EV_MAX; those of plugins without a name. */
void dict_types(const struct dict *d, struct weir_type *out);
const struct weir_type *dict_type_at(const struct dict *d, unsigned id);
/* Slots from this one on are of plugins; how many of those there are. */
unsigned dict_n_wire(const struct dict *d);
unsigned dict_n_added(const struct dict *d);
/* The slot of a plugin's field; the same name and kind have the same one. -ENOSPC, -ENOMEM. */
int dict_slot(struct dict *d, const char *name, uint32_t kind);
/* The id of a plugin's event type. -ENOSPC, -ENOMEM. */
int dict_type(struct dict *d, const char *name);
/* A copy of the text that lives as long as the dictionary; "": no memory. */
const char *dict_intern(struct dict *d, const char *text);
/* NULL, always. No schema may be left. */
struct dict *dict_free(struct dict *d);
