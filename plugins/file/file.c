/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink `file`: options, and the way of lines from the event path into the outbox. All that
 * may wait for a disk is done by the writer's thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/plugin.h>

#include "fconf.h"
#include "pack.h"
#include "plugins/sink/outbox.h"
#include "plugins/sink/setting.h"
#include "writer.h"

#define CLOSE_NS	4000000000u	/* the sensor gives up its sinks after five seconds */

enum {
	OPT_PATH, OPT_SIZE, OPT_EVERY, OPT_KEEP, OPT_COMPRESS, OPT_FSYNC, OPT_FSYNC_INTERVAL,
	OPT_GROUP, OPT_SEAL, OPT_KEY, OPT_POLICY, OPT_BUFFER, OPT__MAX
};
enum { COMPRESS_NONE, COMPRESS_ZSTD };

static const struct weir_option options[OPT__MAX] = {
	[OPT_PATH] = {
		.name = "path", .type = WEIR_OPT_STR, .flags = WEIR_OPTION_REQUIRED,
		.doc = "The file: an absolute path. Rotated ones are PATH.NUMBER.",
	},
	[OPT_SIZE] = {
		.name = "size", .type = WEIR_OPT_SIZE, .dflt = "100M", .max = 1ll << 50,
		.doc = "Rotate before the file is larger; 0: never.",
	},
	[OPT_EVERY] = {
		.name = "every", .type = WEIR_OPT_TIME, .dflt = "0s",
		.max = 366ll * 86400 * 1000000000,
		.doc = "Rotate at each full such time of the clock, in UTC; 0: never.",
	},
	[OPT_KEEP] = {
		.name = "keep", .type = WEIR_OPT_INT, .dflt = "10", .max = 1000000,
		.doc = "Rotated files that are kept; 0: all.",
	},
	[OPT_COMPRESS] = {
		.name = "compress", .type = WEIR_OPT_ENUM, .dflt = "none", .words = "none|zstd",
		.doc = "What is done to rotated files.",
	},
	[OPT_FSYNC] = {
		.name = "fsync", .type = WEIR_OPT_ENUM, .dflt = "never",
		.words = "never|interval|batch",
		.doc = "When what was written is brought to the disk: left to the "
		       "kernel, after a time, or after each batch.",
	},
	[OPT_FSYNC_INTERVAL] = {
		.name = "fsync_interval", .type = WEIR_OPT_TIME, .dflt = "1s", .min = 1000000,
		.max = 3600000000000,
		.doc = "The time for fsync = \"interval\".",
	},
	[OPT_GROUP] = {
		.name = "group", .type = WEIR_OPT_STR, .dflt = "",
		.doc = "A group that may read the files; else nobody but their owner.",
	},
	[OPT_SEAL] = {
		.name = "seal", .type = WEIR_OPT_ENUM, .dflt = "none",
		.words = "none|sha256|hmac",
		.doc = "A hash chain over the lines, for weirctl verify; hmac needs a "
		       "key.",
	},
	[OPT_KEY] = {
		.name = "key", .type = WEIR_OPT_STR, .dflt = "",
		.doc = "File with the key for hmac: 16 to 4096 bytes, readable by its "
		       "owner only.",
	},
	[OPT_POLICY] = {
		.name = "policy", .type = WEIR_OPT_ENUM, .dflt = "drop", .words = "block|drop",
		.doc = "When the disk does not keep up, or is full: drop gives up what "
		       "does not fit into the buffer and counts it, block lets events "
		       "wait in the kernel's ring.",
	},
	[OPT_BUFFER] = {
		.name = "buffer", .type = WEIR_OPT_SIZE, .dflt = "16M", .min = 65536,
		.max = 1 << 30,
		.doc = "Memory for lines that are not written yet.",
	},
};

static const struct weir_counter counters[FILE_COUNT__MAX] = {
	[FILE_COUNT_LINES] = { "lines", "lines", "Lines written." },
	[FILE_COUNT_BYTES] = { "bytes", "bytes", "Bytes written or tried to." },
	[FILE_COUNT_DROPPED] = { "dropped", "lines", "Lines given up by policy drop." },
	[FILE_COUNT_WAITS] = { "waits", "calls", "Times the event path waited for room." },
	[FILE_COUNT_LOST] = { "lost", "lines", "Lines given up because they cannot be sealed." },
	[FILE_COUNT_ERRORS] = { "errors", "calls",
				"Tries that failed; what they were for was tried again." },
	[FILE_COUNT_ROTATIONS] = { "rotations", "files", "Files that got a number." },
	[FILE_COUNT_REOPENED] = { "reopened", "files",
				  "Times somebody else had moved the file away." },
	[FILE_COUNT_REMOVED] = { "removed", "files", "Rotated files removed because of keep." },
	[FILE_COUNT_PACKED] = { "packed", "files", "Rotated files compressed." },
	[FILE_COUNT_TORN] = { "torn", "bytes",
			      "Bytes of lines without an end cut off at the start." },
	[FILE_COUNT_SYNCS] = { "syncs", "calls", "Times the disk was waited for." },
};

struct sink {
	const struct weir_setup *setup;
	struct file_conf conf;
	struct outbox ob;
	struct writer *writer;
	uint64_t counts[FILE_COUNT__MAX];	/* of the threads, but for two */
};

