/* SPDX-License-Identifier: Apache-2.0 */
/* NT descriptors in words. */
#include "words.h"

#include "claim.h"
#include "cond.h"
#include "nt.h"
#include "nttab.h"
#include "sid.h"

/* ---- an entry ------------------------------------------------------------------------*/

/* "this folder, subfolders and files, one level only (inherited)" */
static void put_scope(struct put *o, uint32_t flags)
{
	bool self = !(flags & NT_IO);

	switch (flags & (NT_OI | NT_CI)) {
	case NT_OI | NT_CI:
		put_text(o, self ? "this folder, subfolders and files" : "subfolders and files");
		break;
	case NT_CI:
		put_text(o, self ? "this folder and subfolders" : "subfolders");
		break;
	case NT_OI:
		put_text(o, self ? "this folder and files" : "files");
		break;
	default:
		put_text(o, self ? "this object only" : "nothing");
	}
	if (flags & NT_NP)
		PUT(o, ", one level only");
	if (flags & NT_ID)
		PUT(o, " (inherited)");
}

/* Values of others: between quotes, and without what a log could take for its own. */
static void put_claim(struct put *o, struct acl_bytes all)
{
	char plain[512];
	struct claim c;
	struct put p;
	uint32_t i;

	claim_open(&c, all);
	put_init(&p, plain, sizeof(plain));
	put_utf16(&p, c.name.p, c.name.len);
	put_char(o, ' ');
	put_escaped(o, p.p, p.len);
	for (i = 0; i < c.n && !o->full; i++) {
		put_init(&p, plain, sizeof(plain));
		claim_put_value(&p, &c, i);
		put_text(o, i ? ", " : " = ");
		if (c.number == CLAIM_TEXT)
			put_char(o, '"');
		put_escaped(o, p.p, p.len);
		if (p.full)
			PUT(o, "...");
		if (c.number == CLAIM_TEXT)
			put_char(o, '"');
	}
}

/* "Audit success, failure" */
static void put_title(struct put *o, const struct ace *e)
{
	if (e->type >= NT__MAX) {
		PUT(o, "Unknown type 0x");
		put_hex(o, e->type, 2);
		return;
	}
	put_text(o, nt_types[e->type].label);
	if (nt_has(e->type) & NT_IS_AUDIT && e->flags & (NT_SA | NT_FA)) {
		put_char(o, ' ');
		put_text(o, (e->flags & (NT_SA | NT_FA)) == (NT_SA | NT_FA) ? "success, failure" :
			 e->flags & NT_SA ? "success" : "failure");
	}
	if (e->claim.len)
		put_claim(o, e->claim);
}

/* A text of others may stand within: control characters in it are hidden. */
static void put_condition(struct put *o, struct acl_bytes tokens, const struct words *w)
{
	size_t begin = o->len;

	if (!cond_put(o, tokens, w->scratch))
		PUT(o, "(too large to show)");
	put_tame(o, begin);
}

static const char *integrity(const struct sid *s)
{
	const struct sid_known *k = s->p ? sid_find_known(s->p) : NULL;
	const char *cut = k ? strchr(k->name, '\\') : NULL;

	return cut && sid_authority(s->p) == 16 ? cut + 1 : NULL;
}

/* "Integrity: Low, no write up" */
static void put_label(struct put *o, const struct ace *e, const struct words *w)
{
	const char *level = integrity(&e->sid);
	uint32_t left = (uint32_t)e->mask;
	const char *name;

	if (level)
		put_text(o, level);
	else
		sid_put_full(o, &e->sid, w->sids);
	for (; left; left &= left - 1) {
		PUT(o, ", ");
		name = nt_right_name(NT_LABEL, (unsigned)__builtin_ctz(left));
		if (name) {
			put_words(o, name);
		} else {
			PUT(o, "0x");
			put_hex(o, left & -left, 1);
		}
	}
}

static void put_guid_line(struct put *o, const char *what, const uint8_t *guid)
{
	if (!guid)
		return;
	put_text(o, what);
	put_guid(o, guid);
}

