/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the handlers of the signals that end the process, and the stacks they
 * run on. Nothing can be relied on here: another thread may crash at the same
 * time, and what the handler reads may not be there. Therefore
 *
 * - an entry is written as soon as whose it is is known, and once more with
 *   what had to be read from the event. Each crash has a slot of its own;
 * - the six signals are not blocked in the handler: a fault in it enters it
 *   again, which ends the telling. With the signal blocked the kernel would
 *   kill us at once, and by the wrong signal;
 * - at the end the signal, with its siginfo, is queued again to the thread
 *   (rt_tgsigqueueinfo to oneself may send any) and blocked until the handler
 *   returns: the old action finds the registers and the stack of the crash.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <weir/wire.h>

#include "plugin/ledger_private.h"
#include "util/macros.h"

#define IE __attribute__((tls_model("initial-exec")))

/* How long a crash waits for stderr, and for other threads' crashes to be told. */
#define STDERR_WAIT_MS	500
#define OTHERS_WAIT_MS	1000

#define STACK_SIZE	(64u * 1024)

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };

_Thread_local struct ledger_mark ledger_mark IE;

/* The armed ledger. Constant while a handler can run, but for the atomics. */
static struct {
	struct ledger *ledger;
	pid_t pid;
	int fd;
	atomic_uint next;	/* seq of the next entry */
	atomic_int n_telling;	/* threads inside of the handler */
	struct sigaction old[ARRAY_LEN(signals)];
} armed;

/* The crash of this thread. */
static _Thread_local struct {
	volatile int depth;	/* 1: in the handler, 2: that faulted too, ... */
	volatile bool told;
	volatile bool has_who;
	siginfo_t info;
	struct ledger_entry entry;
} crash IE;

static _Thread_local struct {
	void *map;
	size_t size;
	stack_t old;
} stack IE;

/* ---- the handler -------------------------------------------------------------------*/

static const struct sigaction *old_action(int sig)
{
	size_t i = 0;

	while (i < ARRAY_LEN(signals) - 1 && signals[i] != sig)
		i++;
	return &armed.old[i];
}

/* What the signal does without us happens when the handler returns. */
static void resend(int sig, siginfo_t *info)
{
	long tid = syscall(SYS_gettid);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(sig, old_action(sig), NULL);
	if (syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, sig, info) < 0)
		syscall(SYS_tgkill, getpid(), tid, sig);
}

static void put_text(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i]; i++)
		to[i] = from[i] < 0x20 || from[i] > 0x7e ? '?' : from[i];
	to[i] = 0;
}

static void entry_write(void)
{
	struct ledger_entry *e = &crash.entry;

	e->sum = ledger_sum(e);
	if (armed.fd >= 0 &&
	    pwrite(armed.fd, e, sizeof(*e), (off_t)ledger_slot_offset(e->seq)) < 0)
		errno = 0;	/* the line on stderr has to do */
}

static void entry_begin(int sig, const siginfo_t *info)
{
	struct ledger_entry *e = &crash.entry;
	struct timespec ts;

	memset(e, 0, sizeof(*e));
	clock_gettime(CLOCK_REALTIME, &ts);
	e->wall_ns = ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
	e->signal = sig;
	e->code = info->si_code;
	if (info->si_code > 0)
		e->addr = (uintptr_t)info->si_addr;
	else
		e->sender = (uint32_t)info->si_pid;
	e->pid = (uint32_t)armed.pid;
	e->tid = (uint32_t)syscall(SYS_gettid);
	put_text(e->version, WEIR_VERSION, sizeof(e->version));
}

static void entry_blame(const struct ledger_who *who)
{
	struct ledger_entry *e = &crash.entry;

	e->phase = MIN(ledger_mark.phase, LEDGER_OTHER);
	put_text(e->build_id, who->build_id, MIN(sizeof(e->build_id), sizeof(who->build_id)));
	put_text(e->plugin, who->plugin, sizeof(e->plugin));
	put_text(e->instance, who->instance, sizeof(e->instance));
	e->seq = atomic_fetch_add_explicit(&armed.next, 1, memory_order_relaxed);
	crash.has_who = true;
	entry_write();
}

/* The part that may fault. */
static void entry_event(const void *rec, size_t size)
{
	struct ledger_entry *e = &crash.entry;

	if (!rec || size < sizeof(struct weir_base))
		return;
	e->type = ((const struct weir_base *)rec)->type;
	e->digest = ledger_digest(rec, size);
	entry_write();
}

