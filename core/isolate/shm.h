/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that the core and the process of an isolated plugin share: two
 * files, each written by one side alone. The child's mapping of `down` is
 * read-only (F_SEAL_FUTURE_WRITE); what the core reads from `up` is believed
 * only after it was copied and checked. Both sides are of one build.
 *
 * A ring holds messages, one behind the other; places are numbers of bytes
 * that only grow. A message does not wrap: the rest of the ring is filled with
 * one of kind MSG_PAD. Inside of core/isolate.
 */
#pragma once

#include <ck_pr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/plugin.h>

#define SHM_VERSION	1u
#define SHM_DOWN_RING	(4u * 1024 * 1024)
#define SHM_UP_RING	(1u * 1024 * 1024)
#define SHM_PAGE	4096u
#define SHM_COUNTERS	256u	/* of a plugin; the first page of `up` holds them */
/* Of a message, whole. */
#define SHM_DOWN_MAX	(SHM_DOWN_RING / 4)
#define SHM_UP_MAX	(SHM_UP_RING / 4)

/* Descriptors of the child. */
enum { SHM_FD_LOG = 2, SHM_FD_PLUGIN, SHM_FD_DOWN, SHM_FD_UP, SHM_FD_WAKE, SHM_FD__MAX };

enum msg_kind {
	MSG_PAD,
	/* down */
	MSG_EVENT,		/* struct msg_event, record, values */
	MSG_ITEM,		/* struct msg_item, bytes */
	MSG_TICK,		/* id: now_ns */
	MSG_CLOSE,
	/* up */
	MSG_READY,
	MSG_REFUSED,		/* a text: why */
	MSG_DONE,		/* struct msg_done, values; id: of the event */
	MSG_EMIT,		/* struct msg_emit, values; id: of the cause, 0: none */
	MSG_WROTE,		/* struct msg_wrote */
	MSG_CLOSED,
};

/* `len` covers it and what follows; a multiple of 16. */
struct msg {
	uint32_t len;
	uint32_t kind;
	uint64_t id;
};

struct msg_event {
	int64_t wall_ns;
	uint32_t ticket;
	uint32_t rec_size;
	uint32_t n_values;
	uint16_t type;
	uint16_t pad;
};

struct msg_item {
	uint32_t len;
	uint16_t type;
	uint8_t rclass;
	uint8_t pad;
	uint64_t pad2;
};

struct msg_done {
	uint32_t ticket;
	int32_t verdict;
	uint32_t n_values;
	uint32_t pad;
};

struct msg_emit {
	uint32_t n;		/* of `emits` */
	uint32_t ticket;	/* of the cause */
	uint32_t n_values;
	uint32_t pad;
};

struct msg_wrote {
	uint32_t result;	/* enum weir_write_result */
	uint32_t failed;
	uint32_t dropped[WEIR_CLASS_MAX];	/* and lost */
	uint32_t pad[3];
};

/* Written by the core. */
struct shm_down {
	uint32_t version;
	uint32_t daemon;	/* its process */
	uint32_t setup_len;	/* at SHM_PAGE */
	uint32_t ring_at;
	uint64_t start;		/* place where a new child begins to read */
	uint64_t careful;	/* items before it are written one at a time */
	_Alignas(64) uint64_t head;
	uint32_t wake;		/* futex: changes when the child is to look */
	uint32_t room_wanted;
	_Alignas(64) uint64_t up_tail;
	uint32_t armed;		/* odd: the core sleeps; changes each time */
};

/* Written by the child. */
struct shm_up {
	_Alignas(64) uint64_t tail;	/* of requests */
	uint32_t armed;		/* 1: it sleeps */
	uint32_t call;		/* odd: in a callback; changes each time */
	uint64_t in_hand;	/* id of the event; place behind the items; 0: none */
	uint64_t started;	/* id of the last event that it began */
	_Alignas(64) uint64_t head;	/* of answers */
	uint64_t room_wanted;
	_Alignas(64) uint64_t counters[SHM_COUNTERS];
};

_Static_assert(sizeof(struct shm_up) <= SHM_PAGE, "the ring begins behind it");
_Static_assert(sizeof(struct msg) == 16 && sizeof(struct msg_item) == 16, "alignment");

#define SHM_UP_SIZE	(SHM_PAGE + SHM_UP_RING)

/* A ring as one side sees it. */
struct ring {
	uint8_t *mem;
	uint32_t size;		/* a power of two */
};

static inline struct msg *ring_at(const struct ring *r, uint64_t place)
{
	return (struct msg *)(void *)(r->mem + (place & (r->size - 1)));
}

/* Bytes from that place to where the ring begins anew. */
static inline uint32_t ring_rest(const struct ring *r, uint64_t place)
{
	return r->size - (uint32_t)(place & (r->size - 1));
}

static inline uint32_t msg_len(size_t payload)
{
	return (uint32_t)((sizeof(struct msg) + payload + 15) & ~(size_t)15);
}

/*
 * The one producer: where a message of `len` bytes is to be written; *head
 * becomes the place behind it, for the producer to publish. NULL: no room.
 */
static inline struct msg *ring_begin(const struct ring *r, uint64_t *head, uint64_t tail,
				     uint32_t len)
{
	uint32_t rest = ring_rest(r, *head), pad = rest < len ? rest : 0;

	if (*head - tail + pad + len > r->size)
		return NULL;
	if (pad)
		*ring_at(r, *head) = (struct msg){ .len = pad, .kind = MSG_PAD };
	*head += pad + len;
	return ring_at(r, *head - len);
}

#define SHM_LOAD(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define SHM_PEEK(p)	__atomic_load_n(p, __ATOMIC_RELAXED)
#define SHM_STORE(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
/* What was stored before what is loaded behind. */
#define SHM_FENCE()	ck_pr_fence_memory()
