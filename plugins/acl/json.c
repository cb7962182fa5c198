/* SPDX-License-Identifier: Apache-2.0 */
/* The structured model: one key for each thing, the same for all kinds. */
#include "json.h"

#include "formats.h"

/* ---- kinds --------------------------------------------------------------------------*/

static void put_control(struct put *o, unsigned control)
{
	unsigned n = 0;

	if (control & NT_DACL_PROTECTED)
		json_put_item(o, &n, "protected");
	if (control & NT_DACL_AUTO_REQ)
		json_put_item(o, &n, "auto_inherit_req");
	if (control & NT_DACL_AUTO)
		json_put_item(o, &n, "auto_inherited");
	put_char(o, ']');
}

static void put_hash(struct put *o, const struct acl *a)
{
	PUT(o, ",\"hash_type\":");
	if (!a->has_hash) {
		PUT(o, "null");
	} else if (a->hash_type < 2) {
		put_json_text(o, a->hash_type ? "sha256" : "none");
	} else {
		PUT(o, "\"type_");
		put_u64(o, a->hash_type);
		put_char(o, '"');
	}
	PUT(o, ",\"description\":");
	if (a->has_text)
		put_json(o, a->text.p, a->text.len);
	else
		PUT(o, "null");
}

static void put_nt(struct put *o, const struct acl *a)
{
	static const char *const states[] = { "absent", "null", "empty", "present" };

	if (a->kind == ACL_NTACL) {
		PUT(o, "\"ntacl_version\":");
		put_u64(o, a->version);
		put_hash(o, a);
		put_char(o, ',');
	}
	PUT(o, "\"owner\":");
	json_put_sid(o, &a->owner);
	PUT(o, ",\"group\":");
	json_put_sid(o, &a->group);
	PUT(o, ",\"dacl\":");
	put_json_text(o, states[a->states[ACL_DACL]]);
	PUT(o, ",\"dacl_flags\":[");
	put_control(o, a->control);
	PUT(o, ",\"sacl\":");
	put_json_text(o, states[a->states[ACL_SACL]]);
	PUT(o, ",\"sacl_flags\":[");
	put_control(o, a->control >> 1);
	put_char(o, ',');
	json_put_aces(o, a);
}

static void put_nfs4(struct put *o, const struct acl *a)
{
	static const char *const names[] = { "auto_inherit", "protected", "defaulted" };
	uint32_t left = a->acl_flags;
	unsigned n = 0, bit;

	if (a->has_acl_flags) {
		PUT(o, "\"acl_flags\":[");
		for (; left; left &= left - 1) {
			bit = (unsigned)__builtin_ctz(left);
			if (bit < 3)
				json_put_item(o, &n, names[bit]);
			else
				json_put_bit(o, &n, left & -left);
		}
		PUT(o, "],");
	}
	json_put_aces(o, a);
}

static void put_capability(struct put *o, const struct acl *a)
{
	PUT(o, "\"version\":");
	put_u64(o, a->version);
	PUT(o, ",\"rootid\":");
	if (a->has_rootid)
		put_u64(o, a->rootid);
	else
		PUT(o, "null");
	put_text(o, a->effective ? ",\"flags\":[\"effective\"]," : ",\"flags\":[],");
	json_put_aces(o, a);
}

static void put_mode(struct put *o, const struct acl *a)
{
	const char *type = mode_type_name(a->mode);
	unsigned n = 0;

	PUT(o, "\"owner\":");
	json_put_number(o, "uid:", a->uid);
	PUT(o, ",\"group\":");
	json_put_number(o, "gid:", a->gid);
	PUT(o, ",\"file_type\":");
	if (type)
		put_json_text(o, type);
	else
		PUT(o, "null");
	PUT(o, ",\"special\":[");
	if (a->mode & MODE_SETUID)
		json_put_item(o, &n, "setuid");
	if (a->mode & MODE_SETGID)
		json_put_item(o, &n, "setgid");
	if (a->mode & MODE_STICKY)
		json_put_item(o, &n, "sticky");
	PUT(o, "],\"symbolic\":\"");
	mode_put(o, a->mode);
	PUT(o, "\",");
	json_put_aces(o, a);
}

