/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of words: entries of descriptors, differences, risks. */
#include "sid.h"
#include "test_lib.h"


/* ---- descriptors in words ---------------------------------------------------------------*/

static void test_entries(void)
{
	static const char *const rows[][2] = {
		{ "D:NO_ACCESS_CONTROL", "DACL: none - everyone has full access\n" },
		{ "D:", "DACL: empty - nobody has access except the owner's implicit rights\n" },
		{ "O:BA", "DACL: not set\nSACL: not set\n" },
		{ "G:BU", "Owner: not set\nGroup: BUILTIN\\Users (S-1-5-32-545)\n" },
		{ "S:", "SACL: empty\n" },
		{ "D:PARAI", "implicit rights, protected from inheritance, inheritance requested, auto-inherited\n" },
		{ "S:(AU;SAFA;GA;;;WD)", "  - Audit success, failure\n    Permissions: Generic all\n"
		  "    Trustee: Everyone (S-1-1-0)\n" },
		{ "S:(AU;FA;GA;;;WD)", "  - Audit failure\n" },
		{ "S:(ML;;NW;;;LW)", "  - Mandatory label\n    Integrity: Low, no write up\n" },
		{ "S:(ML;;0x8;;;S-1-16-1)", "    Integrity: Mandatory Label\\level 1 (S-1-16-1), 0x8\n" },
		{ "D:(XA;;FX;;;WD;(@User.Title == \"PM\"))", "  - Allow (conditional)\n"
		  "    Permissions: Execute\n    Trustee: Everyone (S-1-1-0)\n"
		  "    Condition: (@USER.Title == \"PM\")\n" },
		{ "D:(XA;;FX;;;WD;(@User.T == \"a\nb\"))", "    Condition: (@USER.T == \"a?b\")\n" },
		{ "S:(RA;;;;;WD;(\"Project\",TS,0x0,\"Windows\",\"SQL\"))",
		  "  - Resource attribute Project = \"Windows\", \"SQL\"\n" },
		{ "S:(SP;;;;;S-1-17-1)", "  - Central access policy\n"
		  "    Trustee: Central access policy (S-1-17-1)\n" },
		{ "D:(OA;CIIO;RP;ab721a53-1e2f-11d0-9819-00aa0040529b;"
		  "bf967aba-0de6-11d0-a285-00aa003049e2;DA)", "  - Allow (object)\n"
		  "    Permissions: Read property\n    Trustee: Domain Admins (S-1-5-21-<domain>-512)\n"
		  "    Object type: ab721a53-1e2f-11d0-9819-00aa0040529b\n"
		  "    Inherited by: bf967aba-0de6-11d0-a285-00aa003049e2\n"
		  "    Applies to: subfolders\n" },
		{ "D:(A;OICI;FA;;;WD)", "    Applies to: this folder, subfolders and files\n" },
		{ "D:(A;CI;FA;;;WD)", "    Applies to: this folder and subfolders\n" },
		{ "D:(A;OI;FA;;;WD)", "    Applies to: this folder and files\n" },
		{ "D:(A;OICIIO;FA;;;WD)", "    Applies to: subfolders and files\n" },
		{ "D:(A;OIIO;FA;;;WD)", "    Applies to: files\n" },
		{ "D:(A;CINPID;FA;;;WD)", "    Applies to: this folder and subfolders, one level only (inherited)\n" },
		{ "D:(A;ID;FA;;;WD)", "    Applies to: this object only (inherited)\n" },
		{ "D:(A;;FA;;;WD)", "    Trustee: Everyone (S-1-1-0)\nSACL: not set\n" },
		{ "D:(A;;FA;;;WD)(D;;FA;;;BG)", "Note: not in canonical order: an allow entry precedes a deny entry\n" },
	};
	struct acl a;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		test_arena.used = 0;
		a = test_sddl(rows[i][0]);
		if (!ok(strstr(test_in_words(&a), rows[i][1]), "%s in words", rows[i][0]))
			tap_diag("%s", test_in_words(&a));
	}
}

/* ---- names that are given ------------------------------------------------------------------*/

