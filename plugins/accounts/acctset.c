/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of events are those of a mount namespace. In ours they are compared as
 * they are. In another one the same name is mostly another file, and other
 * names may be ours: there, only an inode that is ours counts. Inode and device
 * of stat() and of the kernel differ on btrfs and on some overlays; what is
 * missed for that is found by the check of the tick.
 */
#include "acctset.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysmacros.h>
#include <time.h>

static const char *const names[] = {
	[ACCT_PASSWD] = "passwd", [ACCT_SHADOW] = "shadow",
	[ACCT_GROUP] = "group", [ACCT_GSHADOW] = "gshadow",
};

/* A file may become a link, or another one. */
static void resolve(struct acctset_file *f)
{
	char *to = realpath(f->path, NULL);

	free(f->target);
	f->target = NULL;
	if (to && strcmp(to, f->path))
		f->target = to;
	else
		free(to);
}

static bool add_paths(struct acctset *s, const char *dir)
{
	unsigned i;

	for (i = 0; i < ACCT__MAX; i++) {
		if (asprintf(&s->files[i].path, "%s/%s", strcmp(dir, "/") ? dir : "",
			     names[i]) < 0) {
			s->files[i].path = NULL;
			return false;
		}
		resolve(&s->files[i]);
	}
	return true;
}

struct acctset *acctset_new(const char *dir)
{
	char *real = realpath(dir, NULL);
	struct acctset *s = real ? calloc(1, sizeof(*s)) : NULL;

	if (s && (getrandom(s->key, sizeof(s->key), 0) != sizeof(s->key) || !add_paths(s, real)))
		s = acctset_free(s);
	free(real);
	return s;
}

/* ---- events --------------------------------------------------------------------*/

static bool is_dev(uint64_t st_dev, uint32_t dev)
{
	return (major(st_dev) << 20 | minor(st_dev)) == dev;
}

static bool is_path(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool ends_alike(const char *path, const char *name)
{
	const char *base = path ? strrchr(path, '/') : NULL;

	return base && !strcmp(base, strrchr(name, '/'));
}

bool acctset_is_meant(const struct acctset_file *f, const struct acctset_news *n)
{
	struct acctstamp now;

	if (n->here && (is_path(n->path, f->path) || is_path(n->target, f->path) ||
			is_path(n->path, f->target) || is_path(n->target, f->target)))
		return true;
	if (is_dev(f->stamp.dev, n->dev) && f->stamp.ino &&
	    (n->ino == f->stamp.ino || n->replaced == f->stamp.ino))
		return true;
	if (!ends_alike(n->path, f->path) && !ends_alike(n->target, f->path))
		return false;
	now = acctstamp_of(f->path);
	return now.ino && now.ino == n->ino && is_dev(now.dev, n->dev);
}

bool acctset_is_superseded(const struct acctset_file *f, const struct acctset_news *n)
{
	struct acctstamp now = acctstamp_of(f->path);

	return n->here && is_path(n->target, f->path) && now.ino && n->ino &&
	       now.ino != n->ino && is_dev(now.dev, n->dev);
}

/* ---- reading -------------------------------------------------------------------*/

static enum acctset_result parse(struct acctset *s, enum acct_file file, struct accttab **tab,
				 struct acctstamp *stamp)
{
	size_t len;
	char *text;
	int r;

	switch (acctfile_read(s->files[file].path, s->max_size, &text, &len, stamp)) {
	case ACCTFILE_OK:
		break;
	case ACCTFILE_MISSING:
		return ACCTSET_MISSING;
	case ACCTFILE_TOO_BIG:
		return ACCTSET_REFUSED;
	default:
		return ACCTSET_FAILED;
	}
	r = accttab_parse(file, text, len, s->max_entries, s->key, tab);
	acctfile_drop(text, len);
	return r == ACCTTAB_OK ? ACCTSET_NEW :
	       r == ACCTTAB_TOO_MANY ? ACCTSET_REFUSED : ACCTSET_FAILED;
}

/* Times of files stand still for up to 10 ms. */
static bool is_fresh(const struct acctstamp *stamp)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return stamp->ctime_ns + 20000000 >
	       (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

enum acctset_result acctset_read(struct acctset *s, enum acct_file file, struct accttab **was)
{
	struct acctset_file *f = &s->files[file];
	struct acctstamp stamp = acctstamp_of(f->path);
	bool fresh = is_fresh(&stamp), known = f->known;
	struct accttab *tab = NULL;
	enum acctset_result r;

	if (known && !f->fresh && stamp.ino && acctstamp_same(&stamp, &f->stamp))
		return ACCTSET_SAME;
	r = parse(s, file, &tab, &stamp);
	/* Who was never there has no entries; of others the last ones are kept. */
	if (r == ACCTSET_MISSING)
		f->known = true;
	if (r != ACCTSET_NEW)
		return r;
	resolve(f);
	*was = f->tab;
	f->tab = tab;
	f->stamp = stamp;
	f->fresh = fresh;
	f->known = true;
	if (known)
		return ACCTSET_NEW;
	*was = accttab_free(*was);
	return ACCTSET_SAME;
}

struct acctset *acctset_free(struct acctset *s)
{
	unsigned i;

	for (i = 0; s && i < ACCT__MAX; i++) {
		accttab_free(s->files[i].tab);
		free(s->files[i].target);
		free(s->files[i].path);
	}
	free(s);
	return NULL;
}
