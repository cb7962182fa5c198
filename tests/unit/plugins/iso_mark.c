/* SPDX-License-Identifier: Apache-2.0 */
/* For test_isolate: at event `at` (0: at each) it does what it must not. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/plugin.h>

enum { OPT_WHAT, OPT_AT, OPT_WORDS };
enum { NOTHING, SEGV, LOOP, LEAK, FORK, SOCKET, EXEC, SCRIBBLE, LATER, EMIT, KILL, LIE,
       OPENFAIL, OPENHANG, OPENSEGV, SPIN, HOSTILE };

static const struct weir_option options[] = {
	[OPT_WHAT] = { .name = "what", .type = WEIR_OPT_ENUM, .dflt = "nothing",
		.words = "nothing|segv|loop|leak|fork|socket|exec|scribble|later|emit|kill|lie|openfail|openhang|opensegv|spin|hostile",
		.doc = "What it does." },
	[OPT_AT] = { .name = "at", .type = WEIR_OPT_INT, .dflt = "0", .doc = "And when." },
	[OPT_WORDS] = { .name = "words", .type = WEIR_OPT_STRLIST, .dflt = "a,bc", .doc = "Of iso.list." },
};

enum { F_NUMBER, F_TEXT, F_LIST, F_PID };
static const struct weir_field_def fields[] = {
	{ .name = "iso.number", .kind = WEIR_KIND_U64, .sigma = "", .ecs = "", .ocsf = "", .doc = "A number." },
	{ .name = "iso.text", .kind = WEIR_KIND_STR, .sigma = "", .ecs = "", .ocsf = "", .doc = "What came of it." },
	{ .name = "iso.list", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_STR, .sigma = "", .ecs = "", .ocsf = "", .doc = "Words." },
	{ .name = "iso.pid", .kind = WEIR_KIND_U64, .sigma = "", .ecs = "", .ocsf = "", .doc = "Its process." },
};
static const struct weir_want wants[] = { { .name = "process.pid" } };
static const struct weir_counter counters[] = {
	{ .name = "seen", .unit = "events", .doc = "Events." },
};
static const struct weir_emit emits[] = { { .name = "iso_note", .doc = "A note." } };

struct iso {
	const struct weir_setup *s;
	int64_t what, at;
	uint32_t n_words;
	char words[8][16];
};

static int iso_open(const struct weir_setup *s, void **inst)
{
	struct iso *i = calloc(1, sizeof(*i));
	uint32_t k;

	i->s = s;
	i->what = s->options[OPT_WHAT].v.i;
	i->at = s->options[OPT_AT].v.i;
	for (k = 0; k < s->options[OPT_WORDS].n && k < 8; k++)
		snprintf(i->words[i->n_words++], 16, "%s", s->options[OPT_WORDS].v.list[k]);
	if (i->what == OPENFAIL) {
		weir_logf(s, WEIR_LOG_ERROR, "it is Monday");
		return -1;
	}
	while (i->what == OPENHANG)
		pause();
	if (i->what == OPENSEGV)
		raise(SIGSEGV);
	*inst = i;
	return 0;
}

/* As core/isolate/shm.h has it. */
enum { AT_IN_HAND = 16, AT_HEAD = 64, AT_UP_TAIL = 128, AT_RING = 4096, RING = 1 << 20, DONE = 7,
       KINDS = 13 };

/* What the process shares with the core under that name. */
static uint8_t *shared_find(const char *name, size_t *size)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from = 0, to = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, name) && sscanf(line, "%lx-%lx", &from, &to) == 2)
			break;
	if (f)
		fclose(f);
	*size = to - from;
	return (uint8_t *)from;
}

static uint64_t number_at(const uint8_t *mem, size_t at)
{
	return __atomic_load_n((const uint64_t *)(const void *)(mem + at), __ATOMIC_ACQUIRE);
}

/* All that it can write to, when the core has read its answers: they would be lost. */
static void scribble(void)
{
	size_t up_size, down_size;
	uint8_t *up = shared_find("weir-answers", &up_size);
	uint8_t *down = shared_find("weir-requests", &down_size);

	if (mprotect(down, down_size, PROT_READ | PROT_WRITE) == 0)
		_exit(99);
	while (number_at(down, AT_UP_TAIL) != number_at(up, AT_HEAD))
		usleep(1000);
	memset(up, 0xa5, up_size);
	pause();
}

/* ---- answers that are nearly right -----------------------------------------------*/

static uint32_t seed;

