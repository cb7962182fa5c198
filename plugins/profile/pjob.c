/* SPDX-License-Identifier: Apache-2.0 */
#include "pjob.h"

struct pjob *pjob_new(const char *name, uint64_t workload, struct pprofile *profile, uint32_t now_s)
{
	struct pjob *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	weir_job_init(&j->job);
	j->load = !profile;
	j->workload = workload;
	j->profile = profile;
	j->now_s = now_s;
	memcpy(j->name, name, strnlen(name, sizeof(j->name) - 1));
	return j;
}

void pjob_run(struct pjob *j, const struct pstore *store)
{
	if (j->load) {
		j->result = pstore_load(store, j->name, j->now_s, &j->profile, j->why,
					sizeof(j->why));
		return;
	}
	pprofile_drop_all(j->profile);
	j->result = pstore_save(store, j->profile, j->now_s);
	if (j->result)
		snprintf(j->why, sizeof(j->why), "%s: not saved: %s", j->name,
			 strerror(-j->result));
}

void pjob_free(struct pjob *j)
{
	pprofile_free(j->profile);
	free(j);
}
