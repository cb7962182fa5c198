/* SPDX-License-Identifier: Apache-2.0 */
/* Names and codes of types, flags and rights of NT descriptors. */
#include "nttab.h"

#define PLAIN	NT_HAS_SID
#define OBJECT	(NT_HAS_SID | NT_HAS_OBJECT)
#define DATA	(NT_HAS_SID | NT_HAS_DATA)
#define COND	(DATA | NT_SDDL_DATA)

const struct nt_type_row nt_types[NT__MAX] = {
	[NT_ALLOW] = { "A", "allow", "Allow", PLAIN | NT_IS_ALLOW },
	[NT_DENY] = { "D", "deny", "Deny", PLAIN | NT_IS_DENY },
	[NT_AUDIT] = { "AU", "audit", "Audit", PLAIN | NT_IS_AUDIT },
	[NT_ALARM] = { "AL", "alarm", "Alarm", PLAIN | NT_IS_AUDIT },
	[NT_ALLOW_COMPOUND] = { "", "allow_compound", "Allow (compound)", 0 },
	[NT_ALLOW_OBJECT] = { "OA", "allow_object", "Allow (object)", OBJECT | NT_IS_ALLOW },
	[NT_DENY_OBJECT] = { "OD", "deny_object", "Deny (object)", OBJECT | NT_IS_DENY },
	[NT_AUDIT_OBJECT] = { "OU", "audit_object", "Audit (object)", OBJECT | NT_IS_AUDIT },
	[NT_ALARM_OBJECT] = { "OL", "alarm_object", "Alarm (object)", OBJECT | NT_IS_AUDIT },
	[NT_ALLOW_CALLBACK] = { "XA", "allow_callback", "Allow (conditional)",
		COND | NT_IS_ALLOW },
	[NT_DENY_CALLBACK] = { "XD", "deny_callback", "Deny (conditional)", COND | NT_IS_DENY },
	[NT_ALLOW_CALLBACK_OBJECT] = { "ZA", "allow_callback_object",
		"Allow (object, conditional)", OBJECT | COND | NT_IS_ALLOW },
	[NT_DENY_CALLBACK_OBJECT] = { "", "deny_callback_object",
		"Deny (object, conditional)", OBJECT | DATA | NT_IS_DENY },
	[NT_AUDIT_CALLBACK] = { "XU", "audit_callback", "Audit (conditional)",
		COND | NT_IS_AUDIT },
	[NT_ALARM_CALLBACK] = { "", "alarm_callback", "Alarm (conditional)",
		DATA | NT_IS_AUDIT },
	[NT_AUDIT_CALLBACK_OBJECT] = { "", "audit_callback_object",
		"Audit (object, conditional)", OBJECT | DATA | NT_IS_AUDIT },
	[NT_ALARM_CALLBACK_OBJECT] = { "", "alarm_callback_object",
		"Alarm (object, conditional)", OBJECT | DATA | NT_IS_AUDIT },
	[NT_MANDATORY_LABEL] = { "ML", "mandatory_label", "Mandatory label", PLAIN },
	[NT_RESOURCE_ATTRIBUTE] = { "RA", "resource_attribute", "Resource attribute",
		PLAIN | NT_SDDL_DATA },
	[NT_SCOPED_POLICY_ID] = { "SP", "scoped_policy_id", "Central access policy", PLAIN },
	[NT_PROCESS_TRUST_LABEL] = { "TL", "process_trust_label", "Process trust label", PLAIN },
	[NT_ACCESS_FILTER] = { "FL", "access_filter", "Access filter", COND },
};

const struct nt_code nt_ace_flags[] = {
	{ "OI", NT_OI }, { "CI", NT_CI }, { "NP", NT_NP }, { "IO", NT_IO }, { "ID", NT_ID },
	{ "CR", NT_CR }, { "SA", NT_SA }, { "FA", NT_FA }, { "TP", NT_SA }, { "", 0 }
};

const struct nt_code nt_rights[] = {
	{ "CC", 0x1 }, { "DC", 0x2 }, { "LC", 0x4 }, { "SW", 0x8 }, { "RP", 0x10 },
	{ "WP", 0x20 }, { "DT", 0x40 }, { "LO", 0x80 }, { "CR", 0x100 },
	{ "SD", 0x10000 }, { "RC", 0x20000 }, { "WD", 0x40000 }, { "WO", 0x80000 },
	{ "GA", 0x10000000 }, { "GX", 0x20000000 }, { "GW", 0x40000000 }, { "GR", 0x80000000 },
	{ "FA", 0x1f01ff }, { "FR", 0x120089 }, { "FW", 0x120116 }, { "FX", 0x1200a0 },
	{ "KA", 0xf003f }, { "KR", 0x20019 }, { "KW", 0x20006 }, { "KX", 0x20019 },
	{ "NW", 0x1 }, { "NR", 0x2 }, { "NX", 0x4 }, { "", 0 }
};

const char *nt_flag_name(unsigned type, unsigned bit)
{
	static const char *const names[8] = {
		"object_inherit", "container_inherit", "no_propagate_inherit", "inherit_only",
		"inherited", "critical", "audit_success", "audit_failure",
	};

	return bit == 6 && type == NT_ACCESS_FILTER ? "trust_protected_filter" : names[bit];
}

