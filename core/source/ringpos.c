/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first page of the map is the reader's position, which libbpf advances
 * behind each record's callback; the second is the kernel's. libbpf 1.1 has no
 * functions for them.
 */
#include "source/ringpos.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t *page_map(int fd, long at)
{
	void *p = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd, at);

	return p == MAP_FAILED ? NULL : p;
}

static void page_unmap(const uint64_t *page)
{
	if (page)
		munmap((void *)(uintptr_t)page, (size_t)sysconf(_SC_PAGESIZE));
}

int ringpos_init(struct ringpos *r, int map_fd, uint64_t size)
{
	*r = (struct ringpos){ .size = size };
	r->consumer = page_map(map_fd, 0);
	r->producer = page_map(map_fd, sysconf(_SC_PAGESIZE));
	if (r->consumer && r->producer)
		return 0;
	ringpos_fini(r);
	return -ENOMEM;
}

void ringpos_fini(struct ringpos *r)
{
	page_unmap(r->consumer);
	page_unmap(r->producer);
	r->consumer = r->producer = NULL;
}

void ringpos_read(const struct ringpos *r, struct source_ring *out)
{
	*out = (struct source_ring){ .size = r->size };
	/* In this order the difference is never negative. */
	out->consumed = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	out->produced = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}
