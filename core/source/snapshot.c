/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns nothing for longer than one snapshot. The iterator gives whole records
 * but the arguments: another process's memory can't be read there on all
 * kernels, so they come from /proc/PID/cmdline, if that is still the process.
 */
#include "source/snapshot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"
#include "util/macros.h"

#define READ_BYTES	(256u * 1024)	/* the iterator hands out 32 KiB at the most */

struct snapshot {
	const struct snapshot_conf *conf;
	source_record_f *fn;
	void *ctx;
	int n;
	union {
		uint8_t rec[WEIR_REC_MAX];
		struct weir_snapshot ev;
	} u;
};

/* Start time of a process in clock ticks since boot; 0: gone. */
static uint64_t proc_start_ticks(uint32_t pid)
{
	char path[64], buf[1024], *p;
	unsigned long long start = 0;
	ssize_t n;
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = 0;
	/* The name may hold anything; the fields begin behind its last ). */
	p = strrchr(buf, ')');
	for (i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	if (p)
		start = strtoull(p + 1, NULL, 10);
	return start;
}

static bool same_process(const struct weir_base *b)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t ticks = proc_start_ticks(b->pid);
	uint64_t ours = b->start / (1000000000ull / hz);

	/* Rounded differently: one tick either way. */
	return ticks + 1 >= ours && ticks <= ours + 1;
}

/* Appends the arguments; a process that is gone keeps its record without them. */
static void args_add(struct snapshot *s)
{
	struct weir_base *b = &s->u.ev.base;
	uint32_t at = b->size, room = MIN(WEIR_ARGS_MAX, WEIR_REC_MAX - 8 - at), len = 0;
	char path[64];
	ssize_t n = 0;
	char more;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", b->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		b->args.len = WEIR_STR_ERROR;
		return;
	}
	while (len < room && (n = read(fd, s->u.rec + at + len, room - len)) > 0)
		len += (uint32_t)n;
	b->args_size = len;
	if (len == room && read(fd, &more, 1) == 1)
		b->args.len = WEIR_STR_TRUNCATED;
	close(fd);
	if (!same_process(b)) {
		b->args.len = WEIR_STR_ERROR;
		b->args_size = 0;
		return;
	}
	if (!len)
		return;
	if (s->u.rec[at + len - 1] && len < room)
		len++;
	s->u.rec[at + len - 1] = 0;
	b->args.off = at;
	b->args.len |= len;
	b->size = ALIGN8(at + len);
	memset(s->u.rec + at + len, 0, b->size - at - len);
}

static int record_give(struct snapshot *s)
{
	struct weir_base *b = &s->u.ev.base;
	uint64_t seq = (*s->conf->user_seq)++;

	b->seq = seq;
	b->id = s->conf->id_base + (seq << 2 | WEIR_CLASS_USER);
	s->u.ev.snapshot_reason = s->conf->reason;
	if (!(b->flags & WEIR_REC_KTHREAD))
		args_add(s);
	s->n++;
	return s->fn(s->ctx, s->u.rec, b->size);
}

/* Whole records at the front of buf; how many bytes they were, or negative. */
static ssize_t records_give(struct snapshot *s, const uint8_t *buf, size_t len)
{
	uint32_t size;
	size_t at = 0;
	int r;

	while (len - at >= sizeof(struct weir_snapshot)) {
		memcpy(&size, buf + at, sizeof(size));
		if (size < sizeof(struct weir_snapshot) || size > WEIR_REC_MAX - 8 ||
		    size % 8)
			return -EBADMSG;
		if (size > len - at)
			break;
		memset(s->u.rec, 0, sizeof(s->u.rec));
		memcpy(s->u.rec, buf + at, size);
		r = record_give(s);
		if (r < 0)
			return r;
		at += size;
	}
	return (ssize_t)at;
}

static int iter_read(struct snapshot *s, int fd)
{
	uint8_t *buf = malloc(READ_BYTES);
	size_t len = 0;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		n = read(fd, buf + len, READ_BYTES - len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			n = n < 0 ? -errno : 0;
			break;
		}
		len += (size_t)n;
		n = records_give(s, buf, len);
		if (n < 0)
			break;
		len -= (size_t)n;
		memmove(buf, buf + n, len);
	}
	free(buf);
	return n < 0 ? (int)n : s->n;
}

int snapshot_take(const struct snapshot_conf *conf, source_record_f *fn, void *ctx)
{
	struct snapshot *s;
	struct bpf_link *link;
	int r, fd;

	link = bpf_program__attach_iter(conf->prog, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	r = fd < 0 ? -errno : 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		r = -ENOMEM;
	if (!r) {
		s->conf = conf;
		s->fn = fn;
		s->ctx = ctx;
		r = iter_read(s, fd);
	}
	free(s);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return r;
}
