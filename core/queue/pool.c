/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns blocks, each of them one malloc() and a header that leads back to pool
 * and class. A block that is freed goes to the stack of its class; when the
 * allocating thread has none left, it takes the whole stack. So nobody takes
 * single blocks from a stack, and there is no ABA.
 *
 * Numbers only go up: the allocating thread writes those of blocks handed out,
 * any thread those of blocks that came back, and the rest is a difference.
 */
#include "queue/pool.h"

#include <ck_md.h>
#include <ck_pr.h>
#include <ck_stack.h>
#include <stdatomic.h>

#include "queue/tsan.h"
#include "util/macros.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)	ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n)	ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n)	((void)(p), (void)(n))
#define UNPOISON(p, n)	((void)(p), (void)(n))
#endif

#define N_CLASSES	9u
#define CLASS_MIN	(POOL_SIZE_MAX >> (N_CLASSES - 1))
#define TRIM_MAX	4096	/* blocks per class and call */

struct block {
	_Alignas(16) unsigned magic;
#define POOL_BLOCK_MAGIC	0x3f10c85a
#define POOL_KEPT_MAGIC		0x3f10dead
	unsigned class;
	struct pool *pool;
	struct ck_stack_entry link;
};

struct class {
	/* Of all threads. */
	_Alignas(CK_MD_CACHELINE) struct ck_stack back;
	_Atomic int64_t n_back;		/* came back; less n_out once closed */
	/* Written by the allocating thread. */
	_Alignas(CK_MD_CACHELINE) struct ck_stack_entry *kept;
	_Atomic int64_t n_out;		/* were handed out */
	_Atomic int64_t n_blocks;	/* there are */
	int64_t n_spare;		/* least that were free, of all samples */
};

struct pool {
	unsigned magic;
#define POOL_MAGIC	0x9007a1c6
	_Atomic bool closed;
	_Atomic unsigned n_holds;	/* classes with objects out, and the owner */
	uint64_t max_size;
	uint64_t size;			/* of all blocks */
	_Atomic int64_t n_failed;
	struct class classes[N_CLASSES];
};

static size_t block_size(unsigned class)
{
	return sizeof(struct block) + ((size_t)CLASS_MIN << class);
}

