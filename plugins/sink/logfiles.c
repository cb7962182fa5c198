/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the names of rotated files. */
#include "plugins/sink/logfiles.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool logfile_name(char *name, size_t size, const char *path, uint64_t number, bool packed)
{
	int n = snprintf(name, size, "%s.%0*" PRIu64 "%s", path, LOGFILES_DIGITS, number,
			 packed ? ".zst" : "");

	return n > 0 && (size_t)n < size;
}

/* BASE.NUMBER or BASE.NUMBER.zst, as they are made here. */
static bool name_read(const char *name, const char *base, size_t n, struct logfile *f)
{
	char *end;

	if (strncmp(name, base, n) || name[n] != '.' ||
	    strspn(name + n + 1, "0123456789") < LOGFILES_DIGITS)
		return false;
	errno = 0;
	f->number = strtoull(name + n + 1, &end, 10);
	f->packed = !strcmp(end, ".zst");
	f->plain = !*end;
	return !errno && (f->plain || f->packed);
}

static int by_number(const void *a, const void *b)
{
	const struct logfile *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* The two names of one number become one. */
static void unite(struct logfiles *l)
{
	size_t i, n = 0;

	qsort(l->files, l->n, sizeof(*l->files), by_number);
	for (i = 0; i < l->n; i++) {
		if (n && l->files[n - 1].number == l->files[i].number) {
			l->files[n - 1].plain |= l->files[i].plain;
			l->files[n - 1].packed |= l->files[i].packed;
		} else {
			l->files[n++] = l->files[i];
		}
	}
	l->n = n;
}

static int dir_read(DIR *d, const char *base, struct logfiles *l)
{
	const size_t n = strlen(base);
	struct logfile f, *files;
	struct dirent *e;
	size_t cap = 0;

	while ((e = readdir(d))) {
		if (!name_read(e->d_name, base, n, &f))
			continue;
		if (l->n == cap) {
			cap = cap ? 2 * cap : 64;
			files = realloc(l->files, cap * sizeof(*files));
			if (!files)
				return -ENOMEM;
			l->files = files;
		}
		l->files[l->n++] = f;
	}
	return 0;
}

int logfiles_find(const char *path, struct logfiles *found)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	struct logfiles l = { 0 };
	char *dir;
	DIR *d;
	int r;

	dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!dir)
		return -ENOMEM;
	d = opendir(dir);
	r = d ? dir_read(d, base, &l) : -errno;
	if (d)
		closedir(d);
	free(dir);
	if (r) {
		free(l.files);
		return r;
	}
	if (l.n)
		unite(&l);
	*found = l;
	return 0;
}

void logfiles_fini(struct logfiles *found)
{
	free(found->files);
	*found = (struct logfiles){ 0 };
}
