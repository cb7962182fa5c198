# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A part of test_sys.sh: mounts.

mkdir m m2 b b2 d bound
case_ "a file system is mounted"
run mount live-source "$W/m" tmpfs 6 size=1m,mode=700
want mount "file.path=$W/m" file.mode=40755 mount.source=live-source mount.fstype=tmpfs \
	mount.options=size=1m,mode=700 mount.operation=new mount.flags.#=2 \
	mount.flags.0=MS_NOSUID mount.flags.1=MS_NODEV class=critical $ok_

case_ "a file system is mounted, of nothing, as programs did in olden times"
run mount - m2 tmpfs 0xc0ed0001
want mount "file.path=$W/m2" '!mount.source' '!mount.options' mount.operation=new \
	mount.flags.#=1 mount.flags.0=MS_RDONLY $ok_

case_ "mounted anew"
run mount - m - 0x21 size=2m
want mount "file.path=$W/m" mount.operation=remount mount.source=live-source \
	mount.fstype=tmpfs mount.options=size=2m mount.flags.#=2 $ok_
run mount - m - 0x20
want mount "file.path=$W/m" mount.operation=remount mount.flags.#=1 $ok_

case_ "the flags of a mount point are changed"
run mount - m - 0x1022 ignored
want mount "file.path=$W/m" mount.operation=remount '!mount.options' \
	'mount.flags~MS_BIND' $ok_

case_ "a bind mount"
run mount "$W/m" "$W/b" ignored 0x1000 ignored
want mount "file.path=$W/b" mount.operation=bind "mount.source=$W/m" '!mount.fstype' \
	'!mount.options' mount.flags.0=MS_BIND $ok_

case_ "propagation"
run mount - b - 0x40000
want mount "file.path=$W/b" mount.operation=propagation mount.source=live-source \
	mount.fstype=tmpfs mount.flags.0=MS_PRIVATE $ok_

case_ "a mount is moved"
run mount "$W/b" "$W/b2" - 0x2000
want mount "file.path=$W/b2" mount.operation=move "mount.source=$W/b" $ok_

case_ "a file system that the kernel does not know"
fails 19 mount none d nofs 0
want mount "file.path=$W/d" mount.fstype=nofs $no error=ENODEV

case_ "options that a file system does not know"
fails 22 mount none d tmpfs 0 bad=option
want mount mount.options=bad=option $no error=EINVAL

case_ "options of 4000 bytes"
fails 22 mount-long d 4000
want mount "mount.options=$(printf 'o%.0s' {1..4000})" '!truncated' $no

case_ "options of more than a page"
fails 22 mount-long d 8000
want mount "mount.options=$(printf 'o%.0s' {1..4095})" truncated.0=mount.options $no

case_ "a mount without privilege"
fails 1 as 65534 mount none "$W/d" tmpfs 0
want mount "file.path=$W/d" process.uid=65534 $no error=EPERM

case_ "a mount where nothing is"
fails 2 mount none nowhere tmpfs 0

case_ "a mount in another namespace"
run bind "$W/d" "$W/bound" nothing
want mount file.path=/ mount.operation=propagation 'mount.flags~MS_REC' $ok_
want mount "file.path=$W/bound" mount.operation=bind "mount.source=$W/d" \
	'process.namespaces.mnt=*' $ok_

case_ "an overlay"
mkdir -p o/{lower,more,all}
run mount overlay o/all overlay 0 lowerdir=o/lower:o/more
want mount "file.path=$W/o/all" mount.fstype=overlay mount.source=overlay \
	mount.options=lowerdir=o/lower:o/more $ok_
run umount o/all 0
want umount "file.path=$W/o/all" mount.fstype=overlay mount.source=overlay $ok_

# ---- umount
case_ "umount"
run umount b2 0
want umount "file.path=$W/b2" file.mode=40700 mount.source=live-source \
	mount.fstype=tmpfs umount.flags.#=0 class=critical $ok_

case_ "umount of what is in use"
fails 16 chdir m umount "$W/m" 0
want umount "file.path=$W/m" $no error=EBUSY

case_ "umount of what was in use a moment ago"
fails 11 umount m 4
want umount "file.path=$W/m" umount.flags.0=MNT_EXPIRE $no error=EAGAIN

case_ "umount of what is in use, later"
run chdir m umount "$W/m" 2
want umount "file.path=$W/m" umount.flags.#=1 umount.flags.0=MNT_DETACH $ok_

case_ "umount of no mount"
fails 22 umount d 0
umount m2

# ---- the calls that mount(2) is made of
case_ "a mount is made and attached"
run fsmount tmpfs live-source "$W/m" 6
want mount "file.path=$W/m" mount.operation=attach mount.source=live-source \
	mount.fstype=tmpfs '!mount.options' 'mount.flags~MS_NOSUID' \
	'mount.flags~MS_NODEV' 'mount.flags~MS_RELATIME' mount.flags.#=3 $ok_

case_ "a tree is copied and attached"
run open-tree "$W/m" "$W/b"
want mount "file.path=$W/b" mount.operation=attach mount.source=live-source \
	mount.fstype=tmpfs $ok_

case_ "a mount is moved by move_mount"
run move-mount "$W/b" "$W/b2" 0
want mount "file.path=$W/b2" mount.operation=move "mount.source=$W/b" \
	mount.fstype=tmpfs $ok_

case_ "a mount is moved into itself"
mkdir m/sub
fails 40 move-mount m m/sub 0
want mount "file.path=$W/m/sub" mount.operation=move "mount.source=$W/m" \
	$no error=ELOOP

case_ "a mount is to join another's group"
fails 22 move-mount m b2 0x100
want mount "file.path=$W/b2" mount.operation=propagation outcome=unknown
umount b2

case_ "mounted anew by fsconfig"
run reconfigure m ro
want mount "file.path=$W/m" mount.operation=remount mount.source=live-source \
	mount.fstype=tmpfs 'file.flags~mount_guessed' mount.flags.#=2 \
	mount.flags.0=MS_RDONLY mount.flags.1=MS_REMOUNT $ok_

case_ "mounted anew by fsconfig, too small"
run reconfigure m rw
want mount mount.operation=remount mount.flags.#=1 $ok_
head -c 100000 /dev/zero >m/zero
fails 22 reconfigure m size 4k
want mount "file.path=$W/m" mount.operation=remount $no error=EINVAL
umount m
