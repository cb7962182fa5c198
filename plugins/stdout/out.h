/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A descriptor that is written to without ever waiting in the kernel and
 * without touching its flags, which are shared with whoever has it open.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum out_mode {
	OUT_PLAIN,	/* files and devices that never make a writer wait */
	OUT_OWN,	/* pipe or terminal, opened once more for ourselves */
	OUT_SOCKET,
	OUT_SLICES,	/* pipe or terminal that could not be: see out.c */
};

struct out {
	int fd;
	enum out_mode mode;
	bool messages;		/* each write is a message: one line at a time */
};

/* 0 or a negative errno. Does not take over `fd`. */
int out_open(struct out *out, int fd);
/* Bytes written, or a negative errno; -EAGAIN: nothing without waiting. */
ssize_t out_write(struct out *out, struct iovec *iov, int n);
/* Waits until a write may work, or failed, or the time is over. */
void out_wait(struct out *out, int64_t ns);
void out_close(struct out *out);
