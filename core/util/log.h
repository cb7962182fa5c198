/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's log: lines on stderr, `weird: LEVEL: text`. Any thread. Never
 * called on the event path: what happens there is counted.
 */
#pragma once

#include <weir/plugin.h>	/* enum weir_log_level */

#define LOG_PRINTF_ __attribute__((format(printf, 2, 3)))

void log_set_level(int level);
/* Text goes to fn instead of stderr; NULL: back. For tests. */
void log_set_sink(void (*fn)(int level, const char *text));
void log_msg(int level, const char *fmt, ...) LOG_PRINTF_;

#define log_error(...)	log_msg(WEIR_LOG_ERROR, __VA_ARGS__)
#define log_warn(...)	log_msg(WEIR_LOG_WARNING, __VA_ARGS__)
#define log_info(...)	log_msg(WEIR_LOG_INFO, __VA_ARGS__)
#define log_debug(...)	log_msg(WEIR_LOG_DEBUG, __VA_ARGS__)
