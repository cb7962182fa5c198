/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people write them: sizes ("16M"), times ("250ms"), words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any text that these functions make. */
#define UNIT_TEXT	32

/* A whole number: decimal or 0x, with a sign. False: it is none. */
bool unit_parse_int(const char *s, int64_t *v);
/* Bytes: "4096", "64K", "16M", "1G", "2T". */
bool unit_parse_size(const char *s, int64_t *v);
/* Nanoseconds: "10us", "250ms", "3s", "5m", "1h", "7d"; a bare number: s. */
bool unit_parse_time(const char *s, int64_t *v);
/* Seconds as nanoseconds; false: too many. */
bool unit_seconds(int64_t s, int64_t *v);
/* The shortest exact form; returns buf, of UNIT_TEXT bytes. */
const char *unit_size(int64_t v, char *buf);
const char *unit_time(int64_t v, char *buf);

/*
 * Of `words` ("block|drop"), the number of the one that is s, or -1. The
 * word of number i is at *word with *len bytes; false: there are no more.
 */
int unit_word_find(const char *words, const char *s);
bool unit_word(const char *words, int i, const char **word, size_t *len);

/*
 * How many letters must be added, left out, changed or swapped with their
 * neighbour to make one of the other; long texts are simply far.
 */
unsigned unit_distance(const char *a, const char *b);
/* Is b likely what somebody meant who wrote a? `d` is their distance. */
bool unit_similar(const char *a, const char *b, unsigned *d);
