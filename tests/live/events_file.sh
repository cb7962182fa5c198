# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A part of test_events.sh: names and contents of files.

echo data >f
case_ "open for reading"
run open "$W/f" rd
want open "file.path=$W/f" open.flags.0=read "file.inode=$(inode f)" \
	"file.dev=$(device f)" file.mode=100644 file.nlink=1 file.uid=0 file.gid=0 $ok_

case_ "open with flags"
run open f rdwr,append,nonblock,cloexec,nofollow,noatime
want open "file.path=$W/f" 'open.flags~"read"' 'open.flags~"write"' \
	'open.flags~"O_APPEND"' 'open.flags~"O_NONBLOCK"' open.flags.#=6 \
	'open.flags~"O_NOFOLLOW"' 'open.flags~"O_NOATIME"'

case_ "open of a folder"
run open "$W" rd,directory
want open "file.path=$W" 'open.flags~"O_DIRECTORY"' file.mode=40755

case_ "open makes a file"
run open new wr,creat,excl 640
want create "file.path=$W/new" create.mode=100640 file.mode=100640 \
	"file.inode=$(inode new)" file.nlink=1 file.uid=0 '!create.rdev' $ok_
want open "file.path=$W/new" 'open.flags~"created"' 'open.flags~"O_EXCL"'

case_ "open with O_CREAT of a file that is there"
run open new rdwr,creat 640
want open "file.path=$W/new" 'open.flags~"O_CREAT"'

case_ "open with O_CREAT|O_EXCL of a file that is there"
fails 17 open new rdwr,creat,excl 640

case_ "open with O_TMPFILE"
run open "$W" rdwr,tmpfile 600
want open 'open.flags~"O_TMPFILE"' 'file.flags~unlinked' file.mode=100600

case_ "a fifo"
# The umask comes later, where the file system has ACLs.
run mknod fifo fifo 622
want create "file.path=$W/fifo" create.mode=10622 file.mode=10600 $ok_

case_ "a device node"
run mknod null char 666 1 3
run mknod big char 600 4000 700000
want create "file.path=$W/null" create.mode=20666 file.mode=20644 create.rdev=1:3 $ok_
want create "file.path=$W/big" create.rdev=4000:700000 $ok_

case_ "mknod of a file"
run mknod plain file 600
want create "file.path=$W/plain" create.mode=100600 "file.inode=$(inode plain)" $ok_

case_ "mknod of what is there"
fails 17 mknod plain file 600

case_ "mknod refused"
mkdir -m 755 closed
touch closed/f
fails 13 as 65534 mknod closed/x fifo 600
want create "file.path=$W/closed/x" create.mode=10600 $no error=EACCES

case_ "open with O_CREAT refused"
fails 13 as 65534 open closed/x wr,creat 600
want create "file.path=$W/closed/x" $no

case_ "unlink"
i=$(inode plain)
run unlink plain
want unlink "file.path=$W/plain" "file.inode=$i" file.mode=100600 file.nlink=1 \
	'file.mtime=*' $ok_

case_ "unlink of one of two names"
ln new new2
run unlink new2
want unlink "file.path=$W/new2" "file.inode=$(inode new)" file.nlink=2 $ok_

case_ "unlink refused"
fails 13 as 65534 unlink closed/f
want unlink "file.path=$W/closed/f" $no error=EACCES process.uid=65534

case_ "unlink of what is not there"
fails 2 unlink nothing

case_ "unlink of a folder"
fails 21 unlink closed
want unlink "file.path=$W/closed" $no

case_ "rename"
i=$(inode new)
run rename new "$W/other/renamed"
want rename "file.path=$W/new" "target.path=$W/other/renamed" "file.inode=$i" \
	'!target.inode' 'rename.flags.#=0' $ok_

case_ "rename over another file"
touch a b
a=$(inode a) b=$(inode b)
run rename a b
want rename "file.path=$W/a" "target.path=$W/b" "file.inode=$a" "target.inode=$b" $ok_

case_ "rename with RENAME_NOREPLACE"
run rename b a noreplace
want rename "file.path=$W/b" "target.path=$W/a" rename.flags.0=RENAME_NOREPLACE $ok_

case_ "rename with RENAME_NOREPLACE of what is there"
touch b
fails 17 rename b a noreplace

case_ "rename with RENAME_EXCHANGE"
a=$(inode a) b=$(inode b)
run rename a b exchange
want rename "file.path=$W/a" "target.path=$W/b" "file.inode=$a" "target.inode=$b" \
	rename.flags.0=RENAME_EXCHANGE $ok_

case_ "rename refused"
fails 13 as 65534 rename closed/f closed/g
want rename "file.path=$W/closed/f" "target.path=$W/closed/g" $no error=EACCES

case_ "rename of a folder over one that is not empty"
mkdir d1 d2 d2/x
fails 39 rename d1 d2
want rename "file.path=$W/d1" "target.path=$W/d2" $no error=ENOTEMPTY

case_ "rename to another file system"
fails 18 rename a "$X/a"

case_ "link"
run link a linked
want link "file.path=$W/a" "target.path=$W/linked" "file.inode=$(inode a)" \
	file.nlink=1 $ok_

case_ "link to a name that is there"
fails 17 link a linked

case_ "link of a folder"
fails 1 link d1 d3
want link "file.path=$W/d1" "target.path=$W/d3" $no error=EPERM

case_ "symlink"
run symlink ../some/where sym
want symlink "file.path=$W/sym" target.path=../some/where $ok_

case_ "symlink to a name that is there"
fails 17 symlink x sym

case_ "mkdir"
run mkdir made 1777
want mkdir "file.path=$W/made" create.mode=1777 $ok_