static void line_write(const char *text, size_t len)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };

	/* A reader that has hung must not keep a dead daemon from being restarted. */
	if (poll(&pfd, 1, STDERR_WAIT_MS) == 1 && pfd.revents == POLLOUT &&
	    write(STDERR_FILENO, text, len) < 0)
		errno = 0;
}

static void tell(void)
{
	const struct ledger_entry *e = &crash.entry;
	char text[512];
	struct ledger_line t = { text, 0, sizeof(text) - 1 };

	if (crash.told)
		return;
	crash.told = true;
	if (crash.has_who) {
		ledger_put(&t, "weird: error: plugin ");
		ledger_put(&t, e->plugin);
		ledger_put(&t, " (build ");
		ledger_put(&t, *e->build_id ? e->build_id : "unknown");
		ledger_put(&t, ", instance ");
		ledger_put(&t, e->instance);
		ledger_put(&t, ") crashed in ");
		ledger_put_where(&t, e);
	} else {
		ledger_put(&t, "weird: error: crashed in the core");
	}
	ledger_put(&t, ": ");
	ledger_put_signal(&t, e);
	text[t.len++] = '\n';
	line_write(text, t.len);
}

static void others_wait(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < OTHERS_WAIT_MS && atomic_load(&armed.n_telling) > 0; i++)
		nanosleep(&ms, NULL);
}

static void telling_end(void)
{
	tell();
	if (crash.has_who && armed.fd >= 0 && fdatasync(armed.fd) < 0)
		errno = 0;
	atomic_fetch_sub(&armed.n_telling, 1);
	others_wait();
}

static void on_crash(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	/* A child of vfork has its parent's memory: it must not touch it. */
	if (getpid() != armed.pid) {
		resend(sig, info);
		errno = saved;
		return;
	}
	switch (++crash.depth) {
	case 1:
		atomic_fetch_add(&armed.n_telling, 1);
		crash.info = *info;
		entry_begin(sig, info);
		if (ledger_mark.who) {
			entry_blame(ledger_mark.who);
			entry_event(ledger_mark.rec, ledger_mark.rec_size);
		}
		telling_end();
		break;
	case 2:
		telling_end();
		break;
	}
	resend(crash.info.si_signo, &crash.info);
	errno = saved;
}

/* ---- set-up ------------------------------------------------------------------------*/

int ledger_arm(struct ledger *l)
{
	struct sigaction sa = {
		.sa_sigaction = on_crash,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	size_t i;

	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	if (armed.ledger)
		return -EBUSY;
	armed.ledger = l;
	armed.pid = getpid();
	armed.fd = l->writable ? l->fd : -1;
	atomic_store(&armed.next, l->next);
	atomic_store(&armed.n_telling, 0);
	sigfillset(&sa.sa_mask);
	for (i = 0; i < ARRAY_LEN(signals); i++)
		sigdelset(&sa.sa_mask, signals[i]);
	/* First all old ones: a handler may run from the first that is set. */
	for (i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], NULL, &armed.old[i]);
	for (i = 0; i < ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], &sa, NULL) < 0) {
			int r = -errno;

			ledger_disarm(l);
			return r;
		}
	return 0;
}

void ledger_disarm(struct ledger *l)
{
	struct sigaction now;
	size_t i;

	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	if (armed.ledger != l)
		return;
	for (i = 0; i < ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_sigaction == on_crash)
			sigaction(signals[i], &armed.old[i], NULL);
	armed.fd = -1;
	armed.ledger = NULL;
}

int ledger_thread_init(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	long min = sysconf(_SC_MINSIGSTKSZ);	/* the registers to be saved differ by CPU */
	stack_t st = { 0 };
	void *map;
	int r = 0;

	if (stack.map)
		return 0;
	st.ss_size = STACK_SIZE + (min > 0 ? ((size_t)min + page - 1) / page * page : 0);
	/* With a page below it that nobody may touch. */
	map = mmap(NULL, st.ss_size + page, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	st.ss_sp = (char *)map + page;
	if (mprotect(st.ss_sp, st.ss_size, PROT_READ | PROT_WRITE) < 0 ||
	    sigaltstack(&st, &stack.old) < 0)
		r = -errno;
	if (r < 0) {
		munmap(map, st.ss_size + page);
		return r;
	}
	stack.map = map;
	stack.size = st.ss_size + page;
	return 0;
}

void ledger_thread_fini(void)
{
	if (!stack.map)
		return;
	/* Back to the one before: a sanitizer gives threads its own and frees it. */
	if (sigaltstack(&stack.old, NULL) < 0)
		return;
	munmap(stack.map, stack.size);
	stack.map = NULL;
}
