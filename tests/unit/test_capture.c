/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files: the round trip, what is left of them when they are cut or
 * damaged, what is refused, full disks, and their replay.
 */
#include "source/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mkrec.h"
#include "source/source.h"
#include "tap.h"
#include "util/abihash.h"
#include "util/log.h"
#include "util/macros.h"

#define N_RECORDS	6

static char dir[] = "/tmp/weir-capture-XXXXXX";
static char path[64];
static char last_log[512];
static int n_logs;
static struct mkrec m;

/* The whole of a small file, and where its frames begin. */
static uint8_t file[64 * 1024];
static size_t file_len;
static uint64_t frame_at[N_RECORDS + 8];
static int frame_kind[N_RECORDS + 8];
static int n_frames;

static void on_log(int level, const char *text)
{
	(void)level;
	snprintf(last_log, sizeof(last_log), "%s", text);
	n_logs++;
}

static const struct capture_info info = {
	.host = { "0123456789abcdef0123456789abcdef", "host.example",
		  "c0ffee00-0000-4000-8000-000000000000" },
	.kernel = "6.1.0-18-amd64",
	.wall_ns = 1690000000123456789,
	.sync = 0x7065657274736e69,
};

/* Types of the records by number; of both classes. */
static unsigned type_of(int i)
{
	static const unsigned types[] = { WEIR_EV_exec, WEIR_EV_open, WEIR_EV_exit };

	return types[i % 3];
}

static void set_losses(struct source_losses *l)
{
	memset(l, 0, sizeof(*l));
	l->n[WEIR_CLASS_BULK][WEIR_EV_open][WEIR_LOST_RING_FULL] = 11;
	l->n[WEIR_CLASS_CRITICAL][0][WEIR_LOST_NO_SCRATCH] = 1ull << 40;
	l->filtered[WEIR_CLASS_BULK][WEIR_EV_unlink] = 13;
}

static void write_file(void)
{
	struct source_losses losses;
	struct capture_writer *w;
	int i;

	unlink(path);
	if (capture_writer_new(&w, path, &info) < 0)
		abort();
	set_losses(&losses);
	for (i = 0; i < N_RECORDS; i++) {
		size_t size = mkrec_sample(&m, type_of(i), (unsigned)i);

		capture_write_record(w, m.rec, size);
		if (i == 2)
			capture_write_clock(w, 1234);
		if (i == 3)
			capture_write_losses(w, &losses);
	}
	is_int(capture_writer_close(w), 0, "file written");
}

static void load_file(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	file_len = (size_t)read(fd, file, sizeof(file));
	close(fd);
}

/* The bytes as a file without a name. */
static int memory_file(const uint8_t *p, size_t len)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET))
		abort();
	return fd;
}

static int next(struct capture_reader *c, struct capture_frame *f)
{
	int r;

	while ((r = capture_next(c, f)) == CAPTURE_E_MORE)
		if (capture_fill(c) < 0)
			abort();
	return r;
}

/* A bit for each record that came out as it went in; bit 31: one that did not. */
static uint32_t records_of(struct capture_reader *c, int *end)
{
	struct capture_frame f;
	uint32_t seen = 0;
	size_t size;

	while (!(*end = next(c, &f))) {
		unsigned i = f.size >= sizeof(struct weir_base) ?
			(unsigned)((const struct weir_base *)f.data)->seq : 0;

		if (f.kind != CAPTURE_RECORD)
			continue;
		size = mkrec_sample(&m, type_of((int)i), i);
		if (i >= N_RECORDS || (uintptr_t)f.data % 8 || f.size != size ||
		    memcmp(f.data, m.rec, size))
			seen |= 1u << 31;
		else
			seen |= 1u << i;
	}
	return seen;
}

static uint32_t read_bytes(const uint8_t *p, size_t len, int *end,
			   struct capture_damage *damage)
{
	struct capture_reader *c;
	uint32_t seen;