static uint32_t dice(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* A packed value: kind, status, slot, len, number, and some bytes. */
static uint32_t value_forge(const struct iso *i, uint32_t *at)
{
	uint32_t field = dice(4), k, n;
	static const uint8_t lens[] = { 0, 1, 2, 3, 8, 16, 24, 200 };

	at[0] = dice(4) ? fields[field].kind : dice(30);
	at[0] |= dice(dice(2) ? 3 : 12) << 8;
	at[0] |= (uint32_t)(dice(20) ? i->s->produces[field].slot : dice(65536)) << 16;
	at[1] = dice(10) ? lens[dice(8)] : seed;
	at[2] = dice(3) ? dice(4) : seed;
	at[3] = 0;
	n = dice(4) * 2;
	for (k = 0; k < n; k++)
		at[4 + k] = dice(2) ? seed : dice(24);
	return 4 + n;
}

static void forge(const struct iso *i)
{
	size_t size;
	uint8_t *up = shared_find("weir-answers", &size);
	uint64_t *head = (uint64_t *)(void *)(up + AT_HEAD), id;
	uint32_t *m, n, k, len;

	memcpy(&id, up + AT_IN_HAND, sizeof(id));
	seed = (uint32_t)getpid() * 2654435761u + (uint32_t)id;
	for (k = 0; k < 8; k++) {
		m = (uint32_t *)(void *)(up + AT_RING + *head % RING);
		if (RING - *head % RING < 4096)
			return;
		m[2] = (uint32_t)(id + (dice(8) ? 0 : dice(5)));
		m[3] = 0;
		m[1] = dice(2) ? DONE : dice(KINDS);
		m[4] = dice(4) ? dice(2) : dice(5000);
		m[5] = dice(4);
		m[6] = n = dice(5);
		m[7] = 0;
		for (len = 8; n && len < 900; n--)
			len += value_forge(i, m + len);
		len = (len * 4 + 15) / 16 * 16;
		m[0] = dice(12) ? len : dice(5000);
		__atomic_store_n(head, *head + len, __ATOMIC_RELEASE);
	}
}

static const char *leak(void)
{
	size_t n = 0;
	void *p;

	while (n < (size_t)4 << 30 && (p = malloc(1 << 20))) {
		memset(p, 1, 1 << 20);
		n += 1 << 20;
	}
	return n < (size_t)4 << 30 ? "refused" : "got it";
}

static const char *refused(long r)
{
	return r < 0 ? strerrorname_np(errno) : "done";
}

static const char *misbehave(struct iso *i)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	switch (i->what) {
	case SEGV:
		raise(SIGSEGV);
		break;
	case LOOP:
		for (;;)
			usleep(1000);
	case SPIN:
		for (;;)
			;
	case LEAK:
		return leak();
	case FORK:
		return refused(fork());
	case SOCKET:
		return refused(socket(AF_NETLINK, SOCK_RAW, 0));
	case EXEC:
		return refused(execv("/bin/true", argv));
	case SCRIBBLE:
		scribble();
		break;
	case HOSTILE:
		forge(i);
		usleep(1000);
		break;
	case KILL:
		return refused(kill(getppid(), 0));
	}
	return "fine";
}

static void set(struct iso *i, struct weir_event *ev, const char *text)
{
	const struct weir_host *h = i->s->host;
	uint64_t n = ((const struct weir_base *)ev->rec)->seq;
	struct weir_value *v = h->alloc(ev, sizeof(*v) * i->n_words);
	struct weir_list *l = h->alloc(ev, sizeof(*l));
	struct weir_value list = { .status = WEIR_PRESENT, .v.list = l };
	uint32_t k;

	for (k = 0; k < i->n_words; k++)
		v[k] = (struct weir_value){ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT,
			.len = (uint32_t)strlen(i->words[k]), .v.p = i->words[k] };
	*l = (struct weir_list){ .n = i->n_words, .values = v };
	weir_set_u64(ev, i->s->produces[F_NUMBER], n);
	weir_set_str(ev, i->s->produces[F_TEXT], text, (uint32_t)strlen(text));
	weir_set(ev, i->s->produces[F_LIST], &list);
	weir_set_u64(ev, i->s->produces[F_PID], (uint64_t)getpid());
	if (i->what == LIE) {
		struct weir_value u = { .status = 77, .v.u = 1 };

		weir_set(ev, i->s->produces[F_NUMBER], &u);
	}
}

struct job {
	struct iso *i;
	struct weir_event *ev;
};

static void *job_main(void *arg)
{
	struct job *j = arg;

	set(j->i, j->ev, "later");
	j->i->s->host->done(j->ev, WEIR_CONTINUE);
	free(j);
	return NULL;
}

static int later(struct iso *i, struct weir_event *ev)
{
	struct job *j = malloc(sizeof(*j));
	pthread_t t;

	*j = (struct job){ i, i->s->host->later(ev) };
	if (pthread_create(&t, NULL, job_main, j) == 0)
		pthread_detach(t);
	return WEIR_LATER;
}

static int iso_process(void *inst, struct weir_event *ev)
{
	struct iso *i = inst;
	uint64_t n = ((const struct weir_base *)ev->rec)->seq;
	bool now = !i->at || n == (uint64_t)i->at;
	struct weir_event *e;

	weir_count(&i->s->counters[0], 1);
	if (now && i->what == LATER)
		return later(i, ev);
	if (now && i->what == EMIT) {
		e = i->s->host->emit(i->s->ctx, 0, ev);
		set(i, e, "emitted");
		i->s->host->send(i->s->ctx, e);
	}
	set(i, ev, now ? misbehave(i) : "fine");
	return WEIR_CONTINUE;
}

static void iso_close(void *inst)
{
	free(inst);
}

WEIR_PLUGIN_DEFINE(iso_mark, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "For tests.", .options = options, .n_options = WEIR_N_OF(options),
	.wants = wants, .n_wants = WEIR_N_OF(wants),
	.produces = fields, .n_produces = WEIR_N_OF(fields),
	.counters = counters, .n_counters = WEIR_N_OF(counters),
	.emits = emits, .n_emits = WEIR_N_OF(emits),
	.open = iso_open, .close = iso_close, .process = iso_process);
