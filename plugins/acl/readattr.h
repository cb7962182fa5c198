/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a file has of permissions in its attributes. Blocks. */
#pragma once

#include <weir/findfile.h>

#include "memo.h"

#define READ_ATTRS	40u

/* All that there are; bytes are those of the caller. */
struct readattr {
	uint32_t n;
	struct memo_attr_read attrs[READ_ATTRS];
	uint64_t time;		/* since boot: they are as old, or older */
};

/*
 * `more`: names besides those of acl_xattr_names. seen: when the event was, since boot;
 * a file that was made later is another one. Values of more than `max` bytes
 * are not kept. buf: for n + READ_ATTRS values of `max`.
 */
enum weir_found readattr_file(const struct weir_find *x, uint64_t seen, char *const *more,
			      uint32_t n_more, uint32_t max, uint8_t *buf, struct readattr *r);
