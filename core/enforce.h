/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether rules may block and kill: the setting sensor.enforce, a word of the kernel's
 * command line, weirctl, and a guard against rules that keep the machine from starting.
 */
#pragma once

#include <stdbool.h>

struct daemon;

struct enforce {
	bool on;
	bool guarded;		/* this start is still on probation */
	char why[160];		/* why it is off; or "" */
};

/* After the source was made, before rules are loaded. Control thread. */
void enforce_begin(struct daemon *dm);
/* Any thread, without the lock. `why` if it is off. */
void enforce_set(struct daemon *dm, bool on, const char *why);
/* Control thread, now and then, and at the end of a sensor that ends well. */
void enforce_settle(struct daemon *dm, bool ending);