/* What has a trustee and rights. */
static void put_who(struct put *o, const struct acl *a, const struct ace *e,
		    const struct words *w)
{
	if (e->type == NT_MANDATORY_LABEL) {
		PUT(o, "\n    Integrity: ");
		put_label(o, e, w);
		return;
	}
	if (e->type != NT_RESOURCE_ATTRIBUTE && e->type != NT_SCOPED_POLICY_ID) {
		PUT(o, "\n    Permissions: ");
		nt_put_rights(o, nt_column(e->type, a->is_dir), (uint32_t)e->mask);
	}
	PUT(o, "\n    Trustee: ");
	sid_put_full(o, &e->sid, w->sids);
}

static void put_ace(struct put *o, const struct acl *a, const struct ace *e,
		    const struct words *w)
{
	PUT(o, "\n  - ");
	put_title(o, e);
	if (e->who == WHO_SID)
		put_who(o, a, e, w);
	put_guid_line(o, "\n    Object type: ", e->object);
	put_guid_line(o, "\n    Inherited by: ", e->inherited);
	if (e->cond.len) {
		PUT(o, "\n    Condition: ");
		put_condition(o, e->cond, w);
	}
	if (e->opaque)
		PUT(o, "\n    Condition: data of an unknown kind");
	if (e->flags & (NT_OI | NT_CI | NT_NP | NT_IO | NT_ID)) {
		PUT(o, "\n    Applies to: ");
		put_scope(o, e->flags);
	}
}

void ntwords_put_ace(struct put *o, const struct acl *a, const struct ace *e,
		     const struct words *w)
{
	size_t begin = o->len;

	put_title(o, e);
	if (begin < o->len && o->p[begin] >= 'A' && o->p[begin] <= 'Z')
		o->p[begin] = (char)(o->p[begin] - 'A' + 'a');
	if (e->type == NT_MANDATORY_LABEL) {
		put_char(o, ' ');
		put_label(o, e, w);
	} else if (e->who == WHO_SID) {
		put_char(o, ' ');
		sid_put_full(o, &e->sid, w->sids);
		put_char(o, ' ');
		nt_put_rights(o, nt_column(e->type, a->is_dir), (uint32_t)e->mask);
	}
	if (e->cond.len) {
		PUT(o, " if ");
		put_condition(o, e->cond, w);
	}
	if (e->flags & (NT_OI | NT_CI | NT_NP | NT_IO)) {
		PUT(o, " on ");
		put_scope(o, e->flags & ~(uint32_t)NT_ID);
	}
}

/* ---- lists ---------------------------------------------------------------------------*/

static uint32_t count(const struct acl *a, enum acl_list list)
{
	uint32_t i, n = 0;

	for (i = 0; i < a->n_aces; i++)
		n += a->aces[i].list == list;
	return n;
}

static void put_state(struct put *o, const struct acl *a, enum acl_list list)
{
	static const char *const states[ACL_LISTS][3] = {
		[ACL_DACL] = { "not set", "none - everyone has full access",
			"empty - nobody has access except the owner's implicit rights" },
		[ACL_SACL] = { "not set", "none", "empty" },
	};
	unsigned control = a->control >> (list == ACL_SACL);
	uint32_t n = count(a, list);

	put_text(o, list == ACL_DACL ? "DACL: " : "SACL: ");
	if (a->states[list] < ACL_PRESENT) {
		put_text(o, states[list][a->states[list]]);
	} else {
		put_u64(o, n);
		put_text(o, n == 1 ? " entry" : " entries");
	}
	if (a->states[list] == ACL_ABSENT)
		return;
	if (control & NT_DACL_PROTECTED)
		PUT(o, ", protected from inheritance");
	if (control & NT_DACL_AUTO_REQ)
		PUT(o, ", inheritance requested");
	if (control & NT_DACL_AUTO)
		PUT(o, ", auto-inherited");
}

