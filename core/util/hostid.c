/* SPDX-License-Identifier: Apache-2.0 */
/* Owns nothing; reads what the system says of itself. */
#include "util/hostid.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void line_read(const char *path, char *buf, int size)
{
	FILE *f = fopen(path, "re");

	buf[0] = 0;
	if (!f)
		return;
	if (!fgets(buf, size, f))
		buf[0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	fclose(f);
}

void hostid_read(struct hostid *h)
{
	memset(h, 0, sizeof(*h));
	line_read("/etc/machine-id", h->machine, sizeof(h->machine));
	line_read("/proc/sys/kernel/random/boot_id", h->boot, sizeof(h->boot));
	if (gethostname(h->name, sizeof(h->name) - 1))
		h->name[0] = 0;
	h->id = (struct weir_host_id){ h->machine, h->name, h->boot };
}

static int64_t clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int64_t hostid_wall_ns(void)
{
	return clock_read(CLOCK_REALTIME) - clock_read(CLOCK_BOOTTIME);
}
