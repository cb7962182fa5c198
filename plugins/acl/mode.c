/* SPDX-License-Identifier: Apache-2.0 */
/* Mode bits with owner and group. */
#include "formats.h"

const char *mode_type_name(uint32_t mode)
{
	switch (mode & MODE_TYPE) {
	case 0140000: return "socket";
	case 0120000: return "link";
	case 0100000: return "file";
	case 0060000: return "block";
	case 0040000: return "directory";
	case 0020000: return "char";
	case 0010000: return "fifo";
	}
	return NULL;
}

static char type_letter(uint32_t mode)
{
	const char *name = mode_type_name(mode);

	return !name ? '?' : !strcmp(name, "fifo") ? 'p' : !strcmp(name, "file") ? '-' : *name;
}

void mode_put(struct put *o, uint32_t mode)
{
	char text[10] = { type_letter(mode), 0 };
	unsigned i;

	for (i = 0; i < 9; i++)
		text[1 + i] = mode & 0400u >> i ? "rwx"[i % 3] : '-';
	if (mode & MODE_SETUID)
		text[3] = mode & 0100 ? 's' : 'S';
	if (mode & MODE_SETGID)
		text[6] = mode & 0010 ? 's' : 'S';
	if (mode & MODE_STICKY)
		text[9] = mode & 0001 ? 't' : 'T';
	put_mem(o, text, sizeof(text));
}

int mode_set(struct acl *a, uint32_t mode, uint32_t uid, uint32_t gid, struct acl_arena *arena)
{
	static const uint8_t types[3] = { POSIX_USER_OBJ, POSIX_GROUP_OBJ, POSIX_OTHER };
	static const uint8_t whos[3] = { WHO_OWNER, WHO_OWNING_GROUP, WHO_OTHER };
	unsigned i;

	memset(a, 0, sizeof(*a));
	a->kind = ACL_MODE;
	a->mode = mode;
	a->uid = uid;
	a->gid = gid;
	a->is_dir = (mode & MODE_TYPE) == MODE_DIR;
	a->aces = acl_alloc(arena, 3 * sizeof(*a->aces));
	if (!a->aces)
		return acl_no_room(a);
	memset(a->aces, 0, 3 * sizeof(*a->aces));
	a->n_aces = 3;
	for (i = 0; i < 3; i++) {
		a->aces[i].type = types[i];
		a->aces[i].who = whos[i];
		a->aces[i].mask = a->aces[i].effective = mode >> (6 - 3 * i) & 7;
	}
	return 0;
}

/* ---- from text ---------------------------------------------------------------------*/

static bool number(struct acl_bytes *in, unsigned base, uint32_t *out)
{
	uint64_t u = 0;
	uint32_t n = 0;

	while (n < in->len && in->p[n] >= '0' && in->p[n] < '0' + base) {
		u = u * base + (unsigned)(in->p[n++] - '0');
		if (u > UINT32_MAX)
			return false;
	}
	in->p += n;
	in->len -= n;
	*out = (uint32_t)u;
	return n;
}

static bool blank(struct acl_bytes *in)
{
	if (!in->len || *in->p != ' ')
		return false;
	in->p++;
	in->len--;
	return true;
}

bool mode_split(struct acl_bytes in, struct acl_bytes *was, struct acl_bytes *is)
{
	static const char arrow[] = " -> ";
	const uint8_t *at = memmem(in.p, in.len, arrow, sizeof(arrow) - 1);

	if (!at)
		return false;
	*was = (struct acl_bytes){ in.p, (uint32_t)(at - in.p) };
	at += sizeof(arrow) - 1;
	*is = (struct acl_bytes){ at, (uint32_t)(in.p + in.len - at) };
	return true;
}

int mode_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena)
{
	uint32_t mode = 0, uid = 0, gid = 0;
	struct acl_bytes was;

	(void)ctx;
	mode_split(in, &was, &in);
	if (!number(&in, 8, &mode) || !blank(&in) || !number(&in, 10, &uid) || !blank(&in) ||
	    !number(&in, 10, &gid) || in.len)
		return acl_fault(a, "M1", "no \"MODE UID GID\"");
	if (mode > 0177777 || (mode & MODE_TYPE && !mode_type_name(mode)))
		return acl_fault(a, "M2", "no mode of a file");
	return mode_set(a, mode, uid, gid, arena);
}
