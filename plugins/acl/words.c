/* SPDX-License-Identifier: Apache-2.0 */
/* Text of the formats that are not of Windows; ntwords.c has the others. */
#include "words.h"

#include "formats.h"
#include "nttab.h"
#include "sid.h"

#define NAME_WIDTH	64

/* ---- who --------------------------------------------------------------------------*/

void words_put_id(struct put *o, const struct words *w, uint32_t id, bool group)
{
	size_t begin = o->len;

	if (w->put_id && w->put_id(w->ctx, o, id, group)) {
		PUT(o, " (");
		put_u64(o, id);
		put_char(o, ')');
		return;
	}
	o->len = begin;
	/* The only number that means the same everywhere. */
	if (!id)
		PUT(o, "root (0)");
	else
		put_u64(o, id);
}

void words_put_trustee(struct put *o, const struct ace *e, const struct words *w)
{
	switch (e->who) {
	case WHO_SID:
		sid_put_full(o, &e->sid, w->sids);
		break;
	case WHO_OWNER:
		PUT(o, "owner");
		break;
	case WHO_OWNING_GROUP:
		PUT(o, "owning group");
		break;
	case WHO_MASK:
		PUT(o, "mask");
		break;
	case WHO_OTHER:
		PUT(o, "others");
		break;
	case WHO_UID:
		PUT(o, "user ");
		words_put_id(o, w, e->id, false);
		break;
	case WHO_GID:
		PUT(o, "group ");
		words_put_id(o, w, e->id, true);
		break;
	case WHO_NAME:
		put_escaped(o, e->name.p, e->name.len);
		break;
	case WHO_SPECIAL:
		if (nfs4_special_name(e->id)) {
			put_text(o, nfs4_special_name(e->id));
			break;
		}
		PUT(o, "special ");
		put_u64(o, e->id);
		break;
	default:
		PUT(o, "nobody");
	}
}

/* Blanks up to a width; `begin` is where the column began. */
static void pad(struct put *o, size_t begin, size_t width)
{
	while (o->len - begin < width && !o->full)
		put_char(o, ' ');
}

/* The widest trustee of the first n entries. */
static size_t trustee_width(const struct acl *a, uint32_t n, const struct words *w)
{
	char text[NAME_WIDTH];
	size_t width = 0;
	struct put o;
	uint32_t i;

	for (i = 0; i < n; i++) {
		put_init(&o, text, sizeof(text));
		words_put_trustee(&o, &a->aces[i], w);
		width = o.len > width ? o.len : width;
	}
	return width;
}

static uint32_t shown(const struct acl *a, const struct words *w)
{
	return w->max_aces && w->max_aces < a->n_aces ? w->max_aces : a->n_aces;
}

static void put_more(struct put *o, uint32_t n)
{
	if (!n)
		return;
	PUT(o, "\n  ... and ");
	put_u64(o, n);
	put_text(o, n == 1 ? " more entry" : " more entries");
}

static void put_entries(struct put *o, uint32_t n)
{
	put_u64(o, n);
	put_text(o, n == 1 ? " entry" : " entries");
}

/* ---- POSIX ACLs ------------------------------------------------------------------------*/

const char *words_subject(const struct acl *a)
{
	switch (a->kind) {
	case ACL_POSIX: return a->is_default ? "Default ACL" : "Access ACL";
	case ACL_NFS4: return "NFSv4 ACL";
	case ACL_CAPABILITY: return "File capabilities";
	case ACL_MODE: return "Mode";
	case ACL_SELINUX: return "SELinux label";
	case ACL_SMACK: return "Smack label";
	case ACL_INODE_FLAGS: return "File attributes";
	case ACL_METADATA: return "Integrity metadata";
	default: return "Security descriptor";
	}
}

static const struct ace *mask_of(const struct acl *a)
{
	uint32_t i;

	for (i = 0; i < a->n_aces; i++)
		if (a->aces[i].type == POSIX_MASK)
			return &a->aces[i];
	return NULL;
}

static void put_posix(struct put *o, const struct acl *a, const struct words *w)
{
	const struct ace *mask = mask_of(a), *e;
	uint32_t i, n = shown(a, w);
	size_t width = trustee_width(a, n, w), begin;

	put_text(o, words_subject(a));
	if (a->notes & ACL_NOTE_REMOVED) {
		put_text(o, a->is_default ? " removed: new files get their mode alone" :
					    " removed: mode bits alone apply");
		return;
	}
	if (mask) {
		PUT(o, " (mask ");
		posix_put_perm(o, (uint32_t)mask->mask);
		put_char(o, ')');
	}
	for (i = 0; i < n; i++) {
		e = &a->aces[i];
		if (e == mask)
			continue;
		PUT(o, "\n  ");
		begin = o->len;
		words_put_trustee(o, e, w);
		pad(o, begin, width + 1);
		posix_put_perm(o, (uint32_t)e->mask);
		if (e->effective != e->mask) {
			PUT(o, "  effective ");
			posix_put_perm(o, e->effective);
		}
	}
	put_more(o, a->n_aces - n);
}