/* ---- rights ----------------------------------------------------------------------*/

enum nt_column nt_column(unsigned type, bool is_dir)
{
	if (type == NT_MANDATORY_LABEL)
		return NT_LABEL;
	return nt_has(type) & NT_HAS_OBJECT ? NT_DS : is_dir ? NT_DIR : NT_FILE;
}

const char *nt_right_name(enum nt_column c, unsigned bit)
{
	static const char *const low[][9] = {
		[NT_FILE] = { "read_data", "write_data", "append_data", "read_ea", "write_ea",
			"execute", "delete_child", "read_attributes", "write_attributes" },
		[NT_DIR] = { "list_directory", "add_file", "add_subdirectory", "read_ea",
			"write_ea", "traverse", "delete_child", "read_attributes",
			"write_attributes" },
		[NT_DS] = { "create_child", "delete_child", "list_children", "self_write",
			"read_property", "write_property", "delete_tree", "list_object",
			"control_access" },
		[NT_LABEL] = { "no_write_up", "no_read_up", "no_execute_up" },
	};
	static const char *const high[16] = {
		"delete", "read_control", "write_dac", "write_owner", "synchronize", NULL, NULL,
		NULL, "access_system_security", "maximum_allowed", NULL, NULL, "generic_all",
		"generic_execute", "generic_write", "generic_read",
	};

	return bit < 9 ? low[c][bit] : bit < 16 ? NULL : high[bit - 16];
}

/* Longest first: what one covers already is not said again. */
static const struct {
	uint32_t mask;
	const char *label;
} friendly[] = {
	{ 0x1f01ff, "Full control" }, { 0x1301bf, "Modify" }, { 0x1200a9, "Read and execute" },
	{ 0x120089, "Read" }, { 0x120116, "Write" }, { 0x1200a0, "Execute" },
};

/* Eight at a time: 0x80 in those bytes of `x` that are zero, and 7f between _ and blank. */
static uint64_t blanks(uint64_t u)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
	uint64_t x = u ^ 0x5f5f5f5f5f5f5f5fu;

	x = ~(((x & low) + low) | x | low);
	return u ^ (x >> 7) * 0x7f;
}

void put_words(struct put *o, const char *name)
{
	size_t begin = o->len;
	uint64_t u;

	put_text(o, name);
	for (; o->len - begin >= 8; begin += 8) {
		memcpy(&u, o->p + begin, 8);
		u = blanks(u);
		memcpy(o->p + begin, &u, 8);
	}
	for (; begin < o->len; begin++)
		if (o->p[begin] == '_')
			o->p[begin] = ' ';
}

/* The first word of the list begins with a capital letter. */
static void put_right(struct put *o, const char *name, bool first)
{
	size_t begin = o->len;

	if (!first)
		PUT(o, ", ");
	put_words(o, name);
	if (first && begin < o->len && o->p[begin] >= 'a' && o->p[begin] <= 'z')
		o->p[begin] = (char)(o->p[begin] - 'a' + 'A');
}

void nt_put_rights(struct put *o, enum nt_column c, uint32_t mask)
{
	uint32_t left = mask, unknown = 0;
	bool first = true;
	const char *name;
	unsigned i;

	for (i = 0; left && i < sizeof(friendly) / sizeof(*friendly) &&
	     (c == NT_FILE || c == NT_DIR); i++) {
		if ((mask & friendly[i].mask) != friendly[i].mask || !(left & friendly[i].mask))
			continue;
		/* Synchronize and read control alone are no reason to name one. */
		if (!(left & friendly[i].mask & ~0x120000u))
			continue;
		put_right(o, friendly[i].label, first);
		left &= ~friendly[i].mask;
		first = false;
	}
	for (; left; left &= left - 1) {
		i = (unsigned)__builtin_ctz(left);
		name = nt_right_name(c, i);
		if (!name) {
			unknown |= 1u << i;
			continue;
		}
		put_right(o, name, first);
		first = false;
	}
	if (unknown || first) {
		if (!first)
			PUT(o, ", ");
		put_text(o, unknown ? "0x" : "None");
		if (unknown)
			put_hex(o, unknown, 1);
	}
}

#define COMMON_BITS	0xf00f0000u

/* Those of `all` as codes, in the order of their rows; false, and nothing: there are others. */
static bool put_codes(struct put *o, const struct nt_code *from, uint32_t all, uint32_t mask)
{
	if (mask & ~all || !mask)
		return false;
	for (; mask; from++) {
		if (mask & from->mask)
			put_mem(o, from->code, 2);
		mask &= ~from->mask;
	}
	return true;
}

void nt_put_rights_sddl(struct put *o, enum nt_column c, uint32_t mask)
{
	const struct nt_code *bits = nt_rights, *common = bits + 9, *file = bits + 17,
		*label = bits + 25, *r;

	if (c == NT_DS && put_codes(o, bits, COMMON_BITS | 0x1ff, mask))
		return;
	if (c == NT_LABEL && put_codes(o, label, 7, mask))
		return;
	if (put_codes(o, common, COMMON_BITS, mask))
		return;
	for (r = file; r < file + 4 && c != NT_LABEL; r++)
		if (r->mask == mask) {
			put_mem(o, r->code, 2);
			return;
		}
	PUT(o, "0x");
	put_hex(o, mask, 1);
}
