/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the search for leaks: the plugin is opened, fed a little and closed again
 * and again, and what the process has is compared.
 */
#include <dirent.h>
#include <malloc.h>
#include <unistd.h>

#include "plugintest.h"

#define CYCLE_EVENTS	64u
#define WARM_UP		16u	/* what is made once, by plugin or libraries, is no leak */

struct usage {
	size_t heap;
	unsigned fds, threads;
	long rss_kib;
};

static unsigned entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static struct usage usage_now(void)
{
	struct mallinfo2 m = mallinfo2();
	FILE *f = fopen("/proc/self/statm", "re");
	struct usage u = { .heap = m.uordblks + m.hblkhd };
	long size, rss = 0;

	if (f && fscanf(f, "%ld %ld", &size, &rss) == 2)
		u.rss_kib = rss * (sysconf(_SC_PAGESIZE) / 1024);
	if (f)
		fclose(f);
	u.fds = entries("/proc/self/fd");
	u.threads = entries("/proc/self/task");
	return u;
}

void pt_cycles(struct pt *pt)
{
	struct usage before = { 0 }, middle = { 0 }, after;
	unsigned long i, n = pt->conf.cycles;
	bool failed = false;
	long heap;

	pt->quiet = true;
	for (i = 0; i < n + WARM_UP; i++) {
		if (i == WARM_UP)
			before = usage_now();
		if (i == WARM_UP + n / 2)
			middle = usage_now();
		failed |= pt_feed(pt, 1, 1, CYCLE_EVENTS) < 0;
	}
	after = usage_now();
	pt->quiet = false;
	if (failed)
		pt_problem(pt, true, "open() fails when it is called again");
	heap = (long)after.heap - (long)before.heap;
	fprintf(stderr, "cycles     %lu of open, %u events, close: heap %+ld bytes, descriptors %+d, threads %+d, memory %+ld KiB\n",
		n, CYCLE_EVENTS, heap, (int)(after.fds - before.fds),
		(int)(after.threads - before.threads), after.rss_kib - before.rss_kib);
	if (after.fds > before.fds)
		pt_problem(pt, true, "descriptors are left open by close()");
	if (after.threads > before.threads)
		pt_problem(pt, true, "threads are left running by close()");
	/* What has come once only is no leak either. */
	if (middle.heap >= before.heap + 4 * n && after.heap >= middle.heap + 4 * n)
		pt_problem(pt, true, "each cycle leaves about %ld bytes of memory", heap / (long)n);
}