/* ---- NFSv4 ACLs ---------------------------------------------------------------------------*/

/* Pairs of bits that are read as one: "read/write attributes". */
static const struct {
	uint8_t bit, next;
	const char *both, *first, *second;
} nfs4_pairs[] = {
	{ 3, 4, "read/write named attributes", "read named attributes", "write named attributes" },
	{ 7, 8, "read/write attributes", "read attributes", "write attributes" },
	{ 17, 18, "read/write ACL", "read ACL", "write ACL" },
};

static const char *nfs4_label(uint64_t *left, unsigned bit, bool is_dir)
{
	unsigned i;

	for (i = 0; i < sizeof(nfs4_pairs) / sizeof(*nfs4_pairs); i++) {
		if (bit == nfs4_pairs[i].next)
			return nfs4_pairs[i].second;
		if (bit != nfs4_pairs[i].bit)
			continue;
		if (!(*left >> nfs4_pairs[i].next & 1))
			return nfs4_pairs[i].first;
		*left &= ~(1ull << nfs4_pairs[i].next);
		return nfs4_pairs[i].both;
	}
	return nfs4_right_name(bit, is_dir);
}

static void put_nfs4_rights(struct put *o, const struct acl *a, const struct ace *e)
{
	uint64_t left = e->mask, unknown = 0;
	const char *label;
	bool first = true;
	unsigned bit;

	for (; left; left &= left - 1) {
		bit = (unsigned)__builtin_ctzll(left);
		label = nfs4_label(&left, bit, a->is_dir);
		if (!label) {
			unknown |= 1ull << bit;
			continue;
		}
		if (!first)
			PUT(o, ", ");
		put_words(o, label);
		first = false;
	}
	if (unknown || first) {
		if (!first)
			PUT(o, ", ");
		put_text(o, unknown ? "0x" : "nothing");
		if (unknown)
			put_hex(o, unknown, 1);
	}
}

static void put_nfs4_flags(struct put *o, const struct ace *e)
{
	/* That somebody is a group is no news; the rest says where it holds. */
	uint32_t left = e->flags & ~0x40u;
	const char *name;
	bool first = true;

	for (; left; left &= left - 1, first = false) {
		put_text(o, first ? " (" : ", ");
		name = nfs4_flag_name((unsigned)__builtin_ctz(left));
		if (name) {
			put_words(o, name);
		} else {
			PUT(o, "0x");
			put_hex(o, left & -left, 1);
		}
	}
	if (!first)
		put_char(o, ')');
}

static const char *const nfs4_labels[NFS4__MAX] = { "Allow", "Deny", "Audit", "Alarm" };

static void put_nfs4(struct put *o, const struct acl *a, const struct words *w)
{
	uint32_t i, n = shown(a, w);
	size_t width = trustee_width(a, n, w), begin;

	PUT(o, "NFSv4 ACL, ");
	put_entries(o, a->n_aces);
	for (i = 0; i < n; i++) {
		PUT(o, "\n  - ");
		begin = o->len;
		put_text(o, nfs4_labels[a->aces[i].type]);
		pad(o, begin, 7);
		begin = o->len;
		words_put_trustee(o, &a->aces[i], w);
		pad(o, begin, width + 1);
		put_nfs4_rights(o, a, &a->aces[i]);
		put_nfs4_flags(o, &a->aces[i]);
	}
	put_more(o, a->n_aces - n);
}

/* ---- capabilities ---------------------------------------------------------------------------*/

static void put_cap_group(struct put *o, uint64_t mask, const char *how, bool *first)
{
	const char *gap = *first ? "" : "; ";

	if (!mask)
		return;
	*first = false;
	for (; mask; mask &= mask - 1, gap = ", ") {
		put_text(o, gap);
		cap_put_name(o, (unsigned)__builtin_ctzll(mask));
	}
	put_text(o, how);
}

