/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the capture in memory: its records that the core would take. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugintest.h"
#include "source/capture.h"
#include "source/check.h"
#include "util/log.h"

static int record_add(struct pt *pt, const struct capture_frame *f, int64_t wall_ns,
		      size_t *cap)
{
	struct pt_record *more;
	void *copy;

	if (check_record(f->data, f->size) != CHECK_OK) {
		pt_problem(pt, false, "the capture has a record that the core would refuse");
		return 0;
	}
	if (pt->n_records == *cap) {
		more = realloc(pt->records, (*cap * 2 + 256) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		pt->records = more;
		*cap = *cap * 2 + 256;
	}
	copy = aligned_alloc(16, (f->size + 15u) & ~15u);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, f->data, f->size);
	pt->records[pt->n_records++] = (struct pt_record){ copy, f->size, wall_ns };
	return 0;
}

int pt_capture_load(struct pt *pt)
{
	struct capture_reader *c;
	struct capture_frame f;
	size_t cap = 0;
	int64_t wall_ns;
	int r = capture_open(&c, pt->conf.capture);

	if (r < 0)
		return -1;
	wall_ns = capture_info(c)->wall_ns;
	while (r >= 0) {
		r = capture_next(c, &f);
		if (r == CAPTURE_E_MORE)
			r = capture_fill(c);
		else if (r == 0 && f.kind == CAPTURE_CLOCK && f.size == sizeof(wall_ns))
			memcpy(&wall_ns, f.data, sizeof(wall_ns));
		else if (r == 0 && f.kind == CAPTURE_RECORD)
			r = record_add(pt, &f, wall_ns, &cap);
	}
	capture_close(c);
	if (r == -ESHUTDOWN && pt->n_records)
		return 0;
	if (r != -EBADMSG)
		log_error("%s: %s", pt->conf.capture,
			  r == -ESHUTDOWN ? "has no records" : strerror(-r));
	return -1;
}

void pt_capture_free(struct pt *pt)
{
	while (pt->n_records)
		free((void *)(uintptr_t)pt->records[--pt->n_records].rec);
	free(pt->records);
}