/* "owner uid:0 -> uid:1000" */
static void put_moved(struct put *o, unsigned *n, const char *what, const char *prefix,
		      uint32_t was, uint32_t is)
{
	if (was == is)
		return;
	if ((*n)++)
		put_char(o, ',');
	put_char(o, '"');
	put_text(o, what);
	put_text(o, prefix);
	put_u64(o, was);
	PUT(o, " -> ");
	put_text(o, prefix);
	put_u64(o, is);
	put_char(o, '"');
}

static void put_mode_changes(struct put *o, const struct acl *a, const struct acl *was)
{
	static const char *const names[12] = {
		"owner:read", "owner:write", "owner:execute", "group:read", "group:write",
		"group:execute", "other:read", "other:write", "other:execute", "setuid", "setgid",
		"sticky",
	};
	unsigned n = 0, i;
	uint32_t bit;

	PUT(o, ",\"changes\":[");
	for (i = 0; i < 12; i++) {
		bit = i < 9 ? 0400u >> i : 04000u >> (i - 9);
		if (!((a->mode ^ was->mode) & bit))
			continue;
		if (n++)
			put_char(o, ',');
		put_text(o, a->mode & bit ? "\"+" : "\"-");
		put_text(o, names[i]);
		put_char(o, '"');
	}
	put_moved(o, &n, "owner ", "uid:", was->uid, a->uid);
	put_moved(o, &n, "group ", "gid:", was->gid, a->gid);
	put_char(o, ']');
}

static void put_label(struct put *o, const struct acl *a)
{
	static const char *const keys[] = { "user", "role", "type", "range" };
	struct acl_bytes parts[4];
	unsigned i, n = a->kind == ACL_SELINUX && a->has_text ? label_split(a->text, parts) : 0;

	PUT(o, "\"label\":");
	if (a->has_text)
		put_json(o, a->text.p, a->text.len);
	else
		PUT(o, "null");
	for (i = 0; i < n; i++) {
		put_char(o, ',');
		put_json_text(o, keys[i]);
		put_char(o, ':');
		put_json(o, parts[i].p, parts[i].len);
	}
}

static void put_inode_flags(struct put *o, const struct acl *a)
{
	uint32_t left = a->acl_flags;
	const char *name;
	unsigned n = 0;

	PUT(o, "\"flags\":[");
	for (; left; left &= left - 1) {
		name = inode_flag_name(a->xflags, (unsigned)__builtin_ctz(left));
		if (name)
			json_put_item(o, &n, name);
		else
			json_put_bit(o, &n, left & -left);
	}
	put_char(o, ']');
}

void json_put_acl(struct put *o, const struct acl *a, const struct acl *was)
{
	switch (a->kind) {
	case ACL_SDDL:
	case ACL_NTACL:
	case ACL_NTSD:
		put_nt(o, a);
		break;
	case ACL_POSIX:
		put_text(o, a->n_aces > 3 ? "\"extended\":true," : "\"extended\":false,");
		json_put_aces(o, a);
		break;
	case ACL_NFS4:
		put_nfs4(o, a);
		break;
	case ACL_CAPABILITY:
		put_capability(o, a);
		break;
	case ACL_MODE:
		put_mode(o, a);
		if (!was)
			break;
		PUT(o, ",\"old\":{");
		put_mode(o, was);
		put_char(o, '}');
		put_mode_changes(o, a, was);
		break;
	case ACL_INODE_FLAGS:
		put_inode_flags(o, a);
		break;
	default:
		put_label(o, a);
	}
}

void json_put_fault(struct put *o, const struct acl *a)
{
	PUT(o, "\"error\":");
	put_json_text(o, a->why);
	PUT(o, ",\"rule\":");
	put_json_text(o, a->rule);
}