void words_put_caps(struct put *o, const struct acl *a)
{
	uint64_t p = a->aces[CAP_PERMITTED].mask, i = a->aces[CAP_INHERITABLE].mask;
	bool first = true;

	put_cap_group(o, p & ~i, a->effective ? " (permitted, effective)" : " (permitted)", &first);
	put_cap_group(o, p & i, a->effective ? " (permitted, inheritable, effective)" :
					       " (permitted, inheritable)", &first);
	put_cap_group(o, i & ~p, " (inheritable)", &first);
	if (first)
		PUT(o, "none");
	if (a->has_rootid) {
		PUT(o, "; valid only in user namespaces with root uid ");
		put_u64(o, a->rootid);
	}
}

/* ---- mode, labels, attributes -----------------------------------------------------------------*/

static void put_mode(struct put *o, const struct acl *a, const struct words *w)
{
	PUT(o, "Mode ");
	put_octal(o, a->mode & 07777, 4);
	PUT(o, " (");
	mode_put(o, a->mode);
	put_char(o, ')');
	if (a->uid != ACL_NO_ID) {
		PUT(o, ", owner ");
		words_put_id(o, w, a->uid, false);
	}
	if (a->gid != ACL_NO_ID) {
		PUT(o, ", group ");
		words_put_id(o, w, a->gid, true);
	}
}

void words_put_inode_flags(struct put *o, const struct acl *a)
{
	uint32_t matter = a->xflags ? 0x18 : 0x30, left = a->acl_flags & matter;
	unsigned others = (unsigned)__builtin_popcount(a->acl_flags & ~matter);
	bool first = true;

	for (; left; left &= left - 1, first = false) {
		if (!first)
			PUT(o, ", ");
		put_words(o, inode_flag_name(a->xflags, (unsigned)__builtin_ctz(left)));
	}
	if (first)
		PUT(o, "neither immutable nor append only");
	if (others) {
		PUT(o, "; ");
		put_u64(o, others);
		put_text(o, others == 1 ? " other" : " others");
	}
}

/* ---- all -------------------------------------------------------------------------------------*/

void words_put_rights(struct put *o, const struct acl *a, const struct ace *e)
{
	if (a->kind == ACL_NFS4)
		put_nfs4_rights(o, a, e);
	else
		nt_put_rights(o, nt_column(e->type, a->is_dir), (uint32_t)e->mask);
}

void words_put_ace(struct put *o, const struct acl *a, const struct ace *e, const struct words *w)
{
	if (a->kind != ACL_NFS4) {
		ntwords_put_ace(o, a, e, w);
		return;
	}
	put_text(o, nfs4_type_name(e->type));
	put_char(o, ' ');
	words_put_trustee(o, e, w);
	put_char(o, ' ');
	put_nfs4_rights(o, a, e);
	put_nfs4_flags(o, e);
}

void words_put(struct put *o, const struct acl *a, const struct words *w)
{
	switch (a->kind) {
	case ACL_POSIX:
		put_posix(o, a, w);
		break;
	case ACL_NFS4:
		put_nfs4(o, a, w);
		break;
	case ACL_CAPABILITY:
		PUT(o, "File capabilities: ");
		words_put_caps(o, a);
		break;
	case ACL_MODE:
		put_mode(o, a, w);
		break;
	case ACL_INODE_FLAGS:
		PUT(o, "File attributes: ");
		words_put_inode_flags(o, a);
		break;
	case ACL_METADATA:
		PUT(o, "Integrity metadata changed");
		break;
	case ACL_SELINUX:
	case ACL_SMACK:
		put_text(o, words_subject(a));
		PUT(o, ": ");
		put_escaped(o, a->text.p, a->text.len);
		break;
	default:
		ntwords_put(o, a, w);
	}
}

static void put_line_aces(struct put *o, const struct acl *a, const struct words *w)
{
	uint32_t i, n = shown(a, w);

	for (i = 0; i < n; i++) {
		put_text(o, i ? ", " : ": ");
		if (a->kind == ACL_NFS4) {
			words_put_ace(o, a, &a->aces[i], w);
			continue;
		}
		words_put_trustee(o, &a->aces[i], w);
		put_char(o, ' ');
		posix_put_perm(o, (uint32_t)a->aces[i].mask);
	}
	if (n < a->n_aces) {
		PUT(o, " and ");
		put_u64(o, a->n_aces - n);
		PUT(o, " more");
	}
}

void words_put_line(struct put *o, const struct acl *a, const struct words *w)
{
	if (a->kind <= ACL_NTSD) {
		ntwords_put_line(o, a, w);
	} else if ((a->kind == ACL_POSIX && !(a->notes & ACL_NOTE_REMOVED)) ||
		   a->kind == ACL_NFS4) {
		put_text(o, words_subject(a));
		put_line_aces(o, a, w);
	} else {
		words_put(o, a, w);
	}
}
