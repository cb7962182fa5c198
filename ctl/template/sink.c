/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink `@NAME@`: appends encoded events to a file or a named pipe. A reader
 * that is slow is waited for a little; who leaves, is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/plugin.h>

#define WAIT_MS		100	/* the most that write may wait in a call */

enum { OPT_PATH };

static const struct weir_option @NAME@_options[] = {
	[OPT_PATH] = { "path", WEIR_OPT_STR, 0, 0, 0, "/dev/null", NULL,
		"File or named pipe to write to." },
};

struct @NAME@ {
	int fd;
	uint32_t written;	/* bytes of the first item that are out already */
};

/* What write(2) has said; only ever WEIR_WRITE_OK if there is more to write. */
static int wait_for_reader(struct @NAME@ *x, int error)
{
	struct pollfd p = { .fd = x->fd, .events = POLLOUT };

	if (error == EINTR)
		return WEIR_WRITE_OK;
	if (error == EPIPE)
		return WEIR_WRITE_CLOSED;
	if (error != EAGAIN)
		return WEIR_WRITE_ERROR;
	return poll(&p, 1, WAIT_MS) > 0 ? WEIR_WRITE_OK : WEIR_WRITE_AGAIN;
}

/* Never leaves a part of an item behind: it goes on there in the next call. */
static int put(struct @NAME@ *x, const struct weir_item *it)
{
	ssize_t n;
	int r;

	while (x->written < it->len) {
		n = write(x->fd, it->p + x->written, it->len - x->written);
		if (n >= 0) {
			x->written += (uint32_t)n;
			continue;
		}
		r = wait_for_reader(x, errno);
		if (r != WEIR_WRITE_OK)
			return r;
	}
	x->written = 0;
	return WEIR_WRITE_OK;
}

static int @NAME@_write(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	struct @NAME@ *x = inst;
	int r;

	for (w->done = 0; w->done < batch->n; w->done++) {
		r = put(x, &batch->items[w->done]);
		if (r != WEIR_WRITE_OK)
			return r;
	}
	return WEIR_WRITE_OK;
}

static void @NAME@_close(void *inst)
{
	struct @NAME@ *x = inst;

	close(x->fd);
	free(x);
}

static int @NAME@_open(const struct weir_setup *s, void **inst)
{
	const char *path = s->options[OPT_PATH].v.s;
	struct @NAME@ *x = calloc(1, sizeof(*x));

	if (x)
		x->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (!x || x->fd < 0) {
		weir_logf(s, WEIR_LOG_ERROR, "%s: %s", path, strerror(x ? errno : ENOMEM));
		free(x);
		return -1;
	}
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE(@NAME@, WEIR_PLUGIN_SINK, "0.1.0", "Apache-2.0",
	.summary = "Appends events to a file or a named pipe.",
	.options = @NAME@_options,
	.n_options = WEIR_N_OF(@NAME@_options),
	.open = @NAME@_open,
	.close = @NAME@_close,
	.write = @NAME@_write);