static bool put_alice(void *ctx, struct put *o, uint32_t id, bool group)
{
	(void)ctx;
	if (id != 1001)
		return false;
	put_text(o, group ? "staff" : "alice");
	return true;
}

static void test_names(void)
{
	struct words w = test_words;
	struct put o = test_begin();

	w.put_id = put_alice;
	words_put_id(&o, &w, 1001, false);
	PUT(&o, ", ");
	words_put_id(&o, &w, 1001, true);
	PUT(&o, ", ");
	words_put_id(&o, &w, 7, true);
	PUT(&o, ", ");
	words_put_id(&o, &w, 0, false);
	is_str(test_end(&o), "alice (1001), staff (1001), 7, root (0)", "names of numbers");
}

static void test_shown(void)
{
	struct acl a = test_sddl("D:(A;;FA;;;BA)(A;;FR;;;BU)(A;;FR;;;BG)");
	struct words w = test_words;
	struct put o = test_begin();

	w.max_aces = 1;
	words_put(&o, &a, &w);
	ok(strstr(test_end(&o), "  ... and 2 more entries\n"), "a text with fewer entries");
	o = test_begin();
	words_put_line(&o, &a, &w);
	is_str(test_end(&o), "Owner not set; DACL: 3 entries: allow BUILTIN\\Administrators "
	       "(S-1-5-32-544) Full control and 2 more", "a line with fewer entries");
}

/* ---- differences ------------------------------------------------------------------------------*/

/* Two values of a kind; "-": none, NULL: not known. Items joined by "; ". */
struct change_row {
	enum acl_kind kind;
	const char *was, *is, *changes, *risks;
	const char *xattr;
};

#define UO	"01000600ffffffff "
#define GO	"04000400ffffffff "
#define OTHER	"20000400ffffffff "
#define ACL(x)	"02000000" UO x OTHER
#define U(perm)	"0200" perm "00e9030000 "
#define G(perm)	"0800" perm "001b000000 "
#define M(perm)	"1000" perm "00ffffffff "

