/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors as SDDL. */
#include "claim.h"
#include "cond.h"
#include "nt.h"
#include "nttab.h"
#include "sid.h"

static void put_flags(struct put *o, const struct ace *e)
{
	uint32_t left = e->flags & 0xff;
	unsigned i;

	for (; left; left &= left - 1) {
		i = (unsigned)__builtin_ctz(left);
		put_mem(o, i == 6 && e->type == NT_ACCESS_FILTER ? "TP" : nt_ace_flags[i].code, 2);
	}
}

/* A type without a code is not SDDL; it is not to look like another, either. */
static void put_type(struct put *o, unsigned type)
{
	if (type < NT__MAX && *nt_types[type].code) {
		put_text(o, nt_types[type].code);
		return;
	}
	PUT(o, "0x");
	put_hex(o, type, 2);
}

static bool put_data(struct put *o, const struct ace *e, struct acl_arena *scratch)
{
	struct claim c;
	bool good = true;

	if (!e->cond.len && !e->claim.len)
		return true;
	put_char(o, ';');
	if (e->cond.len) {
		good = cond_put(o, e->cond, scratch);
	} else {
		claim_open(&c, e->claim);
		claim_put_sddl(o, &c);
	}
	return good;
}

static void put_guids(struct put *o, const struct ace *e)
{
	if (e->object)
		put_guid(o, e->object);
	put_char(o, ';');
	if (e->inherited)
		put_guid(o, e->inherited);
	put_char(o, ';');
}

static bool put_ace(struct put *o, const struct acl *a, const struct ace *e,
		    struct acl_arena *scratch)
{
	bool good;

	put_char(o, '(');
	put_type(o, e->type);
	put_char(o, ';');
	put_flags(o, e);
	put_char(o, ';');
	if (e->who == WHO_SID)
		nt_put_rights_sddl(o, nt_column(e->type, a->is_dir), (uint32_t)e->mask);
	put_char(o, ';');
	if (e->object || e->inherited)
		put_guids(o, e);
	else
		PUT(o, ";;");
	if (e->who == WHO_SID)
		sid_put_sddl(o, &e->sid);
	good = put_data(o, e, scratch);
	put_char(o, ')');
	return good;
}

static bool put_list(struct put *o, const struct acl *a, enum acl_list list,
		     struct acl_arena *scratch)
{
	unsigned control = a->control >> (list == ACL_SACL);
	bool good = true;
	uint32_t i;

	if (a->states[list] == ACL_ABSENT)
		return true;
	put_text(o, list == ACL_DACL ? "D:" : "S:");
	if (control & NT_DACL_PROTECTED)
		put_char(o, 'P');
	if (control & NT_DACL_AUTO_REQ)
		PUT(o, "AR");
	if (control & NT_DACL_AUTO)
		PUT(o, "AI");
	if (a->states[list] == ACL_NULL)
		PUT(o, "NO_ACCESS_CONTROL");
	for (i = 0; i < a->n_aces && !o->full && good; i++)
		if (a->aces[i].list == list)
			good = put_ace(o, a, &a->aces[i], scratch);
	return good;
}

bool sddl_put(struct put *o, const struct acl *a, struct acl_arena *scratch)
{
	if (sid_is_set(&a->owner)) {
		PUT(o, "O:");
		sid_put_sddl(o, &a->owner);
	}
	if (sid_is_set(&a->group)) {
		PUT(o, "G:");
		sid_put_sddl(o, &a->group);
	}
	return put_list(o, a, ACL_DACL, scratch) && put_list(o, a, ACL_SACL, scratch);
}
