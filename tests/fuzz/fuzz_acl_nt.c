/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NT descriptors as bytes: plain, or in Samba's wrapper as the first byte says.
 * What is decoded has text, JSON and SDDL; what SDDL can say is the same when it
 * is read again.
 */
#include <stdlib.h>

#include "plugins/acl/delta.h"
#include "plugins/acl/formats.h"
#include "plugins/acl/json.h"
#include "plugins/acl/nt.h"
#include "plugins/acl/nttab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[8 << 20], scratch[1 << 20];
static char text[2][1 << 20], items[2][8192];

static void must(int cond)
{
	if (!cond)
		abort();
}

static size_t words_of(const struct acl *a, struct acl_arena *room)
{
	struct words w = { .scratch = room, .max_aces = 20 };
	struct delta changes, risks;
	struct put o;
	size_t i;

	put_init(&o, text[0], sizeof(text[0]));
	words_put(&o, a, &w);
	words_put_line(&o, a, &w);
	for (i = 0; i < o.len; i++)
		must((unsigned char)o.p[i] >= ' ' || o.p[i] == '\n');
	delta_init(&changes, items[0], sizeof(items[0]));
	delta_init(&risks, items[1], sizeof(items[1]));
	delta_run(&changes, a, a, &w);
	must(!changes.n || a->n_aces > 256);
	risk_run(&risks, NULL, a);
	put_init(&o, text[0], sizeof(text[0]));
	json_put_acl(&o, a, NULL);
	return o.full ? 0 : o.len;
}

/* SDDL has no words for some types, nor for quotes in a text. */
static bool has_words(const struct acl *a)
{
	uint32_t i;

	for (i = 0; i < a->n_aces; i++)
		if (a->aces[i].type >= NT__MAX || !*nt_types[a->aces[i].type].code ||
		    a->aces[i].cond.len || a->aces[i].claim.len ||
		    nt_types[a->aces[i].type].has & NT_SDDL_DATA || a->aces[i].sid.p[1] == 0)
			return false;
	/* Nor for flags of an ACL that is not there. */
	if ((a->states[ACL_DACL] == ACL_ABSENT && a->control & 0x1500) ||
	    (a->states[ACL_SACL] == ACL_ABSENT && a->control & 0x2a00))
		return false;
	return (!a->owner.p || a->owner.p[1]) && (!a->group.p || a->group.p[1]);
}

static void check_sddl(const struct acl *a, struct acl_arena *arena, struct acl_arena *room,
		       size_t json_len)
{
	struct acl_context ctx = { .is_dir = a->is_dir };
	struct acl again;
	struct put o;

	put_init(&o, text[1], sizeof(text[1]));
	must(sddl_put(&o, a, room) || o.full || room->cap);
	if (o.full || !has_words(a) || a->kind == ACL_NTACL || !json_len)
		return;
	must(!acl_decode(ACL_SDDL, (struct acl_bytes){ (uint8_t *)text[1], (uint32_t)o.len }, &ctx,
			 arena, &again));
	put_init(&o, text[1], sizeof(text[1]));
	json_put_acl(&o, &again, NULL);
	must(o.len == json_len && !memcmp(text[0], text[1], json_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acl_arena arena = { memory, sizeof(memory), 0, false };
	struct acl_arena room = { scratch, sizeof(scratch), 0, false };
	struct acl_context ctx = { 0 };
	struct acl a;
	size_t len;

	if (!size || size > 65537)
		return 0;
	ctx.is_dir = data[0] & 2;
	if (acl_decode(data[0] & 1 ? ACL_NTACL : ACL_NTSD,
		       (struct acl_bytes){ data + 1, (uint32_t)size - 1 }, &ctx, &arena, &a)) {
		must(a.rule && a.why);
		return 0;
	}
	len = words_of(&a, &room);
	check_sddl(&a, &arena, &room, len);
	return 0;
}