case_ "mkdir of what is there"
fails 17 mkdir made 755

case_ "mkdir refused"
fails 13 as 65534 mkdir closed/d 755
want mkdir "file.path=$W/closed/d" $no error=EACCES

case_ "rmdir"
i=$(inode made)
run rmdir made
want rmdir "file.path=$W/made" "file.inode=$i" file.mode=41755 $ok_

case_ "rmdir of a folder that is not empty"
fails 39 rmdir d2
want rmdir "file.path=$W/d2" $no error=ENOTEMPTY

case_ "truncate"
run truncate f 3
want truncate "file.path=$W/f" truncate.old_size=5 truncate.size=3 $ok_

case_ "ftruncate"
run ftruncate f 100
want truncate "file.path=$W/f" truncate.old_size=3 truncate.size=100 $ok_

case_ "open with O_TRUNC"
run open f wr,trunc
want truncate "file.path=$W/f" truncate.old_size=100 truncate.size=0 $ok_

case_ "truncate refused"
fails 13 as 65534 truncate f 1

# ---- names
case_ "a name that is not UTF-8"
run mkdir $'bad\xff\xfe\\name' 755
want mkdir "file.path=$W/bad\\xff\\xfe\\\\name" 'escaped~"file.path"' $ok_

case_ "a name with a newline, a quote and a control character"
run mkdir $'a\n"b\x01' 755
want mkdir "file.path=$W/"$'a\n"b\x01' '!escaped' $ok_

case_ "UTF-8 in a name"
run mkdir 'grün😀' 755
want mkdir "file.path=$W/grün😀" '!escaped' $ok_

case_ "a name of 255 bytes"
long=$(printf 'n%.0s' {1..255})
run mkdir "$long" 755
want mkdir "file.path=$W/$long" '!truncated' $ok_

case_ "30 folders deep"
"$ACT" - deep-make "$W" 30 5
run deep-mkdir "$W" 30 5 bottom
want mkdir "file.path=$W$(printf '/ddddd%.0s' {1..30})/bottom" '!truncated' $ok_

case_ "a path of 4095 bytes"
mkdir l
k=$(((4095 - ${#W} - 3 - 50) / 200))
rest=$((4095 - ${#W} - 2 - k * 200 - 1))
"$ACT" - deep-make "$W/l" $k 199
name=$(printf 'r%.0s' $(seq $rest))
run deep-mkdir "$W/l" $k 199 "$name"
d199=/$(printf 'd%.0s' {1..199})
deep=$(printf "$d199%.0s" $(seq $k))
want mkdir "file.path=$W/l$deep/$name" '!truncated' $ok_

case_ "a path longer than 4096 bytes"
mkdir m
"$ACT" - deep-make "$W/m" 22 199
run deep-mkdir "$W/m" 22 199 bottom
want mkdir 'truncated.0=file.path' "file.path~$(printf "$d199%.0s" {1..20})/bottom" $ok_

# ---- places
case_ "a working folder and a relative name"
run chdir d2 mkdir ../d2/./y 755
want mkdir "file.path=$W/d2/y" "process.cwd=$W/d2" $ok_

case_ "a bind mount in another mount namespace"
mkdir bound
run bind "$W/d2" "$W/bound" mkdir "$W/bound/z" 755
want mkdir "file.path=$W/bound/z" "process.exe.path=$ACT" 'process.namespaces.mnt=*' $ok_
[ -d d2/z ] || echo "bind: no d2/z" >>"$T/undone"

case_ "link from a bind mount is not between mounts"
touch d2/file
fails 18 bind "$W/d2" "$W/bound" link "$W/bound/file" "$W/d2/file2"

case_ "a chroot"
run chroot "$W/d2" mkdir /inside 755
want mkdir "file.path=$W/d2/inside" "process.cwd=$W/d2" $ok_

# ---- an overlay
mkdir -p o/{lower,upper,work,all}
echo data >o/lower/low
cp o/lower/low o/lower/low2
cp o/lower/low o/lower/low3
mount -t overlay -o lowerdir=o/lower,upperdir=o/upper,workdir=o/work overlay o/all
case_ "overlay: a new file"
run open o/all/new wr,creat 600
want create "file.path=$W/o/all/new" $ok_
want open "file.path=$W/o/all/new"

case_ "overlay: a new folder"
run mkdir o/all/dir 755
want mkdir "file.path=$W/o/all/dir" $ok_

case_ "overlay: chmod of a lower file"
run chmod o/all/low 600
want chmod "file.path=$W/o/all/low" chmod.mode=100600 chmod.old_mode=100644 $ok_

# tmpfs below has such flags since 6.6.
case_ "overlay: chattr of a lower file"
outcome=success
"$ACT" "$TAG" chattr o/all/low3 0x40 || outcome=failure
want chattr "file.path=$W/o/all/low3" outcome=$outcome chattr.flags.0=FS_NODUMP_FL

case_ "overlay: writing a lower file"
run open o/all/low2 wr
want open "file.path=$W/o/all/low2"

case_ "overlay: unlink of a lower file"
run unlink o/all/low2
want unlink "file.path=$W/o/all/low2" $ok_

case_ "overlay: rename of a lower file"
run rename o/all/low3 o/all/moved
want rename "file.path=$W/o/all/low3" "target.path=$W/o/all/moved" $ok_

case_ "overlay: an attribute"
run setxattr o/all/low trusted.weir value
want setxattr "file.path=$W/o/all/low" xattr.name=trusted.weir $ok_

case_ "overlay: truncate of a file in the upper layer"
run truncate o/all/new 10
want truncate "file.path=$W/o/all/new" truncate.size=10 $ok_
umount o/all
