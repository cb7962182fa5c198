/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin's stats() gets: the reports of weirctl, as rows with dotted
 * names. docs/plugins.md lists them.
 */
#pragma once

#include <weir/plugin.h>

struct json_object;

/*
 * As services.report; `daemon` is a struct daemon. Any thread. The daemon's lock
 * is only tried: who holds it may be waiting for the caller's thread, as a
 * reload does in close(). It is not held while `fn` runs.
 */
int statrows_report(void *daemon, weir_stat_f *fn, void *arg);

/* Calls fn for each number and text in `o`, whose names begin with prefix. */
void statrows_walk(const char *prefix, struct json_object *o, weir_stat_f *fn, void *arg);