/* ---- settings ------------------------------------------------------------------*/

static int key_read(const struct weir_setup *setup, struct file_conf *c)
{
	const char *path = setup->options[OPT_KEY].v.s;
	long n;

	if (c->seal != SEAL_HMAC)
		return *path ? setting_refuse(setup, "key", path, "goes with seal = \"hmac\" only")
			     : 0;
	if (!*path)
		return setting_refuse(setup, "seal", "hmac", "needs a key");
	n = seal_key_load(path, c->key);
	if (n == -EPERM)
		return setting_refuse(setup, "key", path,
				      "others than its owner can use it (mode 0600 is wanted), or "
				      "it is not ours");
	if (n == -EINVAL)
		return setting_refuse(setup, "key", path, "a key has 16 to 4096 bytes");
	if (n < 0)
		return setting_refuse(setup, "key", path, strerror((int)-n));
	c->key_len = (size_t)n;
	return 0;
}

static int conf_read(const struct weir_setup *setup, struct file_conf *c)
{
	const struct weir_optval *opt = setup->options;

	if (opt[OPT_PATH].v.s[0] != '/')
		return setting_refuse(setup, "path", opt[OPT_PATH].v.s, "must begin with /");
	c->size = (uint64_t)opt[OPT_SIZE].v.i;
	c->every_ns = (uint64_t)opt[OPT_EVERY].v.i;
	if (c->every_ns && c->every_ns < 1000000000)
		return setting_refuse(setup, "every", "", "must be 1s at least");
	c->keep = (uint32_t)opt[OPT_KEEP].v.i;
	c->pack = opt[OPT_COMPRESS].v.i == COMPRESS_ZSTD;
	if (c->pack && !packer_there())
		return setting_refuse(setup, "compress", "zstd", "this build has no libzstd");
	c->sync = (enum file_sync)opt[OPT_FSYNC].v.i;
	c->sync_ns = (uint64_t)opt[OPT_FSYNC_INTERVAL].v.i;
	c->seal = (enum seal_kind)opt[OPT_SEAL].v.i;
	if (setting_group(setup, opt[OPT_GROUP].v.s, &c->group) || key_read(setup, c))
		return -1;
	c->mode = c->group == (gid_t)-1 ? 0600 : 0640;
	c->path = strdup(opt[OPT_PATH].v.s);
	return c->path ? 0 : setting_refuse(setup, "path", opt[OPT_PATH].v.s, "out of memory");
}

/* What is wrong with the path shows here, and not first in a thread. */
static int path_try(const struct weir_setup *setup, const char *path)
{
	int fd =
		open(path,
		     O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		     0600);

	if (fd < 0)
		return setting_refuse(setup, "path", path, strerror(errno));
	close(fd);
	return 0;
}

/* ---- callbacks -----------------------------------------------------------------*/

static void counters_show(struct sink *s)
{
	s->counts[FILE_COUNT_DROPPED] = s->ob.n_dropped;
	s->counts[FILE_COUNT_WAITS] = s->ob.n_waits;
	outbox_counters(s->setup->counters, s->counts, FILE_COUNT__MAX);
}

static int sink_write(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	struct sink *s = inst;

	return outbox_put(&s->ob, batch, w);
}

static void sink_tick(void *inst, uint64_t now_ns)
{
	struct sink *s = inst;

	(void)now_ns;
	outbox_tell(&s->ob, s->setup);
	counters_show(s);
}

static void sink_free(struct sink *s)
{
	outbox_fini(&s->ob);
	writer_free(s->writer);
	free(s->conf.path);
	explicit_bzero(s->conf.key, sizeof(s->conf.key));
	free(s);
}

static void sink_close(void *inst)
{
	struct sink *s = inst;

	outbox_stop(&s->ob, CLOSE_NS, s->setup);
	counters_show(s);
	sink_free(s);
}

static int sink_start(struct sink *s)
{
	const struct weir_optval *opt = s->setup->options;
	int r;

	r = outbox_init(&s->ob, (size_t)opt[OPT_BUFFER].v.i,
			(enum outbox_policy)opt[OPT_POLICY].v.i);
	if (r)
		return r;
	s->writer = writer_new(&s->conf, &s->ob, s->counts);
	return s->writer ? outbox_start(&s->ob, writer_main, s->writer) : -ENOMEM;
}

static int sink_open(const struct weir_setup *setup, void **inst)
{
	struct sink *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		weir_logf(setup, WEIR_LOG_ERROR, "out of memory");
		return -1;
	}
	s->setup = setup;
	s->ob.wake_fd = -1;
	if (conf_read(setup, &s->conf) || path_try(setup, s->conf.path)) {
		sink_free(s);
		return -1;
	}
	r = sink_start(s);
	if (r) {
		weir_logf(setup, WEIR_LOG_ERROR, "%s", strerror(-r));
		sink_free(s);
		return -1;
	}
	*inst = s;
	return 0;
}

WEIR_PLUGIN_DEFINE(file, WEIR_PLUGIN_SINK, "1.0", "Apache-2.0",
	.summary = "Writes encoded events to a file that it rotates, compresses and seals.",
	.options = options, .n_options = OPT__MAX,
	.counters = counters, .n_counters = FILE_COUNT__MAX,
	.open = sink_open, .close = sink_close, .write = sink_write, .tick = sink_tick);
