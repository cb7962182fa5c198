/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for the plugin `profile` of the running sensor. */
#pragma once

struct json_object;
struct opts;

/* The caller's. name: NULL: none. */
struct json_object *profilelive_order(const char *what, const char *name);
/* The order is taken over. As link_call(). */
int profilelive_ask(const struct opts *o, struct json_object *order, struct json_object **result);
/* The file of a profile in a folder, to free(). */
char *profilelive_path(const char *state, const char *name);