	*end = capture_open_fd(&c, memory_file(p, len), "mem");
	if (*end < 0)
		return 0;
	seen = records_of(c, end);
	*damage = *capture_damage(c);
	capture_close(c);
	return seen;
}

static void test_round_trip(void)
{
	static struct source_losses want, got;
	struct capture_reader *c;
	struct capture_frame f;
	struct stat st;
	int r, end;

	write_file();
	load_file();
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "mode is 0600");
	AZ(capture_open(&c, path));
	is_str(capture_info(c)->host.id, info.host.id, "host id");
	is_str(capture_info(c)->host.name, info.host.name, "host name");
	is_str(capture_info(c)->host.boot, info.host.boot, "boot id");
	is_str(capture_info(c)->kernel, info.kernel, "kernel");
	is_int(capture_info(c)->wall_ns, info.wall_ns, "wall clock");
	set_losses(&want);
	while (!(r = next(c, &f))) {
		frame_at[n_frames] = f.at;
		frame_kind[n_frames++] = f.kind;
		if (f.kind == CAPTURE_CLOCK)
			is_int(*(const int64_t *)f.data, 1234, "clock update");
		if (f.kind == CAPTURE_LOSSES)
			ok(capture_read_losses(&f, &got) &&
			   !memcmp(&got, &want, sizeof(got)), "losses");
	}
	is_int(r, -ESHUTDOWN, "ends well");
	is_int(next(c, &f), -ESHUTDOWN, "and stays so");
	is_int(n_frames, N_RECORDS + 2, "number of frames");
	frame_at[n_frames] = file_len - sizeof(struct capture_frame_head);
	frame_at[n_frames + 1] = file_len;
	is_int((long long)capture_damage(c)->n_places, 0, "no damage");
	capture_close(c);
	AZ(capture_open(&c, path));
	is_int(records_of(c, &end), (1 << N_RECORDS) - 1, "all records are the same");
	capture_close(c);
}

/* The records whose frames lie within [0, cut). */
static uint32_t whole_before(size_t cut)
{
	uint32_t want = 0;
	int i, n = 0;

	for (i = 0; i < n_frames; i++)
		if (frame_kind[i] == CAPTURE_RECORD && frame_at[i + 1] <= cut)
			want |= 1u << n++;
	return want;
}

static void test_cut(void)
{
	size_t head = 2 * sizeof(struct capture_head), cut;
	struct capture_damage d;
	char want_log[64];
	uint32_t seen;
	int end, i, n_bad = 0, n_log = 0, n_end = 0;

	for (cut = 0; cut < file_len; cut++) {
		n_logs = 0;
		seen = read_bytes(file, cut, &end, &d);
		n_bad += seen != whole_before(cut);
		n_end += end != (cut < 8 ? -EINVAL : -EBADMSG);
		for (i = 0; i < n_frames && frame_at[i + 1] <= cut; i++)
			;
		if (cut < 8)
			snprintf(want_log, sizeof(want_log), "mem: is not a capture");
		else
			snprintf(want_log, sizeof(want_log), "mem: byte %zu: ",
				 cut < head ? cut : (size_t)frame_at[i]);
		n_log += n_logs != 1 || strncmp(last_log, want_log, strlen(want_log));
	}
	is_int(n_bad, 0, "cut anywhere: exactly the whole records");
	is_int(n_end, 0, "cut anywhere: an error behind them");
	is_int(n_log, 0, "cut anywhere: one message that names the byte");
}

/* The record in whose frame byte `at` lies, -1: in none. */
static int record_at(size_t at)
{
	int i, n = 0;

	for (i = 0; i < n_frames; i++) {
		if (at >= frame_at[i] && at < frame_at[i + 1])
			return frame_kind[i] == CAPTURE_RECORD ? n : -1;
		n += frame_kind[i] == CAPTURE_RECORD;
	}
	return -1;
}

