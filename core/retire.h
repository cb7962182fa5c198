/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way out of what a reload has replaced: nobody looks at it any more, its
 * async chains have worked off their queues, its instances are closed, its
 * memory is freed. A step that never comes to an end keeps what it needs and
 * holds nobody else up. Control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct daemon;
struct opening;

/*
 * Takes the configuration over. `opening`, unless NULL, is a thread that still
 * opens instances of it. drain_ns: then queues are dropped.
 */
void retire_begin(struct daemon *dm, struct config *cf, struct opening *opening,
		  int64_t drain_ns);
/* What can be done now; how many are still on their way. */
size_t retire_progress(struct daemon *dm);
/* Progress until all are gone or the time is over. true: all are gone. */
bool retire_wait(struct daemon *dm, int64_t timeout_ns);
/* Who holds up the ones still there; "": nobody. Returns buf. */
char *retire_blocker(const struct daemon *dm, char *buf, size_t size);

/* ---- opening ---------------------------------------------------------------------------*/

struct instance;

/*
 * Opens instances in order on a thread of its own. 0; -EINVAL: *failed could
 * not, those before it are open; -ETIMEDOUT: *failed has not returned, and
 * *out is the thread, for retire_begin.
 */
int opening_run(struct instance **instances, size_t n, int64_t timeout_ns,
		struct instance **failed, struct opening **out);
