#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each action of a rule on each operation that can be refused, judged by the effect: the file
# is not there, the process is dead, its parent printed nothing. Then the same once more with
# a sensor that is stopped, and a full ring.
# shellcheck source=tests/live/lib.sh disable=SC2034,SC2054,SC2154,SC2206,SC2317
. "$WEIR_SRC/tests/live/lib.sh"

grep -q '\bbpf\b' /sys/kernel/security/lsm || skip_all "no BPF LSM"
EPERM=1 KILLED=137
types="exec open create unlink rename link symlink mkdir rmdir truncate chmod chown setxattr
	removexattr chattr set_acl mmap_exec mprotect_exec module_load connect bind listen udp_send
	dns_query mount umount credentials signal ptrace bpf"
actions="block kill block_kill block_kill_parent"
EVENTS=$(printf ', "%s"' $types)
EVENTS="\"fork\", \"exit\"$EVENTS"
mkdir "$T/rules" "$T/prog"
STAGES="{ plugin = \"rules\"; paths = [ \"$T/rules\" ]; }, "

# Who is meant is told by the first argument, ACTION-TYPE:PHASE; a program by its path.
for action in $actions exclude; do
	for t in $types; do
		rule $action-$t $t $action "process.args.1|startswith: '$action-$t:'"
	done
	rule $action-exec exec $action "Image|startswith: '$T/prog/$action:'"
done
acl=0x0200000001000600ffffffff02000400e803000004000400ffffffff10000600ffffffff20000400ffffffff
cp /bin/echo "$T/prog/it"
module_file dummy >"$T/module"
sleep 10000 &
sleeper=$!

# deed TYPE FOLDER PROGRAM: sets op, what act is to do.
deed()
{
	case $1 in
	exec) op=(execat "$3" it it runs) ;;
	open) op=(open "$2/file" rd) ;;
	create) op=(open "$2/created" wr,creat,excl 600) ;;
	unlink) op=(unlink "$2/unlink") ;;
	rename) op=(rename "$2/rename" "$2/renamed") ;;
	link) op=(link "$2/file" "$2/linked") ;;
	symlink) op=(symlink file "$2/symlinked") ;;
	mkdir) op=(mkdir "$2/made" 755) ;;
	rmdir) op=(rmdir "$2/rmdir") ;;
	truncate) op=(truncate "$2/file" 0) ;;
	chmod) op=(chmod "$2/file" 4700) ;;
	chown) op=(chown "$2/file" 4242 4242) ;;
	setxattr) op=(setxattr "$2/file" user.x y) ;;
	removexattr) op=(removexattr "$2/file" user.x) ;;
	chattr) op=(chattr "$2/file" 0x40) ;;
	set_acl) op=(setxattr "$2/file" system.posix_acl_access $acl) ;;
	mmap_exec) op=(mmap "$ACT" rx private) ;;
	mprotect_exec) op=(mprotect - rw rx private) ;;
	module_load) op=(finit "$T/module" numdummies=0) ;;
	connect) op=(connect tcp 127.0.0.1 9) ;;
	bind) op=(bind-to tcp 127.0.0.1 4714) ;;
	listen) op=(listen tcp 127.0.0.1 0 5) ;;
	udp_send) op=(udp-send 127.0.0.1 9 00) ;;
	dns_query) op=(dns-ask "" 127.0.0.1 host.test 1) ;;
	mount) op=(mount none "$2/mount" tmpfs 0) ;;
	umount) op=(umount "$2/umount" 0) ;;
	credentials) op=(setuid 4244) ;;
	signal) op=(signal $sleeper 0) ;;
	ptrace) op=(attach $sleeper) ;;
	bpf) op=(bpf-map live) ;;
	esac
}

# prepare FOLDER PROGRAM
prepare()
{
	mkdir "$1" "$1/rmdir" "$1/mount" "$1/umount"
	mount -t tmpfs none "$1/umount"
	echo content | tee "$1/file" "$1/unlink" >"$1/rename"
	chmod 600 "$1/file"
	ln "$T/prog/it" "$2"
}

