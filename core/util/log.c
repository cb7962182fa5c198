/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the log level and the place where lines go. One write(2) a line, so
 * that lines of several threads do not mix.
 */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static int log_level = WEIR_LOG_INFO;
static void (*log_sink)(int level, const char *text);

void log_set_level(int level)
{
	log_level = level;
}

void log_set_sink(void (*fn)(int level, const char *text))
{
	log_sink = fn;
}

void log_msg(int level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[2048];
	int saved = errno;
	size_t len;
	va_list ap;
	int n;

	if (level > log_level)
		return;
	n = snprintf(line, sizeof(line), "weird: %s: ", names[level & 3]);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	if (log_sink) {
		log_sink(level, line + n);
	} else {
		len = strlen(line);
		line[len] = '\n';
		if (write(STDERR_FILENO, line, len + 1) < 0)
			errno = 0;	/* nobody is left to tell */
	}
	errno = saved;
}
