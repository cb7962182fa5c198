/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats that are not of Windows: the first byte says which, the second
 * which attribute, a line with a single % parts the state before from that
 * after.
 */
#include <stdlib.h>

#include "plugins/acl/delta.h"
#include "plugins/acl/formats.h"
#include "plugins/acl/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[8 << 20], scratch[1 << 16];
static char text[4 << 20], items[2][8192];

static void must(int cond)
{
	if (!cond)
		abort();
}

/* No byte of it is obeyed by a log. */
static void check_text(const struct put *o)
{
	size_t i;

	for (i = 0; i < o->len; i++)
		must(((unsigned char)o->p[i] >= ' ' && o->p[i] != 0x7f) || o->p[i] == '\n');
}

static void check_one(const struct acl *a, const struct words *w)
{
	struct put o;

	put_init(&o, text, sizeof(text));
	words_put(&o, a, w);
	words_put_line(&o, a, w);
	check_text(&o);
	put_init(&o, text, sizeof(text));
	json_put_acl(&o, a, NULL);
	must(!o.full);
}

static void check_both(const struct acl *was, const struct acl *is, const struct words *w)
{
	struct delta changes, risks;

	delta_init(&changes, items[0], sizeof(items[0]));
	delta_init(&risks, items[1], sizeof(items[1]));
	delta_run(&changes, was, is, w);
	risk_run(&risks, was, is);
	check_text(&changes.text);
	check_text(&risks.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const xattrs[] = { NULL, "system.posix_acl_default", "system.nfs4_dacl",
		"system.nfs4_acl_xdr", "xflags" };
	struct acl_arena arena = { memory, sizeof(memory), 0, false };
	struct acl_arena room = { scratch, sizeof(scratch), 0, false };
	struct words w = { .scratch = &room, .max_aces = 16 };
	struct acl_context ctx = { 0 };
	struct acl was, is;
	enum acl_kind kind;
	const uint8_t *cut;
	size_t n;

	if (size < 2 || size > 65536)
		return 0;
	kind = (enum acl_kind)(ACL_POSIX + data[0] % (ACL_KIND__MAX - ACL_POSIX));
	ctx.xattr = xattrs[data[1] % (sizeof(xattrs) / sizeof(*xattrs))];
	ctx.is_dir = data[1] & 0x80;
	data += 2;
	size -= 2;
	cut = memmem(data, size, "\n%\n", 3);
	n = cut ? (size_t)(cut - data) : size;
	if (acl_decode(kind, (struct acl_bytes){ data, (uint32_t)n }, &ctx, &arena, &was))
		return 0;
	check_one(&was, &w);
	if (!cut || acl_decode(kind, (struct acl_bytes){ cut + 3, (uint32_t)(size - n - 3) }, &ctx,
			       &arena, &is))
		return 0;
	check_one(&is, &w);
	check_both(&was, &is, &w);
	return 0;
}
