/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDDL. What is read can be made to bytes and to SDDL again, and is the same
 * each time.
 */
#include <stdlib.h>

#include "plugins/acl/formats.h"
#include "plugins/acl/json.h"
#include "plugins/acl/nt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[16 << 20], scratch[1 << 20];
static char text[3][2 << 20];

static void must(int cond)
{
	if (!cond)
		abort();
}

static size_t json_of(const struct acl *a, char *to)
{
	struct put o;

	put_init(&o, to, sizeof(text[0]));
	json_put_acl(&o, a, NULL);
	must(!o.full);
	return o.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acl_arena arena = { memory, sizeof(memory), 0, false };
	struct acl_arena room = { scratch, sizeof(scratch), 0, false };
	struct acl_bytes bytes = { 0 };
	struct acl_context ctx = { 0 };
	struct acl a, again;
	struct put o;
	size_t len, len2;

	if (size > 4096)
		return 0;
	if (acl_decode(ACL_SDDL, (struct acl_bytes){ data, (uint32_t)size }, &ctx, &arena, &a))
		return 0;
	len = json_of(&a, text[0]);
	put_init(&o, text[2], sizeof(text[2]));
	must(sddl_put(&o, &a, &room) && !o.full);
	must(!acl_decode(ACL_SDDL, (struct acl_bytes){ (uint8_t *)text[2], (uint32_t)o.len }, &ctx,
			 &arena, &again));
	len2 = json_of(&again, text[1]);
	must(len == len2 && !memcmp(text[0], text[1], len));
	/* An alias of a domain that is not known has no bytes. */
	if (ntsd_encode(&a, &arena, &bytes))
		return 0;
	must(!acl_decode(ACL_NTSD, bytes, &ctx, &arena, &again));
	len2 = json_of(&again, text[1]);
	must(len == len2 && !memcmp(text[0], text[1], len));
	return 0;
}
