/* SPDX-License-Identifier: Apache-2.0 */
#include "precord.h"

#include <fnmatch.h>
#include <string.h>

#define ID_LEAST	12u

/* What goes first; exec, without which nothing else has its place, never does. */
static const uint8_t worth_least[] = { PTYPE_FILE, PTYPE_DNS, PTYPE_CONNECT, PTYPE_BIND,
	PTYPE_SIGNAL, PTYPE_MOUNT, PTYPE_CAPABILITY, PTYPE_SYSCALL, PTYPE_CREDENTIALS,
	PTYPE_MODULE };

uint32_t precord_begin(struct precords *x, const struct precord *from, uint64_t max_size,
		       uint64_t seed, uint32_t now_s)
{
	struct precord *r = x->all;

	while (r < x->all + PRECORD_MAX && r->id)
		r++;
	if (r == x->all + PRECORD_MAX)
		return 0;
	*r = *from;
	r->p = pprofile_new(r->selector, 1, max_size, seed, now_s);
	if (!r->p)
		return 0;
	r->id = ++x->ids;
	r->begun_s = now_s;
	x->n++;
	return r->id;
}

struct precord *precord_find(struct precords *x, uint32_t id)
{
	uint32_t i;

	for (i = 0; id && i < PRECORD_MAX; i++)
		if (x->all[i].id == id)
			return &x->all[i];
	return NULL;
}

bool precord_matches(const struct precord *r, const char *name, const char *container,
		     uint32_t container_len)
{
	size_t n = strlen(r->selector);

	if (n >= ID_LEAST && n <= container_len && !memcmp(r->selector, container, n))
		return true;
	return !fnmatch(r->selector, name, 0);
}

static void note_workload(struct precord *r, const char *name)
{
	if (!r->n_workloads) {
		memcpy(r->workload, name, strnlen(name, sizeof(r->workload) - 1));
		r->n_workloads = 1;
	} else if (strcmp(r->workload, name)) {
		r->n_workloads = 2;
	}
}

void precord_event(struct precord *r, const struct pprofile_conf *c, const char *name,
		   const char *tag, uint32_t tag_len, struct pprofile_ask *ask)
{
	struct pprofile_conf own = { .max_versions = c->max_versions, .types = r->types,
		.args = c->args, .states = { .unstable_s = UINT32_MAX, .quiet_s = UINT32_MAX } };
	struct pprofile_answer a;

	if (!(r->types >> ask->item->type & 1))
		return;
	/* It learns as long as it lasts. */
	memset(own.states.stable_s, 0xff, sizeof(own.states.stable_s));
	note_workload(r, name);
	ask->version = pprofile_version(r->p, &own, tag, tag_len, ask->now_s);
	pprofile_ask(r->p, &own, ask, &a);
	r->n_events++;
}

/* False: there is nothing left that may go. */
static bool shed(struct precord *r, uint32_t now_s, uint32_t permille)
{
	uint32_t i;

	for (i = 0; i < sizeof(worth_least) && !(r->types >> worth_least[i] & 1); i++)
		;
	if (i == sizeof(worth_least))
		return false;
	r->types &= ~(1u << worth_least[i]);
	r->shed[r->n_shed++] = (struct precord_shed){ worth_least[i], now_s, permille };
	return true;
}

void precord_spent(struct precord *r, uint64_t spent_ns, uint64_t now_ns, uint32_t now_s,
		   uint32_t permille)
{
	uint64_t share;

	if (!r->window_ns)
		r->window_ns = now_ns;
	r->spent_ns += spent_ns;
	if (now_ns - r->window_ns < PRECORD_WINDOW_NS)
		return;
	share = r->spent_ns * 1000 / (now_ns - r->window_ns);
	if (share > permille)
		shed(r, now_s, share < 1000 ? (uint32_t)share : 1000);
	r->window_ns = now_ns;
	r->spent_ns = 0;
}

void precord_stop(struct precords *x, struct precord *r)
{
	if (!r->over)
		x->n--;
	__atomic_store_n(&r->over, true, __ATOMIC_RELAXED);
}

void precord_check(struct precords *x, uint32_t now_s)
{
	uint32_t i;

	for (i = 0; x->n && i < PRECORD_MAX; i++)
		if (x->all[i].id && now_s >= x->all[i].until_s)
			precord_stop(x, &x->all[i]);
}

struct pprofile *precord_take(struct precords *x, struct precord *r)
{
	struct pprofile *p = r->p;

	precord_stop(x, r);
	*r = (struct precord){ 0 };
	return p;
}

void precord_fini(struct precords *x)
{
	uint32_t i;

	for (i = 0; i < PRECORD_MAX; i++)
		pprofile_free(x->all[i].p);
}
