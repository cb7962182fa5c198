/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the formats that are not of Windows: every tag, right, flag, rule. */
#include "test_lib.h"

static const struct acl_context plain;

struct rule_row {
	const char *value, *rule;
};

static void check_rules(enum acl_kind kind, const struct rule_row *rows, size_t n,
			const struct acl_context *ctx)
{
	size_t i;

	for (i = 0; i < n; i++) {
		test_arena.used = 0;
		is_str(test_rule(kind, acl_kind_is_text(kind) ? test_text(rows[i].value) :
				 test_hex(rows[i].value), ctx), rows[i].rule, "%s: %.60s",
		       acl_kind_name(kind), rows[i].value);
	}
}
#define CHECK_RULES(kind, rows, ctx)	check_rules(kind, rows, sizeof(rows) / sizeof(*(rows)), ctx)

static struct acl decode(enum acl_kind kind, const char *value, const char *xattr, bool dir)
{
	struct acl_context ctx = { .is_dir = dir, .xattr = xattr };
	struct acl a;

	test_arena.used = 0;
	if (acl_decode(kind, acl_kind_is_text(kind) ? test_text(value) : test_hex(value), &ctx,
		       &test_arena, &a))
		tap_diag("%s: %s: %s", value, a.rule, a.why);
	return a;
}

/* ---- POSIX ACLs -------------------------------------------------------------------------*/

#define V2	"02000000 "
#define UO	"01000600ffffffff "
#define U1001	"02000700e9030000 "
#define GO	"04000400ffffffff "
#define G27	"080005001b000000 "
#define MASK	"10000500ffffffff "
#define OTHER	"20000400ffffffff "

static void test_posix(void)
{
	static const struct rule_row rules[] = {
		{ "", "" }, { V2, "" }, { V2 UO GO OTHER, "" }, { V2 UO U1001 GO G27 MASK OTHER, "" },
		{ V2 UO GO MASK OTHER, "" }, { V2 UO U1001 U1001 GO MASK OTHER, "" },
		{ "02", "P1" }, { "020000", "P1" }, { "01000000", "P1" }, { "03000000" UO GO OTHER, "P1" },
		{ V2 "01000600", "P2" }, { V2 UO GO OTHER "00", "P2" },
		{ V2 "03000600ffffffff " GO OTHER, "P3" }, { V2 "00000600ffffffff " GO OTHER, "P3" },
		{ V2 "01000800ffffffff " GO OTHER, "P4" }, { V2 UO GO "2000ffffffffffff", "P4" },
		{ V2 GO UO OTHER, "P5" }, { V2 UO OTHER, "P5" }, { V2 UO UO GO OTHER, "P5" },
		{ V2 UO U1001 GO OTHER, "P5" }, { V2 UO GO G27 OTHER, "P5" }, { V2 UO GO MASK MASK OTHER, "P5" },
		{ V2 UO GO OTHER MASK, "P5" },
		{ V2 UO "02000700ffffffff " GO MASK OTHER, "P6" },
	};
	struct acl a = decode(ACL_POSIX, V2 UO U1001 GO G27 MASK OTHER, NULL, false);

	is_str(test_json(&a, NULL), "\"extended\":true,\"aces\":["
	       "{\"type\":\"user_obj\",\"trustee\":\"owner\",\"rights\":[\"read\",\"write\"],\"flags\":[]},"
	       "{\"type\":\"user\",\"trustee\":\"uid:1001\",\"rights\":[\"read\",\"write\",\"execute\"],"
	       "\"flags\":[],\"effective\":[\"read\",\"execute\"]},"
	       "{\"type\":\"group_obj\",\"trustee\":\"owning_group\",\"rights\":[\"read\"],\"flags\":[],"
	       "\"effective\":[\"read\"]},"
	       "{\"type\":\"group\",\"trustee\":\"gid:27\",\"rights\":[\"read\",\"execute\"],\"flags\":[],"
	       "\"effective\":[\"read\",\"execute\"]},"
	       "{\"type\":\"mask\",\"trustee\":\"mask\",\"rights\":[\"read\",\"execute\"],\"flags\":[]},"
	       "{\"type\":\"other\",\"trustee\":\"other\",\"rights\":[\"read\"],\"flags\":[]}]",
	       "each tag");
	is_str(test_in_words(&a), "Access ACL (mask r-x)\n  owner        rw-\n"
	       "  user 1001    rwx  effective r-x\n  owning group r--\n  group 27     r-x\n"
	       "  others       r--", "in words");
	a = decode(ACL_POSIX, V2 UO GO OTHER, "system.posix_acl_default", true);
	ok(strstr(test_json(&a, NULL), "\"extended\":false") &&
	   strstr(test_json(&a, NULL), "\"flags\":[\"default\"]"), "a default ACL");
	a = decode(ACL_POSIX, V2, NULL, false);
	is_str(test_in_words(&a), "Access ACL removed: mode bits alone apply", "header only");
	CHECK_RULES(ACL_POSIX, rules, &plain);
}

