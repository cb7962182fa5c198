/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the switch. The guard keeps a file with the boots in which the sensor began to
 * enforce and that have not settled since: a sensor that ran for some minutes, or ended in
 * order, takes its line out. Too many lines of the last minutes, and this start only
 * observes.
 */
#include "enforce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon_state.h"
#include "settings.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/stat.h"

#define GUARD_FILE	WEIR_STATEDIR "/boots"
#define GUARD_BOOTS	3u		/* that did not settle */
#define GUARD_S		1800		/* in so many seconds */
#define SETTLE_S	300u		/* that a sensor has to run */
#define LINES_MAX	64u

struct boot {
	char id[40];
	long long began;	/* seconds since 1970 */
};

/* ---- the file ------------------------------------------------------------------------*/

/* What cannot be read is not there. */
static size_t boots_read(struct boot *list)
{
	FILE *f = fopen(GUARD_FILE, "re");
	long long now = time(NULL);
	size_t n = 0;
	struct boot b;

	while (f && n < LINES_MAX && fscanf(f, "%39s %lld\n", b.id, &b.began) == 2)
		if (b.began <= now && now - b.began <= GUARD_S)
			list[n++] = b;
	if (f)
		fclose(f);
	return n;
}

/* With those above it: packages make it, who builds for himself may not. */
static void folder_make(void)
{
	char path[] = WEIR_STATEDIR, *c;

	for (c = path + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = 0;
		mkdir(path, 0755);
		*c = '/';
	}
	mkdir(path, 0755);
}

static void boots_write(const struct boot *list, size_t n)
{
	FILE *f;
	size_t i;
	int bad;

	folder_make();
	f = fopen(GUARD_FILE ".new", "we");
	for (i = 0; f && i < n; i++)
		fprintf(f, "%s %lld\n", list[i].id, list[i].began);
	bad = !f || fflush(f) || fsync(fileno(f));
	if (f)
		bad |= fclose(f);
	if (bad || rename(GUARD_FILE ".new", GUARD_FILE))
		log_warn("%s: %s: the guard against boot loops does not work", GUARD_FILE,
			 strerror(errno));
}

static size_t boots_without(struct boot *list, size_t n, const char *id)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		if (strcmp(list[i].id, id))
			list[kept++] = list[i];
	return kept;
}

/* How many other boots have not settled; this one is noted beside them. */
static size_t boots_begin(const char *id)
{
	struct boot list[LINES_MAX + 1];
	size_t n = boots_without(list, boots_read(list), id);

	snprintf(list[n].id, sizeof(list[n].id), "%s", id);
	list[n].began = time(NULL);
	boots_write(list, n + 1);
	return n;
}

static void boots_end(const char *id)
{
	struct boot list[LINES_MAX];

	boots_write(list, boots_without(list, boots_read(list), id));
}

/* ---- the switch ----------------------------------------------------------------------*/

/* A word that stands alone: weir.enforce=off. */
static bool cmdline_says_off(void)
{
	static const char word[] = "weir.enforce=off";
	char line[4096] = "", *w, *save = NULL;
	FILE *f = fopen("/proc/cmdline", "re");
	bool found = false;

	if (f && !fgets(line, sizeof(line), f))
		line[0] = 0;
	if (f)
		fclose(f);
	for (w = strtok_r(line, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		found |= !strcmp(w, word);
	return found;
}

void enforce_set(struct daemon *dm, bool on, const char *why)
{
	const struct source_ops *ops = dm->source->ops;

	pthread_mutex_lock(&dm->lock);
	if (on != dm->enforce.on || strcmp(dm->enforce.why, on ? "" : why)) {
		if (on)
			log_info("rules are enforced");
		else
			log_warn("rules block and kill nothing: %s", why);
	}
	dm->enforce.on = on;
	snprintf(dm->enforce.why, sizeof(dm->enforce.why), "%s", on ? "" : why);
	if (ops->rules_enforce)
		ops->rules_enforce(dm->source, on);
	pthread_mutex_unlock(&dm->lock);
}

void enforce_begin(struct daemon *dm)
{
	char why[160];
	size_t n;

	dm->enforce.on = true;
	if (!dm->source->ops->rules_enforce)
		return;
	if (!dm->config->settings->enforce) {
		enforce_set(dm, false, "sensor.enforce is false");
		return;
	}
	if (cmdline_says_off()) {
		enforce_set(dm, false, "the kernel's command line has weir.enforce=off");
		return;
	}
	n = boots_begin(dm->host.boot);
	dm->enforce.guarded = true;
	if (n < GUARD_BOOTS)
		return;
	snprintf(why, sizeof(why), "%zu starts of this machine in %d minutes have not lasted for %u: "
		 "look at the rules, then: weirctl enforce on", n, GUARD_S / 60, SETTLE_S / 60);
	enforce_set(dm, false, why);
}

void enforce_settle(struct daemon *dm, bool ending)
{
	uint64_t ran = (clock_ns(CLOCK_MONOTONIC) - dm->started) / 1000000000u;

	if (!dm->enforce.guarded || (!ending && ran < SETTLE_S))
		return;
	dm->enforce.guarded = false;
	boots_end(dm->host.boot);
}