static int64_t get(const _Atomic int64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

/* One thread writes n; others read it for statistics. */
static void bump(_Atomic int64_t *n, int64_t by)
{
	atomic_store_explicit(n, get(n) + by, memory_order_relaxed);
}

struct pool *pool_new(size_t max_bytes)
{
	struct pool *p = aligned_alloc(CK_MD_CACHELINE, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct pool){
		.magic = POOL_MAGIC,
		.n_holds = N_CLASSES + 1,
		.max_size = max_bytes,
	};
	return p;
}

/* Of a class: blocks that are free, here or on the stack. */
static int64_t n_free(const struct class *c)
{
	return get(&c->n_blocks) - get(&c->n_out) + get(&c->n_back);
}

static void sample(struct class *c)
{
	c->n_spare = MIN(c->n_spare, n_free(c));
}

/* A free block of the class; NULL: there is none. */
static struct block *take(struct class *c)
{
	struct ck_stack_entry *e = c->kept;

	if (!e) {
		sample(c);
		e = ck_stack_batch_pop_upmc(&c->back);
		TSAN_ACQUIRE(&c->back);
		if (!e)
			return NULL;
	}
	c->kept = e->next;
	return (struct block *)((char *)e - offsetof(struct block, link));
}

static void free_block(struct block *b)
{
	UNPOISON(b, block_size(b->class));
	free(b);
}

static void release(struct block *b)
{
	struct pool *p = b->pool;

	p->size -= block_size(b->class);
	bump(&p->classes[b->class].n_blocks, -1);
	free_block(b);
}

/* Free blocks of other classes go till size more bytes fit. */
static bool make_room(struct pool *p, unsigned class, size_t size)
{
	unsigned i = N_CLASSES;
	struct block *b;

	while (p->size + size > p->max_size && i-- > 0) {
		if (i == class)
			continue;
		while (p->size + size > p->max_size &&
		       (b = take(&p->classes[i])))
			release(b);
	}
	return p->size + size <= p->max_size;
}

static struct block *make(struct pool *p, unsigned class)
{
	size_t size = block_size(class);
	struct block *b;

	if (!make_room(p, class, size))
		return NULL;
	b = malloc(size);
	if (!b)
		return NULL;
	b->class = class;
	b->pool = p;
	p->size += size;
	bump(&p->classes[class].n_blocks, 1);
	POISON(b + 1, size - sizeof(*b));
	return b;
}

/* N_CLASSES or more: too large. */
static unsigned class_of(size_t size)
{
	unsigned bits = 0;

	if (size > CLASS_MIN)
		bits = 64 - (unsigned)__builtin_clzll((size - 1) / CLASS_MIN);
	return bits;
}

void *pool_alloc_sp(struct pool *p, size_t size)
{
	unsigned class = class_of(size);
	struct block *b = NULL;

	CHECK_OBJ_NOTNULL(p, POOL_MAGIC);
	if (class < N_CLASSES) {
		b = take(&p->classes[class]);
		if (!b)
			b = make(p, class);
	}
	if (!b) {
		bump(&p->n_failed, 1);
		return NULL;
	}
	b->magic = POOL_BLOCK_MAGIC;
	bump(&p->classes[class].n_out, 1);
	UNPOISON(b + 1, size);
	return b + 1;
}

static void free_all(struct class *c)
{
	struct block *b;

	while ((b = take(c)))
		release(b);
}

/* Of a closed pool: one class has all its blocks back, or the owner is done. */
static void let_go(struct pool *p)
{
	unsigned i;

	/* All that was done to blocks and stacks before the last look at them. */
	if (atomic_fetch_sub_explicit(&p->n_holds, 1,
				      memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < N_CLASSES; i++)
		free_all(&p->classes[i]);
	FREE_OBJ(p);
}

static void give_back(struct class *c, struct block *b)
{
	TSAN_RELEASE(&c->back);
	/*
	 * Our loads from the object before the stack shows it to the allocating
	 * thread, which may write to it; CK itself orders our stores.
	 */
	ck_pr_fence_release();
	ck_stack_push_upmc(&c->back, &b->link);
}

void pool_free(void *object)
{
	struct block *b;
	struct pool *p;
	struct class *c;

	if (!object)
		return;
	b = (struct block *)object - 1;
	CHECK_OBJ_NOTNULL(b, POOL_BLOCK_MAGIC);
	b->magic = POOL_KEPT_MAGIC;
	p = b->pool;
	CHECK_OBJ_NOTNULL(p, POOL_MAGIC);
	c = &p->classes[b->class];
	POISON(object, (size_t)CLASS_MIN << b->class);
	if (!atomic_load_explicit(&p->closed, memory_order_relaxed))
		give_back(c, b);
	else
		free_block(b);
	/*
	 * Until here our block holds the pool, from here on nothing does. The
	 * push before the count; against let_go(). Before pool_close the sum is
	 * over 0, then it rises to 0.
	 */
	if (atomic_fetch_add_explicit(&c->n_back, 1,
				      memory_order_acq_rel) == -1)
		let_go(p);
}

static void trim_class(struct class *c)
{
	int64_t i, n;
	struct block *b;

	sample(c);
	n = MIN((c->n_spare + 1) / 2, TRIM_MAX);
	for (i = 0; i < n && (b = take(c)); i++)
		release(b);
	c->n_spare = n_free(c);
}

void pool_trim_sp(struct pool *p)
{
	unsigned i;

	CHECK_OBJ_NOTNULL(p, POOL_MAGIC);
	for (i = 0; i < N_CLASSES; i++)
		trim_class(&p->classes[i]);
}

struct pool_stats pool_stats(const struct pool *p)
{
	struct pool_stats st = { 0 };
	uint64_t size = 0;
	unsigned i;

	CHECK_OBJ_NOTNULL(p, POOL_MAGIC);
	for (i = 0; i < N_CLASSES; i++) {
		const struct class *c = &p->classes[i];
		/* Before n_out, which then is not the smaller one. */
		int64_t back = atomic_load_explicit(&c->n_back,
						    memory_order_acquire);
		uint64_t n = (uint64_t)(get(&c->n_out) - back);

		st.n_used += n;
		st.used_size += n * block_size(i);
		size += (uint64_t)get(&c->n_blocks) * block_size(i);
	}
	st.kept_size = size > st.used_size ? size - st.used_size : 0;
	st.max_size = p->max_size;
	st.n_failed = (uint64_t)get(&p->n_failed);
	return st;
}

struct pool *pool_close(struct pool *p)
{
	unsigned i;

	CHECK_OBJ_NOTNULL(p, POOL_MAGIC);
	/* What comes back late is freed at once, or with the pool. */
	atomic_store_explicit(&p->closed, true, memory_order_relaxed);
	for (i = 0; i < N_CLASSES; i++) {
		struct class *c = &p->classes[i];
		int64_t n_out = get(&c->n_out);

		free_all(c);
		if (atomic_fetch_sub_explicit(&c->n_back, n_out,
					      memory_order_acq_rel) == n_out)
			let_go(p);
	}
	let_go(p);
	return NULL;
}