static void test_flip(void)
{
	uint32_t all = (1u << N_RECORDS) - 1, want;
	int end, rec, bit, n_bad = 0, n_end = 0, n_count = 0;
	struct capture_damage d;
	size_t i;

	for (i = 0; i < file_len; i++)
		for (bit = 0; bit < 8; bit++) {
			rec = record_at(i);
			want = rec < 0 ? all : all & ~(1u << rec);
			file[i] ^= (uint8_t)(1 << bit);
			n_bad += read_bytes(file, file_len, &end, &d) != want;
			n_end += end != (i < frame_at[n_frames] ? -ESHUTDOWN : -EBADMSG);
			n_count += d.n_records[WEIR_CLASS_CRITICAL] !=
					(rec >= 0 && type_of(rec) != WEIR_EV_open);
			n_count += d.n_records[WEIR_CLASS_BULK] !=
					(rec >= 0 && type_of(rec) == WEIR_EV_open);
			file[i] ^= (uint8_t)(1 << bit);
		}
	is_int(n_bad, 0, "any bit wrong: all other records");
	is_int(n_end, 0, "any bit wrong: the end is found, but its own");
	is_int(n_count, 0, "any bit wrong: the lost one is counted in its class");
}

/* Bytes taken out of, or put into, the middle: what follows is shifted. */
static void test_shift(void)
{
	uint32_t all = (1u << N_RECORDS) - 1;
	struct capture_damage d;
	static uint8_t copy[sizeof(file)];
	size_t at = frame_at[1] + 40, n;
	int end, n_bad = 0;

	for (n = 1; n < 20; n++) {
		memcpy(copy, file, at);
		memcpy(copy + at, file + at + n, file_len - at - n);
		n_bad += read_bytes(copy, file_len - n, &end, &d) != (all & ~2u);
		memset(copy + at, 0xa5, n);
		memcpy(copy + at + n, file + at, file_len - at);
		n_bad += read_bytes(copy, file_len + n, &end, &d) != (all & ~2u);
		n_bad += d.n_places != 1 || end != -ESHUTDOWN;
		n_bad += d.n_bytes != frame_at[2] - frame_at[1] + n;
	}
	is_int(n_bad, 0, "bytes missing or added: all other records");
}

/* Damage larger than the reader's window, with parts of marks in it. */
static void test_long_damage(void)
{
	size_t hole = 700 * 1024 + 3, i;
	uint8_t *copy = malloc(file_len + hole);
	struct capture_damage d;
	int end;

	memcpy(copy, file, frame_at[2]);
	for (i = 0; i < hole; i++)
		copy[frame_at[2] + i] = (uint8_t)(info.sync >> i % 7 * 8);
	memcpy(copy + frame_at[2] + hole, file + frame_at[2], file_len - frame_at[2]);
	is_int(read_bytes(copy, file_len + hole, &end, &d), (1 << N_RECORDS) - 1,
	       "a hole larger than the window: all records");
	is_int((long long)d.n_bytes, (long long)hole, "its bytes are counted");
	free(copy);
}

static int open_changed(size_t at, const void *p, size_t len, bool both)
{
	static uint8_t copy[sizeof(file)];
	struct capture_reader *c;
	struct capture_head h;
	int i, r;

	memcpy(copy, file, file_len);
	for (i = 0; i < 1 + both; i++) {
		memcpy(&h, copy + (size_t)i * sizeof(h), sizeof(h));
		memcpy((uint8_t *)&h + at, p, len);
		h.crc = (uint32_t)-1;
		memcpy(copy + (size_t)i * sizeof(h), &h, sizeof(h));
	}
	r = capture_open_fd(&c, memory_file(copy, file_len), "mem");
	if (r == 0)
		capture_close(c);
	return r;
}

