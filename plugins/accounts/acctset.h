/* SPDX-License-Identifier: Apache-2.0 */
/* The files of accounts of a folder, as they were when last read. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "acctfile.h"
#include "accttab.h"

struct acctset_file {
	char *path;		/* in the folder, of which no part is a link */
	char *target;		/* where the file's own link leads; NULL: it is none */
	struct accttab *tab;
	struct acctstamp stamp;	/* of tab */
	bool known;		/* tab, NULL included, is what to compare with */
	bool fresh;		/* read within the tick in which it changed: once more */
};

struct acctset {
	uint64_t key[2];
	uint64_t max_size;
	uint32_t max_entries;
	struct acctset_file files[ACCT__MAX];
};

/* What an event says of a file; texts may be NULL. */
struct acctset_news {
	const char *path, *target;
	uint64_t ino;		/* of the file that the event is about */
	uint64_t replaced;	/* by a rename; 0: none */
	uint32_t dev;		/* of both, major << 20 | minor */
	bool here;		/* in our mount namespace */
};

enum acctset_result {
	ACCTSET_NEW,		/* there is a new table, and *was is the old one */
	ACCTSET_SAME,		/* nothing to compare */
	ACCTSET_MISSING,	/* the file is not there; its table is kept, as in: */
	ACCTSET_REFUSED,	/* too large, too many entries */
	ACCTSET_FAILED,		/* cannot be read now */
};

/* NULL: no such folder, or no memory. Reads nothing. */
struct acctset *acctset_new(const char *dir);
/* Is the file meant? By its name in our namespace, or because it is that very inode. */
bool acctset_is_meant(const struct acctset_file *f, const struct acctset_news *n);
/* A rename put a file there that is there no more: a later one is on its way. */
bool acctset_is_superseded(const struct acctset_file *f, const struct acctset_news *n);
/* *was is for accttab_free(), after ACCTSET_NEW. */
enum acctset_result acctset_read(struct acctset *s, enum acct_file file, struct accttab **was);
/* NULL, always. */
struct acctset *acctset_free(struct acctset *s);
