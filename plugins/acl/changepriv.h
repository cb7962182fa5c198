/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that take events share; for change*.c. */
#pragma once

#include "change.h"

/* One event on its way through. */
struct change {
	struct acl_plugin *x;
	struct weir_event *ev;
	struct memo_key key;
	bool done;		/* the operation was done, or may have been */
	bool sure;		/* it was */
	enum acl_kind kind;
	const char *status, *rule, *old_status;
	uint64_t time;		/* since boot */
};

static inline uint32_t change_get32(const struct change *c, unsigned in, uint32_t dflt)
{
	return (uint32_t)weir_get_u64(c->ev, c->x->in[in], dflt);
}

/* changemode.c: what the kernel tells both states of. */
void change_chmod(struct change *c);
void change_chown(struct change *c);
void change_chattr(struct change *c);
