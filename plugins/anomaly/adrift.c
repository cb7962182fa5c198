/* SPDX-License-Identifier: Apache-2.0 */
#include "adrift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct adrift_report *report_new(const struct afacts *f)
{
	struct adrift_report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	memcpy(r->profile, f->profile, sizeof(r->profile));
	memcpy(r->version, f->version, sizeof(r->version));
	r->begun_ns = f->time_ns;
	return r;
}

static struct adrift_report *report_get(struct adrift *d, const struct afacts *f)
{
	struct adrift_report **free_one = NULL, *r;
	uint32_t i;

	for (i = 0; i < ADRIFT_REPORTS; i++) {
		r = d->reports[i];
		if (r && !strcmp(r->profile, f->profile) && !strcmp(r->version, f->version))
			return r;
		if (!r && !free_one)
			free_one = &d->reports[i];
	}
	if (!free_one)
		return NULL;
	*free_one = report_new(f);
	d->n += *free_one != NULL;
	return *free_one;
}

bool adrift_note(struct adrift *d, const struct afacts *f)
{
	struct adrift_report *r = report_get(d, f);
	struct adrift_row *row;

	if (!r)
		return false;
	r->n++;
	if (r->n_rows == ADRIFT_ROWS)
		return true;
	row = &r->rows[r->n_rows++];
	memcpy(row->type, f->type, sizeof(row->type));
	memcpy(row->kind, f->item_kind, sizeof(row->kind));
	snprintf(row->item, sizeof(row->item), "%.*s", (int)sizeof(row->item) - 1, f->item);
	snprintf(row->process, sizeof(row->process), "%.*s", (int)sizeof(row->process) - 1,
		 f->process);
	return true;
}

struct adrift_report *adrift_due(struct adrift *d, uint64_t now_ns)
{
	struct adrift_report *r;
	uint32_t i;

	for (i = 0; d->n && i < ADRIFT_REPORTS; i++) {
		r = d->reports[i];
		if (r && now_ns > r->begun_ns && now_ns - r->begun_ns >= d->after_ns)
			return r;
	}
	return NULL;
}

void adrift_end(struct adrift *d, struct adrift_report *r)
{
	uint32_t i;

	for (i = 0; d->reports[i] != r; i++)
		;
	d->reports[i] = NULL;
	d->n--;
	free(r);
}

void adrift_fini(struct adrift *d)
{
	uint32_t i;

	for (i = 0; i < ADRIFT_REPORTS; i++) {
		free(d->reports[i]);
		d->reports[i] = NULL;
	}
	d->n = 0;
}