static const struct change_row changes[] = {
	{ ACL_MODE, "100644 0 0", "100644 0 0", "", "" },
	{ ACL_MODE, "100755 0 0", "104755 0 0", "setuid added: the program runs as its owner root (0)",
	  "setuid_root" },
	{ ACL_MODE, "100755 33 0", "104755 33 0", "setuid added: the program runs as its owner 33", "setuid" },
	{ ACL_MODE, "104755 0 0", "104755 0 0", "", "" },
	{ ACL_MODE, "106755 0 0", "100755 33 34", "setuid removed; setgid removed; owner root (0) -> 33; "
	  "group root (0) -> 34", "" },
	{ ACL_MODE, "100644 0 0", "100666 0 0", "group gains write; others gain write", "world_writable" },
	{ ACL_MODE, "100767 0 0", "100730 0 0", "group gains execute, loses read; "
	  "others lose read, write, execute", "" },
	{ ACL_MODE, "100751 0 0", "100714 0 0", "group loses read; others gain read, lose execute", "" },
	{ ACL_MODE, "040755 0 0", "041777 0 0", "group gains write; others gain write; "
	  "sticky added: only owners may delete", "" },
	{ ACL_MODE, "041777 0 0", "040777 0 0", "sticky removed: who may write may delete", "world_writable" },
	{ ACL_MODE, "040755 0 0", "042755 0 0", "setgid added: new files take its group", "" },
	{ ACL_MODE, "100755 0 0", "102755 0 0", "setgid added", "setgid" },
	{ ACL_MODE, NULL, "104755 0 0", "", "setuid_root" },
	{ ACL_MODE, "120777 0 0", "120777 1 0", "owner root (0) -> 1", "" },

	{ ACL_POSIX, ACL(GO), ACL(U("07") GO M("05")), "user 1001 added with rwx (effective r-x); "
	  "mask added with r-x", "" },
	{ ACL_POSIX, "-", ACL(U("04") GO M("04")), "access ACL added; user 1001 added with r--; "
	  "mask added with r--", "" },
	{ ACL_POSIX, ACL(U("07") GO G("06") M("07")), ACL(U("07") GO G("06") M("05")), "mask rwx -> r-x; "
	  "by the mask, user 1001 loses write; by the mask, group 27 loses write", "" },
	{ ACL_POSIX, ACL(U("06") GO M("07")), ACL(U("07") GO M("07")), "user 1001 rw- -> rwx", "" },
	{ ACL_POSIX, ACL(U("07") GO M("05")), "02000000", "access ACL removed; user 1001 removed, had rwx "
	  "(effective r-x); mask removed, had r-x", "" },
	{ ACL_POSIX, ACL(GO), "02000000" UO GO "20000600ffffffff", "others r-- -> rw-", "world_writable" },
	{ ACL_POSIX, "-", "02000000" UO GO "20000700ffffffff", "default ACL added",
	  "default_acl_opens_tree", "system.posix_acl_default" },
	{ ACL_POSIX, "-", ACL(U("06") GO M("06")), "default ACL added; user 1001 added with rw-; "
	  "mask added with rw-", "default_acl_opens_tree", "system.posix_acl_default" },

	{ ACL_CAPABILITY, "-", "0100000200300000000000000000000000000000",
	  "cap_net_admin, cap_net_raw added, permitted; effective on execution", "" },
	{ ACL_CAPABILITY, "-", "0100000200002000000000000000000000000000",
	  "cap_sys_admin added, permitted; effective on execution", "capability:cap_sys_admin" },
	{ ACL_CAPABILITY, "0100000200002000000000000000000000000000", "-",
	  "cap_sys_admin removed, was permitted; no longer effective on execution", "" },
	{ ACL_CAPABILITY, NULL, "00000003810000000000000000000000 00000000 a0860100", "",
	  "capability:cap_chown; capability:cap_setuid" },
	{ ACL_CAPABILITY, "0000000201000000000000000000000000000000",
	  "00000003010000000000000000000000 00000000 a0860100",
	  "valid only in user namespaces with root uid 100000", "" },

	{ ACL_SELINUX, "753a723a61", "753a723a62", "type a -> b", "" },
	{ ACL_SELINUX, "753a723a613a73303a6331", "763a713a613a7330", "user u -> v; role r -> q; range s0:c1 -> s0", "" },
	{ ACL_SELINUX, "61", "6200", "label a -> b", "" },
	{ ACL_SMACK, "61", "-", "label removed", "" },
	{ ACL_INODE_FLAGS, "10000000", "20000000", "immutable removed; append only added", "immutable_removed" },

	{ ACL_SDDL, "O:BAD:(A;;FA;;;BA)", "O:BAD:(A;;FA;;;BA)", "", "" },
	{ ACL_SDDL, "D:(A;;FR;;;WD)", "D:(A;;FA;;;WD)", "allow Everyone (S-1-1-0) Read -> Full control",
	  "everyone_full_control" },
	{ ACL_SDDL, "D:(A;;FA;;;BA)", "D:(A;;FA;;;BA)(A;OICI;0x6;;;WD)", "added: allow Everyone (S-1-1-0) "
	  "Write data, append data on this folder, subfolders and files", "everyone_can_write" },
	{ ACL_SDDL, "D:(A;;FA;;;BA)(A;;FR;;;BU)", "D:(A;;FR;;;BU)", "removed: allow BUILTIN\\Administrators "
	  "(S-1-5-32-544) Full control", "" },
	{ ACL_SDDL, "D:(A;;FA;;;BA)(D;;FR;;;BU)", "D:(D;;FR;;;BU)(A;;FA;;;BA)", "order of the entries changed", "" },
	{ ACL_SDDL, "O:BAG:BUD:AI", "O:SYG:BGD:PNO_ACCESS_CONTROL", "owner BUILTIN\\Administrators "
	  "(S-1-5-32-544) -> NT AUTHORITY\\SYSTEM (S-1-5-18); group BUILTIN\\Users (S-1-5-32-545) -> "
	  "BUILTIN\\Guests (S-1-5-32-546); DACL empty -> none: everyone has full access; "
	  "protected from inheritance", "null_dacl" },
	{ ACL_SDDL, "D:(A;;FA;;;WD)", "D:", "DACL set -> empty: nobody has access; removed: allow Everyone "
	  "(S-1-1-0) Full control", "" },
	{ ACL_SDDL, NULL, "D:(D;;FA;;;WD)(A;;FR;;;WD)", "", "" },
	{ ACL_SDDL, NULL, "D:(A;;GA;;;AN)", "", "everyone_full_control" },
	{ ACL_SDDL, "-", "D:", "added", "" },
	{ ACL_NFS4, "00000000", "00000001 00000000 00000000 00000002 00000009 45564552594f4e4540000000",
	  "added: allow EVERYONE@ write data", "everyone_can_write" },
	{ ACL_NFS4, "00000001 00000000 00000000 00000001 00000009 45564552594f4e4540000000",
	  "00000001 00000000 00000000 00000003 00000009 45564552594f4e4540000000",
	  "allow EVERYONE@ read data -> read data, write data", "everyone_can_write" },
};

