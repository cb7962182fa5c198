/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job for each file. Between an event and its turn here other changes may have
 * happened, so what was read counts as the state of the moment after reading: for
 * a change before that moment the memo does not use it, and a change that comes
 * by while the job is on its way makes it void.
 */
#include "sight.h"

#include "readattr.h"

struct sight_job {
	struct weir_job job;
	struct memo_key key;
	struct weir_find file;
	uint64_t seen;
	bool stale;
	/* By the thread: */
	enum weir_found found;
	struct readattr read;
	uint8_t *bytes;
	char path[];
};

/* ---- the thread ---------------------------------------------------------------------*/

static uint64_t run(void *arg, struct weir_job *job)
{
	struct sight_job *j = (struct sight_job *)job;
	struct sight *s = arg;

	j->bytes = malloc((size_t)READ_ATTRS * s->max_size);
	j->found = !j->bytes ? WEIR_FOUND_IO :
		   readattr_file(&j->file, j->seen, s->more, s->n_more, s->max_size, j->bytes,
				 &j->read);
	return 0;
}

static void job_free(struct weir_job *job)
{
	free(((struct sight_job *)job)->bytes);
	free(job);
}

static const struct weir_helper_ops sight_ops = {
	.run = run, .free = job_free,
};

/* ---- life --------------------------------------------------------------------------*/

bool sight_open(struct sight *s, const struct weir_setup *setup, uint32_t rate)
{
	if (!rate || !WEIR_HAS(setup, flags) || !(setup->flags & WEIR_SETUP_LIVE))
		return true;
	s->rate = rate;
	s->on = !weir_helper_start(&s->helper, setup, &sight_ops, s, SIGHT_WAITING, 3600000000000u);
	return s->on;
}

static void forget(struct sight *s, uint32_t i)
{
	weir_job_put(&s->helper, &s->waiting[i]->job);
	s->waiting[i] = s->waiting[--s->n_waiting];
}

void sight_close(struct sight *s)
{
	weir_helper_stop(&s->helper);
	while (s->n_waiting)
		forget(s, s->n_waiting - 1);
	weir_helper_fini(&s->helper);
}

/* ---- events -------------------------------------------------------------------------*/

static bool is_waiting(const struct sight *s, const struct memo_key *key)
{
	uint32_t i;

	for (i = 0; i < s->n_waiting; i++)
		if (s->waiting[i]->key.ino == key->ino && s->waiting[i]->key.dev == key->dev &&
		    !s->waiting[i]->stale)
			return true;
	return false;
}

/* The rate is that of the events' own time. */
static bool may_read(struct sight *s, uint64_t time)
{
	if (time / 1000000000u != s->second) {
		s->second = time / 1000000000u;
		s->left = s->rate;
	}
	if (!s->left || s->n_waiting == SIGHT_WAITING)
		return false;
	s->left--;
	return true;
}

static struct sight_job *job_new(const struct memo_key *key, const struct weir_find *file,
				 uint64_t time)
{
	size_t n = file->path ? strlen(file->path) + 1 : 0;
	struct sight_job *j = calloc(1, sizeof(*j) + n);

	if (!j)
		return NULL;
	weir_job_init(&j->job);
	j->key = *key;
	j->file = *file;
	j->seen = time;
	if (n)
		j->file.path = memcpy(j->path, file->path, n);
	return j;
}

bool sight_see(struct sight *s, struct memo *m, const struct memo_key *key,
	       const struct weir_find *file, uint64_t time)
{
	struct weir_request *rq = NULL;
	struct memo_key k = *key;
	struct sight_job *j;

	if (!s->on || memo_was_read(m, &k) || is_waiting(s, key))
		return true;
	j = may_read(s, time) ? job_new(key, file, time) : NULL;
	rq = j ? weir_request_new(&s->helper) : NULL;
	if (!rq || !weir_request_add(rq, &j->job, 0)) {
		free(rq);
		if (j)
			weir_job_put(&s->helper, &j->job);
		return false;
	}
	s->waiting[s->n_waiting++] = j;
	weir_helper_submit(&s->helper, rq, NULL);
	return true;
}

void sight_changed(struct sight *s, const struct memo_key *key)
{
	uint32_t i;

	for (i = 0; i < s->n_waiting; i++)
		if (s->waiting[i]->key.ino == key->ino && s->waiting[i]->key.dev == key->dev)
			s->waiting[i]->stale = true;
}

bool sight_take(struct sight *s, struct memo *m, enum sight_end *end)
{
	struct weir_job *job = s->on ? weir_helper_done(&s->helper) : NULL;
	struct sight_job *j = (struct sight_job *)job;
	uint32_t i;

	if (!j)
		return false;
	*end = j->stale ? SIGHT_STALE : j->found == WEIR_FOUND ? SIGHT_READ : SIGHT_UNREAD;
	if (*end == SIGHT_READ)
		memo_read(m, &j->key, j->read.time, j->read.attrs, j->read.n);
	for (i = 0; s->waiting[i] != j; i++)
		;
	forget(s, i);
	return true;
}