/* ---- NFSv4 ACLs ---------------------------------------------------------------------------*/

#define OWNER_ACE	"00000000 00000000 001601ff 00000006 4f574e4552400000 "	/* OWNER@ */
#define BOB_ACE		"00000001 00000000 00000002 0000000f 626f62406578616d706c652e636f6d00 "

static void test_nfs4(void)
{
	static const struct rule_row rules[] = {
		{ "00000000", "" }, { "00000001" OWNER_ACE, "" }, { "00000002" OWNER_ACE BOB_ACE, "" },
		{ "", "X1" }, { "000000", "X1" }, { "00000002" OWNER_ACE "00000000 00000000", "X1" }, { "00000001", "X2" },
		{ "ffffffff" OWNER_ACE, "X2" },
		{ "00000001 00000004 00000000 00000001 00000004 41414141", "X3" },
		{ "00000001 00000000 00000000 00000001 00000000 41414141", "X4" },
		{ "00000001 00000000 00000000 00000001 00000005 41414141", "X4" },
		{ "00000001 00000000 00000000 00000001 ffffffff 41414141", "X4" },
		{ "00000001 00000000 00000000 00000001 00000004 41004141", "X4" },
		{ "00000001 00000000 00000000 00000001 00000004 ff414141", "X4" },
		{ "00000001 00000000 00000000 00000001 00000004 41414141 00", "X5" },
		{ "00000000 00000000", "X5" },
	};
	struct acl_context ctx = { 0 };
	struct acl a = decode(ACL_NFS4, "00000002" OWNER_ACE BOB_ACE, NULL, false);

	is_str(test_in_words(&a), "NFSv4 ACL, 2 entries\n"
	       "  - Allow  OWNER@          read data, write data, append data, read/write named attributes, "
	       "execute, delete child, read/write attributes, read/write ACL, synchronize\n"
	       "  - Deny   bob@example.com write data", "in words");
	ok(strstr(test_json(&a, NULL), "{\"type\":\"deny\",\"trustee\":\"bob@example.com\","
		  "\"mask\":\"0x00000002\",\"rights\":[\"write_data\"],\"flags\":[]}"), "as JSON");
	a = decode(ACL_NFS4, "00000002 00000001 00000002 000001ff ffffffff 00000001 41000000",
		   "system.nfs4_dacl", true);
	is_str(test_json(&a, NULL), "\"acl_flags\":[\"protected\"],\"aces\":[{\"type\":\"audit\","
	       "\"trustee\":\"A\",\"mask\":\"0xffffffff\",\"rights\":[\"list_directory\",\"add_file\","
	       "\"add_subdirectory\",\"read_named_attrs\",\"write_named_attrs\",\"execute\","
	       "\"delete_child\",\"read_attributes\",\"write_attributes\",\"write_retention\","
	       "\"write_retention_hold\",\"bit_0x00000800\",\"bit_0x00001000\",\"bit_0x00002000\","
	       "\"bit_0x00004000\",\"bit_0x00008000\",\"delete\",\"read_acl\",\"write_acl\","
	       "\"write_owner\",\"synchronize\",\"bit_0x00200000\",\"bit_0x00400000\","
	       "\"bit_0x00800000\",\"bit_0x01000000\",\"bit_0x02000000\",\"bit_0x04000000\","
	       "\"bit_0x08000000\",\"bit_0x10000000\",\"bit_0x20000000\",\"bit_0x40000000\","
	       "\"bit_0x80000000\"],\"flags\":[\"file_inherit\",\"directory_inherit\","
	       "\"no_propagate_inherit\",\"inherit_only\",\"successful_access\",\"failed_access\","
	       "\"identifier_group\",\"inherited\",\"bit_0x00000100\"]}]", "each right and flag");
	a = decode(ACL_NFS4, "00000005 00000003 00000000 00000000 00000001 00000001 00000003 "
		   "00000001 00000040 00000000 00000002 0000001b "
		   "00000003 00000000 00000000 00000004 000003e9", "system.nfs4_acl_xdr", false);
	ok(strstr(test_json(&a, NULL), "\"acl_flags\":[\"auto_inherit\",\"defaulted\"]") &&
	   strstr(test_json(&a, NULL), "{\"type\":\"allow\",\"trustee\":\"EVERYONE@\"") &&
	   strstr(test_json(&a, NULL), "{\"type\":\"deny\",\"trustee\":\"gid:27\"") &&
	   strstr(test_json(&a, NULL), "{\"type\":\"alarm\",\"trustee\":\"uid:1001\""),
	   "with numbers");
	CHECK_RULES(ACL_NFS4, rules, &plain);
	ctx.xattr = "security.nfs4acl_xdr";
	is_str(test_rule(ACL_NFS4, test_hex("00000000 00000001 00000000"), &ctx), "X2", "no room");
	is_str(test_rule(ACL_NFS4, test_hex("00000000 00000000 00"), &ctx), "X5", "bytes behind");
	is_str(test_rule(ACL_NFS4, test_hex("00000000"), &ctx), "X1", "no count");
}

