/* SPDX-License-Identifier: Apache-2.0 */
/* The real chain as the benchmark drives it: process, json, stdout. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bench_chain;

/*
 * Plugins come from plugin_dir; standard output is where the events go. What
 * is wrong is logged.
 */
int bench_chain_new(struct bench_chain **out, const char *plugin_dir);
/* The same of any configuration. */
int bench_chain_new_of(struct bench_chain **out, const char *plugin_dir,
		       const char *config);
/* Waits till the async chains have nothing left to do. */
void bench_chain_settle(struct bench_chain *c);
/* One record, as a source delivers it: the check is part of the way. */
int bench_chain_record(struct bench_chain *c, const void *rec, size_t size);
/* What the collector does when a poll is over. */
int bench_chain_flush(struct bench_chain *c);
/* Bytes of JSON so far. */
uint64_t bench_chain_bytes(const struct bench_chain *c);
/* By stage: what a call takes, as the chain has sampled it. */
void bench_chain_report(const struct bench_chain *c, FILE *f);
struct bench_chain *bench_chain_free(struct bench_chain *c);
