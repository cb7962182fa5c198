/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin says of one change: texts of both states, the differences, the
 * risks and one line, all in memory of this struct, until the next change.
 */
#pragma once

#include "delta.h"

#define TELL_TEXT	16384
#define TELL_LINE	768

struct tell {
	struct put text, old_text, line;
	struct delta changes, risks;
	char text_bytes[TELL_TEXT], old_bytes[TELL_TEXT], line_bytes[TELL_LINE];
	char change_bytes[8192], risk_bytes[1024];
};

/* Empty; texts of at most max_text bytes. */
void tell_begin(struct tell *t, size_t max_text);
/*
 * was: NULL where it is not known. done: false, it was only tried. Items that
 * the caller has added to t->changes before are told, too.
 */
void tell_change(struct tell *t, const struct acl *was, const struct acl *is, bool done,
		 const struct words *w);
/* Of a value that cannot be decoded: which rule it breaks, and how it begins. */
void tell_fault(struct tell *t, const struct acl *a, struct acl_bytes in, bool done);
/* Of one that is known in part. */
void tell_cut(struct tell *t, const struct acl *a, uint32_t have, uint32_t size, bool done);

/*
 * What the kernel takes from a file with its owner: not from folders. True, and
 * *mode without set-id bits: something was taken.
 */
bool tell_chown_mode(uint32_t *mode);

/*
 * The mode's change, told of a file that has an access ACL: the group bits are
 * its mask. `posix` is that ACL; it is changed to what it is then.
 */
void tell_chmod_mask(struct tell *t, struct acl *posix, uint32_t mode, const struct words *w);