/* ---- capabilities ----------------------------------------------------------------------------*/

static void test_caps(void)
{
	static const char *const names[] = {
		"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid",
		"setuid", "setpcap", "linux_immutable", "net_bind_service", "net_broadcast",
		"net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
		"sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
		"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
		"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm",
		"block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore", "41",
	};
	static const struct rule_row rules[] = {
		{ "00000001 00000000 00000000", "" }, { "", "K1" }, { "010000", "K1" },
		{ "01000004 00", "K1" }, { "01000000 00", "K1" }, { "01000002", "K2" },
		{ "00000001 00000000 00000000 00000000 00000000", "K2" },
		{ "00000003 00000000 00000000 00000000 00000000", "K2" },
		{ "03000002 00000000 00000000 00000000 00000000", "K3" },
		{ "00010002 00000000 00000000 00000000 00000000", "K3" },
	};
	char value[64], want[64];
	struct acl a;
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(value, sizeof(value), "01000002 %02x%02x%02x%02x 00000000 %02x%02x%02x%02x 00000000",
			 i < 8 ? 1 << i : 0, i / 8 == 1 ? 1 << i % 8 : 0, i / 8 == 2 ? 1 << i % 8 : 0,
			 i / 8 == 3 ? 1 << i % 8 : 0, i / 8 == 4 ? 1 << i % 8 : 0,
			 i / 8 == 5 ? 1 << i % 8 : 0, 0, 0);
		a = decode(ACL_CAPABILITY, value, NULL, false);
		snprintf(want, sizeof(want), "\"permitted\",\"rights\":[\"cap_%s\"]", names[i]);
		ok(strstr(test_json(&a, NULL), want), "cap_%s", names[i]);
	}
	a = decode(ACL_CAPABILITY, "01000002 00300000 00000000 00000000 00000000", NULL, false);
	is_str(test_json(&a, NULL), "\"version\":2,\"rootid\":null,\"flags\":[\"effective\"],\"aces\":["
	       "{\"type\":\"permitted\",\"rights\":[\"cap_net_admin\",\"cap_net_raw\"]},"
	       "{\"type\":\"inheritable\",\"rights\":[]}]", "version 2");
	is_str(test_in_words(&a), "File capabilities: cap_net_admin, cap_net_raw (permitted, effective)",
	       "in words");
	a = decode(ACL_CAPABILITY, "00000003 01000000 03000000 00000000 00000000 a0860100", NULL, false);
	is_str(test_in_words(&a), "File capabilities: cap_chown (permitted, inheritable); "
	       "cap_dac_override (inheritable); valid only in user namespaces with root uid 100000",
	       "version 3");
	ok(strstr(test_json(&a, NULL), "\"version\":3,\"rootid\":100000,\"flags\":[]"), "as JSON");
	CHECK_RULES(ACL_CAPABILITY, rules, &plain);
}

