# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A part of test_events.sh: modes, owners, attributes, ACLs.

touch p
case_ "chmod"
run chmod "$W/p" 4711
want chmod "file.path=$W/p" chmod.old_mode=100644 chmod.mode=104711 \
	file.mode=100644 "file.inode=$(inode p)" "file.dev=$(device p)" 'file.flags.#=0' $ok_

case_ "fchmod"
run fchmod p 600
want chmod "file.path=$W/p" chmod.old_mode=104711 chmod.mode=100600 $ok_

case_ "fchmodat"
run fchmodat "$W" p 640
want chmod "file.path=$W/p" chmod.old_mode=100600 chmod.mode=100640 $ok_

case_ "chmod of a folder, through a symlink"
mkdir pd
ln -s pd ps
run chmod ps 1777
want chmod "file.path=$W/pd" chmod.old_mode=40755 chmod.mode=41777 $ok_

case_ "chmod refused"
fails 1 as 65534 chmod p 777
want chmod "file.path=$W/p" chmod.mode=100777 process.uid=65534 $no error=EPERM

case_ "chown"
run chown p 1000 2000
want chown "file.path=$W/p" chown.old_uid=0 chown.old_gid=0 chown.uid=1000 \
	chown.gid=2000 file.uid=0 $ok_

case_ "chown of the group only"
run fchown p -1 3000
want chown "file.path=$W/p" chown.old_uid=1000 chown.old_gid=2000 '!chown.uid' \
	chown.gid=3000 $ok_

case_ "lchown of a symlink"
run lchown ps 7 8
want chown "file.path=$W/ps" chown.uid=7 chown.gid=8 file.mode=120777 $ok_

case_ "fchownat of the owner only"
run fchownat "$W" p 0 -1
want chown "file.path=$W/p" chown.old_uid=1000 chown.uid=0 '!chown.gid' $ok_

case_ "chown refused"
fails 1 as 65534 chown p 65534 65534
want chown "file.path=$W/p" chown.uid=65534 $no error=EPERM

# ---- attributes
cd "$X" || exit 1
touch x
generation() { lsattr -v "$1" | awk '{ print $1 }'; }
case_ "setxattr user"
run setxattr "$X/x" user.weir value
want setxattr "file.path=$X/x" "file.generation=$(generation x)" xattr.name=user.weir "xattr.value=$(printf value | base64)" \
	xattr.size=5 'xattr.flags.#=0' "file.inode=$(inode x)" 'file.flags.0=mount_guessed' $ok_

case_ "fsetxattr trusted, XATTR_CREATE"
run fsetxattr x trusted.weir 0x00ff10 create
want setxattr "file.path=$X/x" xattr.name=trusted.weir xattr.value=AP8Q xattr.size=3 \
	xattr.flags.0=XATTR_CREATE $ok_

case_ "setxattr security, empty"
run setxattr x security.weir ''
want setxattr xattr.name=security.weir '!xattr.value' xattr.size=0 $ok_

case_ "setxattr, XATTR_REPLACE of what is not there"
fails 61 setxattr x user.nothing v replace
want setxattr xattr.name=user.nothing xattr.flags.0=XATTR_REPLACE $no error=ENODATA

case_ "setxattr refused"
fails 13 as 65534 setxattr x user.weir v

