#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the plugin acl says of permissions that the usual tools change, with the
# state before and after. A case is a file of its own.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

for t in setfacl setfattr setcap chattr jq mke2fs; do
	command -v $t >/dev/null || skip_all "no $t"
done
X=$T/ext
mkdir "$T/conf.d" "$X"
printf 'sync = ( { plugin = "acl"; read = 1000; } );\ncontrol = { socket = "%s"; };\n' "$T/sock" >"$T/conf.d/acl.conf"
modprobe -a loop ext4
truncate -s 16M "$T/image"
mke2fs -q -F -b 4096 -t ext4 -O ^has_journal "$T/image"
mount -o loop,acl,user_xattr "$T/image" "$X"
cd "$X" || exit 1
touch acl plain flags seen named
mkdir dir
for f in caps set; do cp /bin/true $f; done
chmod 644 acl plain flags
chmod 755 caps set dir
# Samba's, version 1: the offsets count from the start of the value.
wrap=0x0100010000000200
sids=01020000000000052000000020020000010200000000000520000000210200 ace2=0100140002000000010100000000000100000000
sd1=${wrap}010004941c0000002c000000000000003c000000${sids}000400340002000000
sd1+=00031800ff011f0001020000000000052000000020020000${ace2}
sd2=${wrap}0100048000000000000000000000000000000000
setfattr -n security.NTACL -v "$sd1" seen
cp /bin/true program
setcap cap_net_raw=p program
sensor_start acl 'events = [ "exec", "mkdir", "chmod", "chown", "setxattr", "removexattr", "set_acl",
	"chattr" ]'

# file_case NAME FILE: all that happens to the file belongs to it.
file_case() { printf '%s\0' case "$1" "file.path=$X/$2" '' >>"$CASES"; }

file_case "an ACL: setfacl, chmod, removal" acl
setfacl -m u:1001:rwx acl
want set_acl acl.status=ok acl.format=posix_acl acl.old_status=kernel acl.change.#=3 \
	"acl.change.0=access ACL added" "acl.change.1=user 1001 added with rwx" \
	"acl.change.2=mask added with rwx" '!acl.risk' "acl.old_text=Access ACL: none" \
	"acl.text=Access ACL (mask rwx)
  owner        rw-
  user 1001    rwx
  owning group r--
  others       r--"
chmod g-w acl
want chmod acl.status=ok acl.old_status=kernel acl.format=mode \
	"acl.change.0=by the mask of the ACL, user 1001 has r-x, had rwx" \
	"acl.text=Mode 0654 (-rw-r-xr--), owner root (0), group root (0)" \
	"acl.old_text=Mode 0674 (-rw-rwxr--), owner root (0), group root (0)"
setfattr -x system.posix_acl_access acl
want set_acl acl.status=removed acl.old_status=kernel "acl.change.0=access ACL removed" \
	"acl.change.1=user 1001 removed, had rwx (effective r-x)" \
	"acl.text=Access ACL removed: mode bits alone apply" "acl.old_text~effective r-x"

file_case "a default ACL that opens a tree" dir
setfacl -d -m u:1001:rwx dir
want set_acl acl.status=ok acl.old_status=kernel "acl.change.0=default ACL added" \
	acl.risk.0=default_acl_opens_tree "acl.text^=Default ACL (mask rwx)"

file_case "set-id bits: chmod, chown" set
chmod u+s set
want chmod acl.risk.0=setuid_root acl.old_status=kernel \
	"acl.summary=Mode 0755 -> 4755 (-rwsr-xr-x): setuid added: the program runs as its owner root (0)" \
	"acl.old_text=Mode 0755 (-rwxr-xr-x), owner root (0), group root (0)"
chown 4033:4034 set
want chown '!acl.risk' acl.old_status=kernel "acl.change.0=set-id bits removed by the kernel" \
	"acl.text=Mode 0755 (-rwxr-xr-x), owner 4033, group 4034" \
	"acl.old_text=Mode 4755 (-rwsr-xr-x), owner root (0), group root (0)"
chmod o+w set
want chmod acl.risk.0=world_writable acl.change.#=1 "acl.change.0=others gain write"

file_case "capabilities: setcap, chown, setcap" caps
setcap cap_net_raw,cap_sys_admin=ep caps
want setxattr acl.format=capability acl.old_status=unknown '!acl.change' '!acl.old_text' \
	acl.risk.0=capability:cap_sys_admin acl.risk.#=1 \
	"acl.text=File capabilities: cap_net_raw, cap_sys_admin (permitted, effective)"
chown 4033 caps
want chown "acl.change.0=file capabilities removed by the kernel" \
	"acl.change.1=owner root (0) -> 4033" acl.change.#=2
setcap cap_net_raw=p caps
want setxattr acl.old_status=remembered '!acl.risk' \
	"acl.summary=File capabilities: cap_net_raw (permitted); was: none"