/* ---- modes ------------------------------------------------------------------------------------*/

static void test_modes(void)
{
	static const struct { const char *text, *type, *symbolic; } rows[] = {
		{ "140755 0 0", "socket", "srwxr-xr-x" }, { "120777 0 0", "link", "lrwxrwxrwx" },
		{ "100644 0 0", "file", "-rw-r--r--" }, { "060660 0 6", "block", "brw-rw----" },
		{ "041777 0 0", "directory", "drwxrwxrwt" }, { "020620 0 5", "char", "crw--w----" },
		{ "010600 0 0", "fifo", "prw-------" }, { "104755 0 0", "file", "-rwsr-xr-x" },
		{ "104644 0 0", "file", "-rwSr--r--" }, { "102711 0 0", "file", "-rwx--s--x" },
		{ "102644 0 0", "file", "-rw-r-Sr--" }, { "041770 0 0", "directory", "drwxrwx--T" },
		{ "107777 0 0", "file", "-rwsrwsrwt" },
	};
	static const struct rule_row rules[] = {
		{ "100644 0 0", "" }, { "644 4294967295 0", "" }, { "100644 0 0 -> 100600 0 0", "" },
		{ "", "M1" }, { "100644 0", "M1" }, { "100644 0 0 ", "M1" }, { "100648 0 0", "M1" },
		{ "100644 a 0", "M1" }, { "100644 4294967296 0", "M1" }, { "100644  0 0", "M1" },
		{ "200644 0 0", "M2" }, { "130644 0 0", "M2" },
	};
	struct acl_bytes was_text, is_text;
	struct acl a, was;
	char want[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		a = decode(ACL_MODE, rows[i].text, NULL, false);
		snprintf(want, sizeof(want), "\"file_type\":\"%s\"", rows[i].type);
		ok(strstr(test_json(&a, NULL), want), "%s is a %s", rows[i].text, rows[i].type);
		snprintf(want, sizeof(want), "\"symbolic\":\"%s\"", rows[i].symbolic);
		ok(strstr(test_json(&a, NULL), want), "%s", rows[i].symbolic);
	}
	ok(mode_split(test_text("100777 0 0 -> 107000 33 34"), &was_text, &is_text), "a change");
	acl_decode(ACL_MODE, was_text, &plain, &test_arena, &was);
	acl_decode(ACL_MODE, is_text, &plain, &test_arena, &a);
	ok(strstr(test_json(&a, &was), "\"changes\":[\"-owner:read\",\"-owner:write\",\"-owner:execute\","
		  "\"-group:read\",\"-group:write\",\"-group:execute\",\"-other:read\",\"-other:write\","
		  "\"-other:execute\",\"+setuid\",\"+setgid\",\"+sticky\",\"owner uid:0 -> uid:33\","
		  "\"group gid:0 -> gid:34\"]"), "each bit of a change");
	ok(strstr(test_json(&a, &was), "\"special\":[\"setuid\",\"setgid\",\"sticky\"]") &&
	   strstr(test_json(&a, &was), "\"old\":{\"owner\":\"uid:0\""), "both sides");
	CHECK_RULES(ACL_MODE, rules, &plain);
}

/* ---- labels, inode flags, names -------------------------------------------------------------------*/

