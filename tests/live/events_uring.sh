# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A part of test_sys.sh: what is done through io_uring is seen as what it is.

echo data >u
for how in here worker; do
	who=act
	[ $how = here ] || who=iou-wrk-

	case_ "io_uring, $how: open"
	# The first thread does it as long as it need not ask a file system.
	run uring $how open u
	want open "file.path=$W/u" "file.inode=$(inode u)" "process.exe.path=$ACT" \
		"process.name^=$who" "process.args.2=uring" $ok_

	case_ "io_uring, $how: open makes a file"
	run uring $how open "$W/made-$how" creat 640
	want create "file.path=$W/made-$how" create.mode=100640 'process.name^=iou-wrk-' $ok_
	want open "file.path=$W/made-$how" 'open.flags~O_CREAT' $ok_

	# What changes names is always done by a worker.
	case_ "io_uring, $how: mkdir"
	run uring $how mkdir "$W/dir-$how" 750
	want mkdir "file.path=$W/dir-$how" create.mode=750 'process.name^=iou-wrk-' \
		"process.exe.path=$ACT" process.uid=0 $ok_

	case_ "io_uring, $how: mkdir of what is there, and in what is closed"
	fails 17 uring $how mkdir "$W/dir-$how" 750
	fails 13 as 65534 uring $how mkdir "$W/dir-$how/d" 750

	case_ "io_uring, $how: link"
	run uring $how link "$W/made-$how" "$W/linked-$how"
	want link "file.path=$W/made-$how" "target.path=$W/linked-$how" $ok_

	case_ "io_uring, $how: symlink"
	run uring $how symlink some/where "$W/sym-$how"
	want symlink "file.path=$W/sym-$how" target.path=some/where $ok_

	case_ "io_uring, $how: rename"
	run uring $how rename "$W/linked-$how" "$W/moved-$how"
	want rename "file.path=$W/linked-$how" "target.path=$W/moved-$how" $ok_

	case_ "io_uring, $how: unlink"
	i=$(inode "moved-$how")
	run uring $how unlink "$W/moved-$how"
	want unlink "file.path=$W/moved-$how" "file.inode=$i" file.nlink=2 $ok_

	case_ "io_uring, $how: unlink refused"
	fails 13 as 65534 uring $how unlink "$W/u"
	want unlink "file.path=$W/u" process.uid=65534 $no error=EACCES

	case_ "io_uring, $how: rmdir"
	run uring $how rmdir "$W/dir-$how"
	want rmdir "file.path=$W/dir-$how" $ok_

	case_ "io_uring, $how: setxattr"
	run uring $how setxattr "$W/u" trusted.weir value
	want setxattr "file.path=$W/u" xattr.name=trusted.weir xattr.size=5 $ok_

	case_ "io_uring, $how: connect of a unix socket that nobody listens on"
	fails 2 uring $how connect "$W/nobody"
	want connect socket.family=unix "socket.path=$W/nobody" $no error=ENOENT
done

# It does not wait, and when it is woken it asks again.
case_ "io_uring: connect where nobody listens"
fails 111 uring worker connect 9
want connect socket.family=inet destination.ip=127.0.0.1 destination.port=9 \
	"process.exe.path=$ACT" outcome=unknown error=EINPROGRESS

case_ "io_uring: connect"
run uring here connect 2049 listen
want connect socket.family=inet destination.port=2049 outcome=unknown error=EINPROGRESS
want connect socket.family=inet destination.ip=127.0.0.1 destination.port=2049 $ok_