# undone FOLDER: nothing of all that was done there
undone()
{
	local left

	left=$(cd "$1" && echo [clmrsu]*)
	is "$left $(stat -c '%a %u %s %A' "$1/file")" \
		"mount rename rmdir umount unlink 600 0 8 -rw-------" &&
		is "$(findmnt -n "$1/mount" | wc -l) $(findmnt -n "$1/umount" | wc -l)" "0 1" &&
		is "$(lsattr "$1/file" 2>/dev/null | grep -c '^[^ ]*d')" 0 && [ ! -d /sys/module/dummy ]
}

# try ACTION TYPE TAG: prints what was said; the status is that of who did it, or of its parent.
try()
{
	if [ "$1" = block_kill_parent ]; then
		# shellcheck disable=SC2016  # expanded there
		bash -c '"$@"; echo still' parent "$ACT" "$3" "${op[@]}"
	else
		"$ACT" "$3" "${op[@]}"
	fi 2>/dev/null
}

# phase NAME: each action on each type
phase()
{
	local action t folder program want said rc

	for action in $actions; do
		folder=$T/$1-$action program=$T/prog/$action:$1
		prepare "$folder" "$program"
		want=$KILLED
		[ $action != block ] || want=$EPERM
		for t in $types; do
			deed $t "$folder" "$program"
			rc=0
			said=$(try $action $t "$action-$t:$1") || rc=$?
			# What act says of itself are numbers.
			check "$1: $action of $t" is "$rc ${said//[^a-z]/}" "$want "
		done
		if [ $action = kill ]; then
			rmmod dummy 2>/dev/null
		else
			check "$1: after $action nothing is done" undone "$folder"
		fi
		umount "$folder/umount" 2>/dev/null
		umount "$folder/mount" 2>/dev/null
	done
}

# Each was, while the sensor ran.
told()
{
	local action t done_ who conditions=()

	for action in $actions; do
		case $action in
		block) done_="rule.done.0=blocked" ;;
		kill) done_="rule.done.0=killed" ;;
		block_kill) done_="rule.done.0=blocked rule.done.1=killed" ;;
		*) done_="rule.done.0=blocked rule.done.1=killed rule.done.2=parent_killed" ;;
		esac
		[ $action = kill ] || done_+=" outcome=blocked error=EPERM"
		for t in $types; do
			who=process.args.1=$action-$t:running
			[ $t != exec ] || who=process.exe.path=$T/prog/$action:running
			conditions+=("type=$t $who rule.id=$action-$t $done_")
		done
	done
	check "all is told as it was done" "$EXPECT" --wait "$OUT" $DEADLINE "${conditions[@]}"
}

mkdir "$T/conf.d"
echo 'reload = { open = "5m"; };' >"$T/conf.d/open.conf"
sensor_start actions 'ring_size = "256K"'
check "the rules are in the kernel" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=ruleset ruleset.kernel=150 ruleset.refused=0"
phase running
told

prepare "$T/excluded" "$T/prog/exclude:x"
for t in $types; do
	deed $t "$T/excluded" "$T/prog/exclude:x"
	# connect: nobody listens there
	"$ACT" "exclude-$t:x" "${op[@]}" >"$T/said" 2>&1
	[ $t != exec ] || check "what is excluded runs" is "$(cat "$T/said")" "it runs"
done
umount "$T/excluded/mount"
rmmod dummy 2>/dev/null
check "what is excluded is done" is "$(cd "$T/excluded" && echo [clmrsu]*)" \
	"created linked made mount renamed symlinked umount"

# The verdicts do not depend on anybody who reads.
kill -STOP "$sensor"
"$ACT" fill flood "$T/prog" 2000
phase stopped
kill -CONT "$sensor"
check "the ring was full" "$EXPECT" --wait "$OUT" $DEADLINE "type=lost lost.class=bulk lost.reason=ring_full"

sensor_stop actions
kill -9 $sleeper
excluded=("type=exec process.exe.path=$T/prog/exclude:x")
for t in $types; do
	[ $t = exec ] || excluded+=("type=$t process.args.1=exclude-$t:x")
done
check "what is excluded is not told" is "$(count "${excluded[@]}" | sort -u)" 0
plan
