/* SPDX-License-Identifier: Apache-2.0 */
/* Work for the helper: a profile to be read or written. */
#pragma once

#include <weir/helper.h>

#include "pstore.h"

struct pjob {
	struct weir_job job;
	bool load;
	int result;			/* of pstore_load() or pstore_save() */
	uint32_t now_s;
	uint64_t workload;
	struct pprofile *profile;	/* to be written; or what was read, or NULL */
	char name[PPROFILE_NAME];
	char why[400];			/* what went wrong; "": nothing that is worth a word */
};

/* NULL: no memory. `profile` is the job's from then on. */
struct pjob *pjob_new(const char *name, uint64_t workload, struct pprofile *profile,
		      uint32_t now_s);
/* Does it. May block. */
void pjob_run(struct pjob *j, const struct pstore *store);
void pjob_free(struct pjob *j);