static void test_refused(void)
{
	static const uint32_t order = 0x0d0c0b0a, version = 7;
	struct capture_reader *c;
	int fds[2];

	is_int(open_changed(0, "PK", 2, true), -EINVAL, "another magic");
	ok(strstr(last_log, "not a capture"), "said so: %s", last_log);
	is_int(open_changed(8, &order, 4, true), -EINVAL, "another byte order");
	ok(strstr(last_log, "byte order"), "said so: %s", last_log);
	is_int(open_changed(12, &version, 4, true), -EINVAL, "another version");
	ok(strstr(last_log, "version 7"), "said so: %s", last_log);
	is_int(open_changed(60, "x", 1, true), -EINVAL, "both heads damaged");
	ok(strstr(last_log, "damaged"), "said so: %s", last_log);
	n_logs = 0;
	is_int(open_changed(60, "x", 1, false), 0, "one head damaged");
	ok(n_logs == 1 && strstr(last_log, "first copy"), "said so: %s", last_log);

	is_int(capture_open(&c, dir), -EINVAL, "a directory");
	is_int(capture_open(&c, "/dev/zero"), -EINVAL, "a device");
	is_int(capture_open(&c, "/tmp/weir-no/such"), -ENOENT, "no such file");
	AZ(pipe2(fds, O_CLOEXEC));
	close(fds[1]);
	is_int(capture_open_fd(&c, fds[0], "pipe"), -EINVAL, "nothing at all");
}

