/* SPDX-License-Identifier: Apache-2.0 */
/* Events in JSON as the matcher takes them. One thread. */
#pragma once

#include <json.h>

#include "ruleset.h"

struct ruleevent;

struct ruleevent *ruleevent_new(const struct ruleset *set);
/*
 * Names are ours (nested, or with dots) or those of rules; an array is its elements with
 * blanks between. -1: no memory. What was taken lives until the next call, and as long as
 * `event`.
 */
int ruleevent_take(struct ruleevent *e, struct json_object *event);
/* What a text is besides, a number or an address: rules may compare it as that. */
void ruleevent_look_into(struct match_value *v, const char *bytes, size_t len);
/* By field of the set. */
const struct match_value *ruleevent_values(const struct ruleevent *e);
/* The value of any field, by a name; flags 0: absent. Its text until the next take. */
struct match_value ruleevent_get(struct ruleevent *e, const char *name);
struct ruleevent *ruleevent_free(struct ruleevent *e);
