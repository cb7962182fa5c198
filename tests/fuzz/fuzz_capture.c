/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of capture files. Bits of the first byte: 1: the rest is the
 * file from its head on, else its frames behind a good head; 2: checksums are
 * mended first, as no fuzzer guesses them; 4: from a pipe.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "source/capture.h"
#include "source/check.h"
#include "source/source.h"
#include "util/abihash.h"
#include "util/log.h"
#include "util/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define FUZZ_SYNC	0x7065657274736e69u	/* as in the seeds */
#define FUZZ_MAX	(48u * 1024)		/* fits into a pipe */

static void no_log(int level, const char *text)
{
	(void)level;
	MUST(strlen(text) < 2048);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(no_log);
	return 0;
}

static void put_head(uint8_t *to)
{
	struct capture_head h = {
		.magic = CAPTURE_MAGIC, .order = CAPTURE_ORDER,
		.version = CAPTURE_VERSION, .size = sizeof(h),
		.abi_hash = weir_abi_hash(), .sync = FUZZ_SYNC,
	};

	h.crc = (uint32_t)crc32(0, (void *)&h, offsetof(struct capture_head, crc));
	memcpy(to, &h, sizeof(h));
	memcpy(to + sizeof(h), &h, sizeof(h));
}

static void mend(uint8_t *p, size_t len)
{
	struct capture_frame_head h;
	size_t at, size, from = offsetof(struct capture_frame_head, size);

	for (at = 0; at + sizeof(h) <= len; at++) {
		memcpy(&h, p + at, sizeof(h));
		if (h.sync != FUZZ_SYNC || h.size > len)
			continue;
		size = sizeof(h) + ALIGN8(h.size);
		if (at + size > len)
			continue;
		h.crc = (uint32_t)crc32(0, p + at + from, (unsigned)(size - from));
		memcpy(p + at, &h, sizeof(h));
		at += size - 1;
	}
}

/* A descriptor that gives these bytes. */
static int bytes_fd(const uint8_t *p, size_t len, bool piped)
{
	int fds[2];

	if (piped) {
		AZ(pipe2(fds, O_CLOEXEC));
		MUST(write(fds[1], p, len) == (ssize_t)len);
		close(fds[1]);
		return fds[0];
	}
	fds[0] = memfd_create("fuzz", MFD_CLOEXEC);
	MUST(fds[0] >= 0 && write(fds[0], p, len) == (ssize_t)len);
	AZ(lseek(fds[0], 0, SEEK_SET));
	return fds[0];
}

static void take(const struct capture_frame *f)
{
	static struct source_losses losses;

	MUST((uintptr_t)f->data % 8 == 0 && f->size <= CAPTURE_DATA_MAX);
	if (f->kind == CAPTURE_RECORD)
		check_record(f->data, f->size);
	else if (f->kind == CAPTURE_LOSSES)
		capture_read_losses(f, &losses);
}

static void read_all(struct capture_reader *c, size_t len)
{
	struct capture_frame f;
	uint64_t last = 0;
	int r;

	for (;;) {
		r = capture_next(c, &f);
		if (r == CAPTURE_E_MORE)
			r = capture_fill(c);
		else if (r == 0) {
			MUST(f.at > last && f.at + f.size <= len);
			last = f.at;
			take(&f);
		}
		if (r < 0)
			break;
	}
	MUST(r == -ESHUTDOWN || r == -EBADMSG);
	MUST(capture_damage(c)->n_bytes <= len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[2 * sizeof(struct capture_head) + FUZZ_MAX];
	size_t head = 2 * sizeof(struct capture_head);
	struct capture_reader *c;
	int fd;

	if (size < 1 || size > FUZZ_MAX)
		return 0;
	if (data[0] & 1)
		head = 0;
	else
		put_head(file);
	memcpy(file + head, data + 1, size - 1);
	if (data[0] & 2)
		mend(file, head + size - 1);
	fd = bytes_fd(file, head + size - 1, data[0] & 4);
	if (capture_open_fd(&c, fd, "fuzz") == 0) {
		read_all(c, head + size - 1);
		capture_close(c);
	}
	return 0;
}
