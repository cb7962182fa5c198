/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A test in the Test Anything Protocol, without a plan in advance:
 *
 *	int main(void)
 *	{
 *		ok(1 + 1 == 2, "sum of %d", 1);
 *		return done_testing();
 *	}
 *
 * One thread prints. done_testing() fails if there are descriptors open that
 * were not when the program started.
 */

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAP_FDS 1024

static struct {
	int n_run, n_failed;
	bool was_open[TAP_FDS];
} tap;

#define ok(cond, ...)							\
	tap_ok((cond), #cond, __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...)						\
	tap_is_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...)						\
	tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((unused, format(printf, 1, 2)))
static void tap_diag(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

__attribute__((unused, format(printf, 2, 0)))
static bool tap_result(bool good, const char *fmt, va_list ap)
{
	tap.n_run++;
	tap.n_failed += !good;
	printf("%sok %d - ", good ? "" : "not ", tap.n_run);
	vprintf(fmt, ap);
	printf("\n");
	fflush(stdout);
	return good;
}

__attribute__((unused, format(printf, 5, 6)))
static bool tap_ok(bool good, const char *cond, const char *file, int line,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_result(good, fmt, ap);
	va_end(ap);
	if (!good)
		tap_diag("%s:%d: not so: %s", file, line, cond);
	return good;
}

__attribute__((unused, format(printf, 5, 6)))
static bool tap_is_int(long long got, long long want, const char *file,
		       int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_result(got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		tap_diag("%s:%d: got %lld (%#llx), want %lld (%#llx)", file,
			 line, got, got, want, want);
	return got == want;
}

__attribute__((unused, format(printf, 5, 6)))
static bool tap_is_str(const char *got, const char *want, const char *file,
		       int line, const char *fmt, ...)
{
	bool good = got && want ? !strcmp(got, want) : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_result(good, fmt, ap);
	va_end(ap);
	if (!good)
		tap_diag("%s:%d: got \"%s\", want \"%s\"", file, line,
			 got ? got : "(null)", want ? want : "(null)");
	return good;
}

/* Says which test cannot run here, and why; counts as done. */
__attribute__((unused))
static void tap_skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tap.n_run, what, why);
}

/* Marks the open descriptors, or reports and counts those not yet marked. */
static int tap_scan_fds(bool mark)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int n = 0;

	if (!d)
		return 0;
	while ((e = readdir(d))) {
		char path[64], to[256] = "";
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || fd == dirfd(d) || fd >= TAP_FDS)
			continue;
		if (mark) {
			tap.was_open[fd] = true;
			continue;
		}
		if (tap.was_open[fd])
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, to, sizeof(to) - 1) < 0)
			to[0] = 0;
		tap_diag("leaked descriptor %d: %s", fd, to);
		n++;
	}
	closedir(d);
	return n;
}

__attribute__((constructor)) static void tap_init(void)
{
	tap_scan_fds(true);
}

/* The last call of a test; returns main's result. */
__attribute__((unused)) static int done_testing(void)
{
	is_int(tap_scan_fds(false), 0, "no descriptor leaked");
	printf("1..%d\n", tap.n_run);
	fflush(stdout);
	return tap.n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
