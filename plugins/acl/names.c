/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of four; the entry that was used longest ago goes, but for those that
 * the thread is asked about. At most NAMES_WAITING are, and no others then. An
 * old name is used until the new one is there.
 */
#include "names.h"

#include <sys/stat.h>

#include <weir/account.h>

#define NAMES_TTL_NS	300000000000u

struct name_job {
	struct weir_job job;
	struct name_key key;
	/* By the thread: */
	bool known;
	struct put name;
	char text[NAME_MAX_LEN];
};

/* ---- the thread ---------------------------------------------------------------------*/

static bool find_account(const struct name_key *key, struct put *o)
{
	char name[NAME_MAX_LEN];
	size_t len = 0;
	uint32_t id;

	memcpy(&id, key->bytes, sizeof(id));
	if (weir_account_name(id, key->kind == NAME_GROUP, name, sizeof(name), &len) !=
	    WEIR_ACCOUNT_NAME)
		return false;
	put_escaped(o, name, len);
	return true;
}

static uint64_t run(void *arg, struct weir_job *job)
{
	struct name_job *j = (struct name_job *)job;
	struct names *n = arg;

	put_init(&j->name, j->text, sizeof(j->text));
	j->known = j->key.kind == NAME_SID ? winbind_name(n->winbind, j->key.bytes, &j->name) :
					     find_account(&j->key, &j->name);
	return 0;
}

static void job_free(struct weir_job *job)
{
	free(job);
}

static const struct weir_helper_ops names_ops = {
	.run = run, .free = job_free,
};

/* ---- life --------------------------------------------------------------------------*/

static uint32_t ns_of(const char *link)
{
	struct stat st;

	return stat(link, &st) ? 0 : (uint32_t)st.st_ino;
}

bool names_open(struct names *n, const struct weir_setup *setup)
{
	if (!WEIR_HAS(setup, flags) || !(setup->flags & WEIR_SETUP_LIVE))
		return true;
	n->host_ns[0] = ns_of("/proc/self/ns/mnt");
	n->host_ns[1] = ns_of("/proc/1/ns/mnt");
	n->on = !weir_helper_start(&n->helper, setup, &names_ops, n, NAMES_WAITING,
				   3600000000000u);
	return n->on;
}

void names_close(struct names *n)
{
	weir_helper_stop(&n->helper);
	while (n->n_waiting)
		weir_job_put(&n->helper, &n->waiting[--n->n_waiting]->job);
	weir_helper_fini(&n->helper);
	winbind_close(n->winbind);
}

/* ---- the cache ----------------------------------------------------------------------*/

/* FNV-1a */
static struct name *set_of(struct names *n, const struct name_key *key)
{
	uint32_t h = 2166136261u, i;

	for (i = 0; i < key->size; i++)
		h = (h ^ key->bytes[i]) * 16777619u;
	return n->sets[(h ^ h >> 16 ^ key->kind) % NAMES_SETS];
}

static struct name *find(struct names *n, const struct name_key *key)
{
	struct name *e = set_of(n, key), *end = e + NAMES_WAYS;

	for (; e < end; e++)
		if (e->state != NAME_EMPTY && !memcmp(&e->key, key, sizeof(*key)))
			return e;
	return NULL;
}

/* NULL: all of the set are being asked about. */
static struct name *take(struct names *n, const struct name_key *key)
{
	struct name *e = set_of(n, key), *end = e + NAMES_WAYS, *best = NULL;

	for (; e < end; e++)
		if (e->state != NAME_ASKED && (!best || e->used < best->used))
			best = e;
	if (best)
		*best = (struct name){ .key = *key };
	return best;
}

static bool ask(struct names *n, const struct name_key *key)
{
	bool full = n->n_waiting == NAMES_WAITING;
	struct weir_request *rq = full ? NULL : weir_request_new(&n->helper);
	struct name_job *j = rq ? calloc(1, sizeof(*j)) : NULL;

	if (!j) {
		free(rq);
		return false;
	}
	weir_job_init(&j->job);
	j->key = *key;
	weir_request_add(rq, &j->job, 0);
	weir_helper_submit(&n->helper, rq, NULL);
	n->waiting[n->n_waiting++] = j;
	n->n_asked++;
	return true;
}

static void forget(struct names *n, const struct weir_job *job)
{
	uint32_t i;

	for (i = 0; &n->waiting[i]->job != job; i++)
		;
	weir_job_put(&n->helper, &n->waiting[i]->job);
	n->waiting[i] = n->waiting[--n->n_waiting];
}

void names_take(struct names *n)
{
	struct weir_job *job;

	while (n->on && (job = weir_helper_done(&n->helper))) {
		struct name_job *j = (struct name_job *)job;
		struct name *e = find(n, &j->key);

		if (e) {
			/* Half a name is none. */
			e->state = j->known && !j->name.full ? NAME_KNOWN : NAME_NONE;
			e->until = weir_helper_now() + NAMES_TTL_NS;
			e->len = (uint8_t)(e->state == NAME_KNOWN ? j->name.len : 0);
			memcpy(e->text, j->text, e->len);
		}
		forget(n, job);
	}
}

bool names_fit(const struct names *n, uint32_t ns_mnt)
{
	return n->on && ns_mnt && (ns_mnt == n->host_ns[0] || ns_mnt == n->host_ns[1]);
}

static void renew(struct names *n, struct name *e, uint64_t now)
{
	if (!ask(n, &e->key))
		return;
	e->until = now + NAMES_TTL_NS;
	if (e->state == NAME_EMPTY)
		e->state = NAME_ASKED;
}

static bool put_name(struct names *n, struct put *o, const struct name_key *key)
{
	struct name *e = find(n, key);
	uint64_t now = weir_helper_now();

	if (!e)
		e = take(n, key);
	if (!e)
		return false;
	e->used = ++n->clock;
	if (e->state != NAME_ASKED && e->until < now)
		renew(n, e, now);
	if (e->state == NAME_KNOWN)
		put_mem(o, e->text, e->len);
	return e->state == NAME_KNOWN;
}

bool names_put(void *ctx, struct put *o, uint32_t id, bool group)
{
	struct name_key key = { .kind = group ? NAME_GROUP : NAME_USER, .size = sizeof(id) };

	memcpy(key.bytes, &id, sizeof(id));
	return put_name(ctx, o, &key);
}

bool names_put_sid(void *ctx, struct put *o, const uint8_t *sid)
{
	struct name_key key = { .kind = NAME_SID, .size = (uint8_t)(8 + 4 * sid_subs(sid)) };

	memcpy(key.bytes, sid, key.size);
	return put_name(ctx, o, &key);
}
