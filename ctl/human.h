/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as people read them. Texts come from elsewhere: they are escaped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json_object;

/* How a number is to be read. */
enum unit { UNIT_NONE, UNIT_BYTES, UNIT_NS, UNIT_US, UNIT_MS, UNIT_UPTIME };

/* A member by its path, "host.name"; NULL: absent or null. */
struct json_object *json_at(struct json_object *o, const char *path);
/* NULL: absent or not a string. */
const char *json_text(struct json_object *o, const char *path);
/* 0: absent or not a number. */
long long json_int(struct json_object *o, const char *path);

/*
 * What a value looks like, to free(): a number by its unit, a list or the
 * members of an object with commas. Never NULL; absent is "".
 */
char *human_value(struct json_object *v, enum unit unit);
/* Control characters and what is not UTF-8 as \xNN, to free(). */
char *human_escape(const char *s, size_t len);
void human_put(FILE *f, const char *s);
/* "weirctl: ..." on standard error, escaped. */
__attribute__((format(printf, 1, 2)))
void human_error(const char *fmt, ...);
/*
 * A line of JSON on standard output. A terminal gets nothing that it would obey:
 * JSON itself does not forbid DEL and the C1 controls.
 */
void human_json(const char *json, size_t len);
/* What --json prints; NULL is null. */
void human_json_object(struct json_object *o);
/* Columns that a character string takes; the escaped ones take one a character. */
size_t human_width(const char *s);