static void put_list(struct put *o, const struct acl *a, enum acl_list list,
		     const struct words *w)
{
	uint32_t i, left = 0, room = w->max_aces ? w->max_aces : UINT32_MAX;

	put_char(o, '\n');
	put_state(o, a, list);
	for (i = 0; i < a->n_aces && !o->full; i++) {
		if (a->aces[i].list != list)
			continue;
		if (room) {
			put_ace(o, a, &a->aces[i], w);
			room--;
		} else {
			left++;
		}
	}
	if (left) {
		PUT(o, "\n  ... and ");
		put_u64(o, left);
		put_text(o, left == 1 ? " more entry" : " more entries");
	}
}

static void put_whom(struct put *o, const char *what, const struct sid *s, const struct words *w)
{
	put_text(o, what);
	if (sid_is_set(s))
		sid_put_full(o, s, w->sids);
	else
		PUT(o, "not set");
}

static void put_source(struct put *o, const struct acl *a)
{
	PUT(o, "Source: Samba security.NTACL v");
	put_u64(o, a->version);
	if (a->has_hash && a->hash_type == 1)
		PUT(o, ", SHA-256 hash");
	if (a->has_hash && a->hash_type > 1) {
		PUT(o, ", hash of type ");
		put_u64(o, a->hash_type);
	}
	if (a->has_text && a->text.len) {
		PUT(o, ", made from ");
		put_escaped(o, a->text.p, a->text.len);
	}
	put_char(o, '\n');
}

static void put_notes(struct put *o, uint32_t notes)
{
	static const struct {
		uint32_t note;
		const char *text;
	} all[] = {
		{ ACL_NOTE_NOT_SELF_RELATIVE, "not marked as self-relative" },
		{ ACL_NOTE_NOT_CANONICAL,
		  "not in canonical order: an allow entry precedes a deny entry" },
		{ ACL_NOTE_MORE_STORED, "more is stored behind the last entry, and not in force" },
		{ ACL_NOTE_OPAQUE, "an entry has data that is no condition" },
		{ ACL_NOTE_OFFSET_UNUSED, "an ACL is stored that is not in force" },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (notes & all[i].note) {
			PUT(o, "\nNote: ");
			put_text(o, all[i].text);
		}
}

/* Only conditions and claims hold what somebody else has written. */
static bool has_texts(const struct acl *a)
{
	uint32_t i;

	for (i = 0; i < a->n_aces; i++)
		if (a->aces[i].cond.len || a->aces[i].claim.len)
			return true;
	return false;
}

static void put_sddl(struct put *o, const struct acl *a, const struct words *w)
{
	size_t begin;

	PUT(o, "\nSddl: ");
	begin = o->len;
	if (!sddl_put(o, a, w->scratch))
		PUT(o, "...");
	if (has_texts(a))
		put_tame(o, begin);
}

void ntwords_put(struct put *o, const struct acl *a, const struct words *w)
{
	if (a->kind == ACL_NTACL)
		put_source(o, a);
	put_whom(o, "Owner: ", &a->owner, w);
	put_whom(o, "\nGroup: ", &a->group, w);
	put_list(o, a, ACL_DACL, w);
	put_list(o, a, ACL_SACL, w);
	put_notes(o, a->notes);
	put_sddl(o, a, w);
}

void ntwords_put_line(struct put *o, const struct acl *a, const struct words *w)
{
	uint32_t i, room = w->max_aces ? w->max_aces : UINT32_MAX;

	put_whom(o, "Owner ", &a->owner, w);
	PUT(o, "; ");
	put_state(o, a, ACL_DACL);
	for (i = 0; i < a->n_aces && a->aces[i].list == ACL_DACL && room && !o->full; i++, room--) {
		put_text(o, i ? ", " : ": ");
		ntwords_put_ace(o, a, &a->aces[i], w);
	}
	if (i < count(a, ACL_DACL)) {
		PUT(o, " and ");
		put_u64(o, count(a, ACL_DACL) - i);
		PUT(o, " more");
	}
}