static bool get(const struct change_row *r, const char *value, struct acl *a)
{
	struct acl_context ctx = { .xattr = r->xattr };

	if (!value)
		return false;
	if (strcmp(value, "-")) {
		ok(!acl_decode(r->kind, acl_kind_is_text(r->kind) ? test_text(value) : test_hex(value),
			       &ctx, &test_arena, a), "is decoded");
		return true;
	}
	memset(a, 0, sizeof(*a));
	a->kind = (uint8_t)r->kind;
	a->notes = ACL_NOTE_REMOVED;
	return true;
}

static const char *join(const struct delta *d)
{
	struct put o = test_begin();
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		put_text(&o, i ? "; " : "");
		put_mem(&o, d->items[i].p, d->items[i].len);
	}
	return test_end(&o);
}

static void test_changes(void)
{
	static char memory[2][8192];
	struct delta d, risks;
	struct acl was, is;
	size_t i;
	bool known;

	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		const struct change_row *r = &changes[i];

		test_arena.used = 0;
		known = get(r, r->was, &was);
		get(r, r->is, &is);
		delta_init(&d, memory[0], sizeof(memory[0]));
		delta_init(&risks, memory[1], sizeof(memory[1]));
		if (known)
			delta_run(&d, &was, &is, &test_words);
		risk_run(&risks, known ? &was : NULL, &is);
		is_str(join(&d), r->changes, "%s: %.30s -> %.30s", acl_kind_name(r->kind),
		       r->was ? r->was : "?", r->is);
		is_str(join(&risks), r->risks, "its risks");
	}
}

/* More items, or more text, than there is room for: counted. */
static void test_full(void)
{
	static char sddl[60000], memory[8192];
	struct acl was = test_sddl("D:"), is;
	struct delta d;
	size_t n = 2, i;

	memcpy(sddl, "D:", 2);
	for (i = 0; i < 200; i++)
		n += (size_t)snprintf(sddl + n, sizeof(sddl) - n, "(A;;FR;;;S-1-5-21-1-2-3-%zu)", 2000 + i);
	is = test_sddl(sddl);
	delta_init(&d, memory, sizeof(memory));
	delta_run(&d, &was, &is, &test_words);
	is_int(d.n, DELTA_ITEMS, "so many items");
	is_int(d.more, 201 - DELTA_ITEMS, "and more");
	delta_init(&d, memory, 100);
	delta_run(&d, &was, &is, &test_words);
	is_int(d.n + d.more, 201, "none is lost without being counted");
	ok(d.n < 4 && d.text.len <= 100, "in a small memory");
	for (; i < 300; i++)
		n += (size_t)snprintf(sddl + n, sizeof(sddl) - n, "(A;;FR;;;S-1-5-21-1-2-3-%zu)", 2000 + i);
	is = test_sddl(sddl);
	delta_init(&d, memory, sizeof(memory));
	delta_run(&d, &was, &is, &test_words);
	is_str(join(&d), "DACL empty -> set; too many entries to compare", "bounded work");
}

int main(void)
{
	test_entries();
	test_names();
	test_shown();
	test_changes();
	test_full();
	return done_testing();
}