case_ "setxattr of a file capability"
cap=0x0100000200040000000000000000000000000000
run setxattr x security.capability $cap
want setxattr xattr.name=security.capability xattr.size=20 \
	"xattr.value=$(base64_of "${cap#0x}")" $ok_

case_ "setxattr of 2000 bytes"
run setxattr-long x user.long 2000
want setxattr xattr.name=user.long xattr.size=2000 '!truncated' $ok_

case_ "setxattr of 10000 bytes"
fails 28 setxattr-long x user.long 10000
want setxattr xattr.name=user.long xattr.size=10000 truncated.0=xattr.value $no error=ENOSPC

case_ "removexattr"
run removexattr x user.weir
want removexattr "file.path=$X/x" "file.generation=$(generation x)" xattr.name=user.weir $ok_

case_ "removexattr of what is not there"
fails 61 removexattr x user.weir
want removexattr xattr.name=user.weir $no error=ENODATA

case_ "an attribute through a bind mount"
mkdir xd "$W/xbound"
touch xd/f
run chdir / bind "$X/xd" "$W/xbound" setxattr "$W/xbound/f" user.bound 1
want setxattr xattr.name=user.bound 'file.flags~mount_guessed' "file.inode=$(inode xd/f)" $ok_

# ---- ACLs
acl() { echo "02000000$1"; }
uo=01000600ffffffff go=04000400ffffffff mask=10000600ffffffff oo=20000400ffffffff
acl1=$(acl "${uo}02000400e8030000$go$mask$oo")
acl2=$(acl "${uo}02000600e903000002000400d0070000${go}08000400b80b0000$mask$oo")
touch acl
case_ "an ACL"
run setxattr acl system.posix_acl_access "0x$acl1"
want set_acl "file.path=$X/acl" "file.generation=$(generation acl)" acl.kind=access acl.action=set \
	"acl.value=$(base64_of "$acl1")" acl.old_state=none '!acl.old_value' \
	'file.flags.0=mount_guessed' file.mode=100644 $ok_

case_ "an ACL in place of another"
run setxattr acl system.posix_acl_access "0x$acl2"
want set_acl acl.kind=access acl.action=set "acl.value=$(base64_of "$acl2")" \
	acl.old_state=present "acl.old_value=$(base64_of "$acl1")" $ok_

case_ "an ACL is removed"
run removexattr acl system.posix_acl_access
want set_acl acl.kind=access acl.action=remove '!acl.value' \
	acl.old_state=present "acl.old_value=$(base64_of "$acl2")" $ok_

case_ "a default ACL"
mkdir acld
run setxattr acld system.posix_acl_default "0x$acl1"
want set_acl "file.path=$X/acld" acl.kind=default acl.action=set \
	"acl.value=$(base64_of "$acl1")" acl.old_state=none file.mode=40755 $ok_

case_ "a default ACL is removed"
run removexattr acld system.posix_acl_default
want set_acl acl.kind=default acl.action=remove '!acl.value' \
	acl.old_state=present "acl.old_value=$(base64_of "$acl1")" $ok_

case_ "an ACL on tmpfs"
run setxattr "$W/p" system.posix_acl_access "0x$acl1"
want set_acl "file.path=$W/p" "acl.value=$(base64_of "$acl1")" acl.old_state=none $ok_

case_ "an ACL refused"
fails 1 as 65534 setxattr acl system.posix_acl_access "0x$acl1"
want set_acl "file.path=$X/acl" $no error=EPERM

# ---- inode flags: what ext4 has of its own (FS_EXTENT_FL) is none of the old ones
touch flags
case_ "chattr +i"
run chattr flags 0x80010
want chattr "file.path=$X/flags" "file.inode=$(inode flags)" \
	"file.generation=$(generation flags)" 'file.flags.#=0' \
	'chattr.old_flags.#=0' chattr.flags.0=FS_IMMUTABLE_FL chattr.flags.1=FS_EXTENT_FL $ok_

case_ "chattr -i +a"
run chattr flags 0x80020
want chattr chattr.old_flags.0=FS_IMMUTABLE_FL 'chattr.old_flags.#=1' \
	chattr.flags.0=FS_APPEND_FL 'chattr.flags.#=2' $ok_

case_ "FSSETXATTR in place of SETFLAGS"
run chattr-x flags 0x48
want chattr chattr.old_flags.0=FS_APPEND_FL 'chattr.old_flags.#=1' \
	chattr.flags.0=FS_IMMUTABLE_FL chattr.flags.1=FS_NOATIME_FL chattr.flags.2=FS_EXTENT_FL \
	'chattr.flags.#=3' $ok_

case_ "chattr refused"
fails 1 as 65534 chattr flags 0x80000
want chattr "file.path=$X/flags" 'chattr.old_flags.#=2' chattr.flags.0=FS_EXTENT_FL \
	'chattr.flags.#=1' process.uid=65534 $no error=EPERM

case_ "chattr, nothing left"
run chattr-x flags 0
want chattr 'chattr.old_flags.#=2' chattr.flags.0=FS_EXTENT_FL 'chattr.flags.#=1' $ok_
cd "$W" || exit 1
