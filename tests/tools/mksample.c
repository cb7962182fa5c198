/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: mksample FILE
 * Makes the capture that is installed for authors of plugins: some programs
 * begin and end, and each event of the table happens. The same bytes each time.
 */
#include <stdio.h>
#include <unistd.h>

#include "mkrec.h"
#include "source/capture.h"

#define N_EXEC	64

static uint64_t n_written[WEIR_CLASS_MAX], n_all;

static void put(struct capture_writer *w, struct mkrec *m, size_t size)
{
	struct weir_base *b = (void *)m->rec;

	b->seq = n_written[b->rclass]++;
	b->id = 0x1700000000000000u + (n_all << 2);
	b->time = 100000000000u + n_all++ * 1000000u;
	capture_write_record(w, m->rec, size);
}

int main(int argc, char **argv)
{
	static const struct capture_info info = {
		.host = { "0123456789abcdef0123456789abcdef", "sample",
			  "00000000-0000-4000-8000-000000000000" },
		.kernel = "6.1", .wall_ns = 1700000000000000000, .sync = 0x5a3c9d0e71b2f486u,
	};
	struct capture_writer *w;
	static struct mkrec m;
	const uint16_t *type;
	unsigned i;

	if (argc != 2) {
		fprintf(stderr, "usage: mksample FILE\n");
		return 2;
	}
	unlink(argv[1]);
	if (capture_writer_new(&w, argv[1], &info))
		return 1;
	for (i = 0; i < N_EXEC; i++)
		put(w, &m, mkrec_exec(&m, i));
	for (i = 0; i < 4; i++)
		for (type = mkrec_types; *type; type++)
			if (*type < WEIR_EV_KERNEL_MAX)
				put(w, &m, mkrec_sample(&m, *type, i));
	return capture_writer_close(w) ? 1 : 0;
}