file_case "inode flags: chattr" flags
chattr +i flags
want chattr acl.format=inode_flags acl.status=ok acl.old_status=kernel '!acl.risk' \
	"acl.summary=File attributes: immutable added" \
	"acl.text=File attributes: immutable; 1 other" \
	"acl.old_text=File attributes: neither immutable nor append only; 1 other"
chattr -i +a flags
want chattr acl.change.#=2 "acl.change.0=immutable removed" "acl.change.1=append only added" \
	acl.risk.0=immutable_removed acl.risk.#=1 "acl.text=File attributes: append only; 1 other"
setpriv --reuid 65534 chattr -a flags 2>/dev/null
want chattr outcome=failure error=EPERM acl.risk.0=append_only_removed \
	"acl.summary=Refused: File attributes: append only removed"
chattr -a flags
want chattr outcome=success acl.risk.0=append_only_removed \
	"acl.old_text=File attributes: append only; 1 other"

file_case "an NT descriptor: setfattr" plain
setfattr -n security.NTACL -v "$sd1" plain
want setxattr acl.format=ntacl acl.status=ok acl.old_status=unknown \
	"acl.text~Sddl: O:BAG:BUD:PAI(A;OICI;FA;;;BA)(D;;0x2;;;WD)"
setfattr -n security.NTACL -v "$sd2" plain
want setxattr acl.status=ok acl.old_status=remembered acl.risk.0=null_dacl \
	"acl.change.0=DACL set -> none: everyone has full access" \
	"acl.old_text~Sddl: O:BAG:BUD:PAI(A;OICI;FA;;;BA)(D;;0x2;;;WD)"
setfattr -n security.NTACL -v "${sd1:0:60}" plain
want setxattr acl.status=malformed acl.rule=V2 acl.old_status=remembered \
	"acl.text^=Descriptor could not be decoded (V2): 29 bytes, first 32 in hex 0100010000000200"
setfattr -x security.NTACL plain
want removexattr acl.status=removed acl.format=ntacl "acl.text=Security descriptor: none"

# Files are read beside the events, and remembered when the next event comes by.
waiting() { "$WEIR_BUILD/weirctl" --socket "$T/sock" stats --json |
	jq '[.. | .counters? | arrays | .[] | select(.name? == "waiting") | .value] | add'; }
# read_after TAG OPERATION ...
read_after()
{
	local i

	"$ACT" "$@"
	for ((i = 0; i < 100; i++)); do
		"$ACT" "$1-$i" mkdir "$T/look" 755 && rmdir "$T/look"
		"$EXPECT" --wait "$OUT" $DEADLINE "type=mkdir process.args.1=$1-$i" || return 1
		[ "$(waiting)" != 0 ] || return 0
	done
	return 1
}
file_case "an NT descriptor of a file that was seen before" seen
check "a file that is seen is read" read_after see chmod seen 600
want chmod acl.status=ok
setfattr -n security.NTACL -v "$sd2" seen
want setxattr acl.status=ok acl.old_status=read acl.risk.0=null_dacl \
	"acl.change.0=DACL set -> none: everyone has full access" \
	"acl.old_text~Sddl: O:BAG:BUD:PAI(A;OICI;FA;;;BA)(D;;0x2;;;WD)"
file_case "capabilities of a program that ran before" program
check "a program that runs is read" read_after run exec ./program program
setcap cap_setuid=ep program
want setxattr acl.old_status=read acl.risk.0=capability:cap_setuid \
	"acl.summary=File capabilities: cap_setuid (permitted, effective); was: cap_net_raw (permitted)"

# A number until the system has been asked; then a name.
named()
{
	local i

	for ((i = 0; i < 100; i++)); do
		chown 1 named && chown 0 named
		"$ACT" "named-$i" mkdir "$T/look" 755 && rmdir "$T/look"
		"$EXPECT" --wait "$OUT" $DEADLINE "type=mkdir process.args.1=named-$i" || return 1
		[ "$(count type=chown "file.path=$X/named" "acl.change.0=owner root (0) -> daemon (1)")" = 0 ] ||
			return 0
	done
	return 1
}
check "an owner has a name" named

sensor_stop acl
tap "$EXPECT" --cases "$CASES" "$OUT"
check "what is no permission has none of it" is "$(count "type=mkdir acl.status=*")" 0

# The same by hand.
check "weirctl acl show: the default ACL" [ "$("$WEIR_BUILD/weirctl" acl show "$X/dir" |
	grep -c '^Default ACL (mask rwx)')" = 1 ]
check "weirctl acl show: the capabilities" [ "$("$WEIR_BUILD/weirctl" acl show "$X/caps" |
	grep -c '^File capabilities: cap_net_raw (permitted)')" = 1 ]
cd / && umount "$X"
plan
