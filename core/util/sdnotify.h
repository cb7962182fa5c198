/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the service manager that started us, if one did (sd_notify(3)). */
#pragma once

/*
 * "READY=1", "STOPPING=1" ...: lines with newlines between. Any thread. Without
 * $NOTIFY_SOCKET nothing happens.
 */
void sdnotify(const char *state);
/* RELOADING=1 with the time that the manager asks for. */
void sdnotify_reloading(void);
/* WATCHDOG=1, where the manager waits for it: WatchdogSec. */
void sdnotify_alive(void);
