/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of an isolated plugin: maps what it shares with the core, gives
 * up what it may do, maps the plugin from the descriptor that the core has
 * checked, opens it and serves. Nothing of the plugin runs before the jail is
 * shut.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolate/host.h"
#include "plugin/check.h"
#include "plugin/map.h"
#include "plugin/note.h"

static int refuse(struct host *h, const char *why)
{
	answer(h, MSG_REFUSED, 0, why, strlen(why));
	return 1;
}

static int memory_map(struct host *h)
{
	struct stat st;
	void *down, *up;

	if (fstat(SHM_FD_DOWN, &st) < 0)
		return -1;
	down = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, SHM_FD_DOWN, 0);
	up = mmap(NULL, SHM_UP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, SHM_FD_UP, 0);
	if (down == MAP_FAILED || up == MAP_FAILED)
		return -1;
	close(SHM_FD_DOWN);
	close(SHM_FD_UP);
	h->down = down;
	h->up = up;
	h->ring = (struct ring){ (uint8_t *)down + h->down->ring_at, SHM_DOWN_RING };
	h->answers = (struct ring){ (uint8_t *)up + SHM_PAGE, SHM_UP_RING };
	h->tail = h->down->start;
	return h->down->version == SHM_VERSION ? 0 : -1;
}

/* As the loader does; the core has asked the same questions. */
static int plugin_map(struct host *h, char *why, size_t size)
{
	int fd = SHM_FD_PLUGIN, r;
	struct map_symbol sym;
	void *handle = NULL;
	struct note note;
	struct stat st;

	r = fstat(fd, &st);
	if (!r)
		r = note_read(fd, &note, why, size);
	if (!r)
		r = map_open(&fd, &st, &handle, why, size);
	if (!r)
		r = map_find(handle, "weir_plugin", _Alignof(struct weir_plugin), &sym,
			     why, size);
	if (!r)
		r = check_plugin(sym.p, sym.size, &note.desc, NULL, why, size);
	if (!r)
		h->def = sym.p;
	return r;
}

static int plugin_open(struct host *h)
{
	int r = 0;

	SHM_STORE(&h->up->call, 1);
	if (h->def->open)
		r = h->def->open(&h->setup, &h->inst);
	SHM_STORE(&h->up->call, 2);
	return r;
}

static int run(struct host *h)
{
	char why[256] = "out of memory";
	struct unpack u;

	if (setup_begin(h, &u))
		return refuse(h, "it is of another build than the sensor");
	if (jail_enter(&h->jail, why, sizeof(why)))
		return refuse(h, why);
	if (plugin_map(h, why, sizeof(why)))
		return refuse(h, why);
	if (setup_end(h, &u))
		return refuse(h, "the plugin that it maps is another one");
	if (plugin_open(h))
		return refuse(h, "its open has failed");
	answer(h, MSG_READY, 0, NULL, 0);
	serve(h);
	if (h->def->close)
		h->def->close(h->inst);
	answer(h, MSG_CLOSED, 0, NULL, 0);
	return 0;
}

int main(int argc, char **argv)
{
	static struct host h = { .lock = PTHREAD_MUTEX_INITIALIZER };

	(void)argv;
	if (argc != 2 || syscall(SYS_close_range, SHM_FD__MAX, ~0u, 0) < 0 ||
	    memory_map(&h) < 0) {
		fprintf(stderr, "weir-plugin-host: started by the sensor only\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	h.scratch = (struct pack){ .p = malloc(SHM_UP_MAX - 64), .cap = SHM_UP_MAX - 64 };
	if (!h.scratch.p)
		return 2;
	/* No exit handlers: what the plugin's libraries leave is of no use. */
	_exit(run(&h));
}