static void test_labels(void)
{
	static const struct rule_row rules[] = {
		{ "61", "" }, { "6100", "" }, { "", "L1" }, { "00", "L1" }, { "610062", "L3" },
	};
	uint8_t large[5000];
	struct acl a;

	a = decode(ACL_SELINUX, "755f753a723a745f743a73302d73303a63302e633130323300", NULL, false);
	is_str(test_json(&a, NULL), "\"label\":\"u_u:r:t_t:s0-s0:c0.c1023\",\"user\":\"u_u\","
	       "\"role\":\"r\",\"type\":\"t_t\",\"range\":\"s0-s0:c0.c1023\"", "a label with a range");
	a = decode(ACL_SELINUX, "756e6c6162656c6564", NULL, false);
	is_str(test_json(&a, NULL), "\"label\":\"unlabeled\"", "one without fields");
	a = decode(ACL_SMACK, "0a225c27ff41c285", NULL, false);
	is_str(test_in_words(&a), "Smack label: \\x0a\\x22\\x5c\\x27\\xffA\\xc2\\x85",
	       "nothing in it is obeyed by a log");
	is_str(test_json(&a, NULL), "\"label\":\"\\u000a\\\"\\\\'\xef\xbf\xbd" "A\\u0085\"", "nor in JSON");
	CHECK_RULES(ACL_SELINUX, rules, &plain);
	memset(large, 'a', sizeof(large));
	is_str(test_rule(ACL_SELINUX, (struct acl_bytes){ large, 4096 }, &plain), "", "4096 bytes");
	is_str(test_rule(ACL_SELINUX, (struct acl_bytes){ large, 4097 }, &plain), "L2", "4097 bytes");
	is_str(test_rule(ACL_SMACK, (struct acl_bytes){ large, 256 }, &plain), "L2", "256 of Smack");
	a = decode(ACL_INODE_FLAGS, "30000800", NULL, false);
	is_str(test_in_words(&a), "File attributes: immutable, append only; 1 other", "inode flags");
	is_str(test_json(&a, NULL), "\"flags\":[\"immutable\",\"append_only\",\"extents\"]", "as JSON");
	a = decode(ACL_INODE_FLAGS, "08000000", "xflags", false);
	is_str(test_json(&a, NULL), "\"flags\":[\"immutable\"]", "have other numbers as xflags");
	is_str(test_rule(ACL_INODE_FLAGS, test_hex("300008"), &plain), "F1", "three bytes");
}

static void test_names(void)
{
	static const struct { const char *name; int kind; } rows[] = {
		{ "system.posix_acl_access", ACL_POSIX }, { "security.capability", ACL_CAPABILITY },
		{ "security.NTACL", ACL_NTACL }, { "system.ntfs_security", ACL_NTSD },
		{ "system.cifs_ntsd_full", ACL_NTSD }, { "system.smb3_acl", ACL_NTSD },
		{ "system.nfs4_acl", ACL_NFS4 }, { "system.nfs4_acl_xdr", ACL_NFS4 },
		{ "security.SMACK64EXEC", ACL_SMACK }, { "trusted.overlay.opaque", ACL_METADATA },
		{ "security.ima", ACL_METADATA }, { "user.NTACL", -1 }, { "security.NTACL2", -1 },
		{ "security.NTAC", -1 }, { "", -1 }, { "trusted.overlay", -1 },
	};
	enum acl_kind kind;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool found = acl_xattr_kind(rows[i].name, strlen(rows[i].name), &kind);

		is_int(found ? (int)kind : -1, rows[i].kind, "attribute \"%s\"", rows[i].name);
	}
	for (i = 0; i < ACL_KIND__MAX; i++) {
		const char *name = acl_kind_name((enum acl_kind)i);

		ok(acl_kind_find(name, strlen(name), &kind) && kind == i, "kind %s", name);
	}
	ok(!acl_kind_find("sddl2", 5, &kind), "no other");
}

/* Too small a buffer, too small an arena: less, never more. */
static void test_small(void)
{
	static const char value[] = V2 UO U1001 GO G27 MASK OTHER;
	struct acl a = decode(ACL_POSIX, value, NULL, false);
	char text[400], whole[400];
	uint8_t memory[256];
	struct acl_arena small = { memory, sizeof(memory), 0, false };
	struct put o;
	size_t n;

	snprintf(whole, sizeof(whole), "%s", test_in_words(&a));
	for (n = 0; n < strlen(whole); n++) {
		put_init(&o, text, n);
		memset(text, '#', sizeof(text));
		words_put(&o, &a, &test_words);
		if (!o.full || o.len != n || memcmp(text, whole, n) || text[n] != '#')
			break;
	}
	is_int((long long)n, (long long)strlen(whole), "a text of any length is the head of the whole");
	ok(acl_decode(ACL_POSIX, test_hex(value), &plain, &small, &a) && !strcmp(a.rule, "memory"), "a small arena");
}

int main(void)
{
	test_posix();
	test_nfs4();
	test_caps();
	test_modes();
	test_labels();
	test_names();
	test_small();
	return done_testing();
}