/* A head whose checksum is right, but whose hash is not ours. */
static void test_hash(void)
{
	static uint8_t copy[sizeof(file)];
	struct capture_reader *c;
	struct capture_head *h = (void *)copy;
	char ours[32];
	uint32_t crc = 0xffffffff;
	size_t i;
	int bit;

	memcpy(copy, file, file_len);
	h->abi_hash = 0x1122334455667788;
	/* zlib's CRC-32, once more and by the book. */
	for (i = 0; i < offsetof(struct capture_head, crc); i++) {
		crc ^= copy[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	h->crc = ~crc;
	memcpy(copy + sizeof(*h), copy, sizeof(*h));
	is_int(capture_open_fd(&c, memory_file(copy, file_len), "mem"), -EINVAL,
	       "records of another table");
	snprintf(ours, sizeof(ours), "%016llx", (unsigned long long)weir_abi_hash());
	ok(strstr(last_log, "1122334455667788") && strstr(last_log, ours),
	   "both hashes are told: %s", last_log);
}

static void test_exists(void)
{
	struct capture_writer *w;
	char link_path[80];

	is_int(capture_writer_new(&w, path, &info), -EEXIST, "a file that exists");
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	AZ(symlink("/tmp/weir-no-such", link_path));
	is_int(capture_writer_new(&w, link_path, &info), -EEXIST, "a link to nowhere");
	unlink(link_path);
	is_int(capture_writer_new(&w, "/dev/full", &info), -EEXIST, "a device");
}

/* A pipe that nobody empties stands for a disk that is full for a while. */
static void test_full(void)
{
	int fds[2], out = dup(STDOUT_FILENO), i, n = 0, end;
	static uint8_t buf[1024 * 1024];
	struct capture_writer *w;
	struct capture_reader *c;
	struct capture_frame f;
	uint64_t n_dropped;
	int64_t clock = 0;
	size_t size, len = 0;
	ssize_t got;

	AZ(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	fflush(stdout);
	dup2(fds[1], STDOUT_FILENO);
	i = capture_writer_new(&w, "-", &info);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(fds[1]);
	AZ(i);
	n_logs = 0;
	for (i = 0; i < 2000; i++) {
		size = mkrec_exec(&m, (unsigned)i);
		capture_write_record(w, m.rec, size);
	}
	capture_write_clock(w, 4321);
	n_dropped = capture_n_dropped(w);
	ok(n_dropped > 0 && n_dropped < 2000, "some records are dropped");
	is_int(capture_flush(w), -EAGAIN, "flush tells the error");
	is_int(n_logs, 1, "one message: %s", last_log);
	while ((got = read(fds[0], buf + len, sizeof(buf) - len)) > 0)
		len += (size_t)got;
	capture_flush(w);
	while ((got = read(fds[0], buf + len, sizeof(buf) - len)) > 0)
		len += (size_t)got;
	while (capture_flush(w) < 0)
		while ((got = read(fds[0], buf + len, sizeof(buf) - len)) > 0)
			len += (size_t)got;
	while ((got = read(fds[0], buf + len, sizeof(buf) - len)) > 0)
		len += (size_t)got;
	ok(strstr(last_log, "again"), "works again: %s", last_log);
	size = mkrec_exec(&m, 7);
	capture_write_record(w, m.rec, size);
	is_int(capture_writer_close(w), -ENOSPC, "close tells that some are missing");
	while ((got = read(fds[0], buf + len, sizeof(buf) - len)) > 0)
		len += (size_t)got;
	close(fds[0]);

	AZ(capture_open_fd(&c, memory_file(buf, len), "mem"));
	while (!(end = next(c, &f))) {
		n += f.kind == CAPTURE_RECORD;
		if (f.kind == CAPTURE_CLOCK)
			clock = *(const int64_t *)f.data;
	}
	is_int(clock, 4321, "the clock's change came when there was room");
	is_int(end, -ESHUTDOWN, "what was written is a whole file");
	is_int(n, 2001 - (int)n_dropped, "with all the other records");
	is_int((long long)capture_damage(c)->n_places, 0, "no damage");
	is_int((long long)capture_damage(c)->n_records[WEIR_CLASS_CRITICAL],
	       (long long)n_dropped, "which tells how many are missing");
	capture_close(c);
}

/* ---- replay ---------------------------------------------------------------*/

struct got {
	int n, stop_after, stop_with;
	uint64_t last_seq;
};

static int on_record(void *ctx, const void *rec, size_t size)
{
	struct got *g = ctx;

	(void)size;
	g->last_seq = ((const struct weir_base *)rec)->seq;
	return ++g->n == g->stop_after ? g->stop_with : 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void test_replay(void)
{
	struct source_replay_conf conf = { .path = path };
	static struct source_losses want, got;
	struct got g = { 0 };
	struct source *s;

	AZ(source_replay_new(&s, &conf));
	is_int(source_wall_ns(s), info.wall_ns, "wall clock at first");
	is_str(source_host_id(s)->name, info.host.name, "host");
	is_int(source_poll(s, 1000, on_record, &g), N_RECORDS, "all records at once");
	is_int(source_poll(s, 1000, on_record, &g), -ESHUTDOWN, "then the end");
	is_int(source_wall_ns(s), 1234, "wall clock at last");
	set_losses(&want);
	source_losses(s, &got);
	ok(!memcmp(&got, &want, sizeof(got)), "losses");
	is_int(source_drain(s, on_record, &g), 0, "nothing to drain");
	source_free(s);

	g = (struct got){ .stop_after = 2, .stop_with = -ENOMEM };
	AZ(source_replay_new(&s, &conf));
	is_int(source_poll(s, 1000, on_record, &g), -ENOMEM, "stopped by its taker");
	is_int(source_poll(s, 1000, on_record, &g), N_RECORDS - 2, "and on");
	is_int((long long)g.last_seq, N_RECORDS - 1, "to the last");
	source_free(s);
}

/* Damaged in a record, and its end is missing. */
static void test_replay_damaged(void)
{
	struct source_replay_conf conf = { .path = path };
	static struct source_losses got;
	struct got g = { 0 };
	struct source *s;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (pwrite(fd, "damage", 6, (off_t)frame_at[1] + 50) != 6 ||
	    ftruncate(fd, (off_t)file_len - 5))
		abort();
	close(fd);
	AZ(source_replay_new(&s, &conf));
	is_int(source_poll(s, 1000, on_record, &g), N_RECORDS - 1, "all but one");
	is_int(source_poll(s, 1000, on_record, &g), -EBADMSG, "then the error");
	is_int(source_poll(s, 1000, on_record, &g), -EBADMSG, "again");
	source_losses(s, &got);
	is_int((long long)got.n[WEIR_CLASS_BULK][0][WEIR_LOST_CAPTURE], 1,
	       "one record is lost to the damage");
	source_free(s);
}

static void test_realtime(void)
{
	struct source_replay_conf conf = { .path = path, .realtime = true };
	struct capture_writer *w;
	struct got g = { 0 };
	struct source *s;
	uint64_t began;
	size_t size;
	int i, r;

	unlink(path);
	AZ(capture_writer_new(&w, path, &info));
	for (i = 0; i < 4; i++) {
		size = mkrec_sample(&m, WEIR_EV_exec, (unsigned)i);
		/* The last but one steps back. */
		((struct weir_base *)(void *)m.rec)->time =
			5000000000u + (i == 2 ? 0 : (unsigned)i * 200000000u);
		capture_write_record(w, m.rec, size);
	}
	AZ(capture_writer_close(w));
	AZ(source_replay_new(&s, &conf));
	began = now_ms();
	is_int(source_poll(s, 1000, on_record, &g), 1, "the first at once");
	is_int(source_poll(s, 1, on_record, &g), 0, "the second is not due");
	ok(now_ms() - began < 200, "which took no time");
	is_int(source_poll(s, 10000, on_record, &g), 2, "the second and the third");
	ok(now_ms() - began >= 199, "when they are due");
	source_wake(s);
	is_int(source_poll(s, 10000, on_record, &g), 0, "woken");
	while ((r = source_poll(s, 10000, on_record, &g)) >= 0)
		;
	is_int(r, -ESHUTDOWN, "the end");
	ok(now_ms() - began >= 599 && now_ms() - began < 9000, "at its time");
	is_int(g.n, 4, "all of them");
	source_free(s);
}

static void *wake_later(void *arg)
{
	struct timespec ts = { .tv_nsec = 20000000 };

	nanosleep(&ts, NULL);
	source_wake(arg);
	return NULL;
}

/* From a pipe, in pieces, with nothing in it for a while. */
static void test_pipe(void)
{
	struct source_replay_conf conf = { .path = "-" };
	int fds[2], in = dup(STDIN_FILENO), end = 0;
	struct got g = { 0 };
	struct source *s;
	pthread_t thread;
	size_t i;

	AZ(pipe2(fds, O_CLOEXEC));
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	i = 2 * sizeof(struct capture_head);
	MUST(write(fds[1], file, i) == (ssize_t)i);
	AZ(source_replay_new(&s, &conf));
	is_int(source_poll(s, 0, on_record, &g), 0, "nothing there");
	is_int(source_poll(s, 5, on_record, &g), 0, "nor for five milliseconds");
	AZ(pthread_create(&thread, NULL, wake_later, s));
	is_int(source_poll(s, -1, on_record, &g), 0, "woken from an endless wait");
	pthread_join(thread, NULL);
	for (; i < file_len; i++) {
		MUST(write(fds[1], file + i, 1) == 1);
		end |= source_poll(s, 0, on_record, &g) < 0 && i + 1 < file_len;
	}
	close(fds[1]);
	ok(!end, "no end before its time");
	is_int(g.n, N_RECORDS, "each record once it is whole");
	is_int(source_poll(s, -1, on_record, &g), -ESHUTDOWN, "the end");
	source_free(s);
	if (in >= 0)
		dup2(in, STDIN_FILENO);
	close(in);
}

static void test_random_mark(void)
{
	struct capture_info other = info;
	struct capture_writer *w;
	struct capture_reader *c;
	uint64_t marks[2];
	int i;

	other.sync = 0;
	for (i = 0; i < 2; i++) {
		unlink(path);
		AZ(capture_writer_new(&w, path, &other));
		AZ(capture_writer_close(w));
		AZ(capture_open(&c, path));
		marks[i] = capture_info(c)->sync;
		capture_close(c);
	}
	ok(marks[0] && marks[0] != marks[1], "each file has its own mark");
}

int main(void)
{
	MUST(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file.cap", dir);
	log_set_sink(on_log);
	test_round_trip();
	test_cut();
	test_flip();
	test_shift();
	test_long_damage();
	test_refused();
	test_hash();
	test_exists();
	test_full();
	test_pipe();
	test_replay();
	test_replay_damaged();
	test_realtime();
	test_random_mark();
	unlink(path);
	rmdir(dir);
	return done_testing();
}
