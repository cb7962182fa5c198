#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Credentials, namespaces, signals, tracing, cgroups: each operation once, with
# known arguments. Exactly the expected events, and none for what is no change.
# shellcheck source=tests/live/lib.sh
[ -n "${T:-}" ] || . "$WEIR_SRC/tests/live/lib.sh"

cd "$T" || exit 1
ok_="outcome=success" no="outcome=failure"
types='"credentials", "namespace", "signal", "ptrace", "cgroup_mkdir", "cgroup_rmdir"'
life='"exec", "fork", "exit", "mkdir"'
ns() { stat -L -c %i "/proc/${2:-self}/ns/$1"; }

# A process that waits for its end; its pid is in $target.
targets=()
target_start()
{
	local from

	exec {from}< <("$ACT" target "$@")
	read -r -u "$from" target
	targets+=("$target")
}

# shellcheck disable=SC2154
trap 'kill "${targets[@]}" $sensor 2>/dev/null' EXIT
cat /proc/sys/kernel/yama/ptrace_scope >"$T/scope"
echo 0 >/proc/sys/kernel/yama/ptrace_scope
target_start as 1234 pause
other=$target
target_start unshare net,uts pause
apart=$target
target_start as 1000 unshare user,net pause
contained=$target

sensor_start cred "events = [ $types, $life ]"

# ---- credentials
all='"uid", "euid", "suid", "fsuid"' caps='"cap_effective", "cap_permitted"'

case_ "setuid, which loses capabilities"
run setuid 1000
want credentials "credentials.changes=[ $all, $caps ]" credentials.uid=1000 \
	credentials.euid=1000 credentials.suid=1000 credentials.fsuid=1000 \
	credentials.gid=0 credentials.egid=0 credentials.sgid=0 credentials.fsgid=0 \
	credentials.via=setuid credentials.capabilities.effective=0x0 \
	credentials.capabilities.permitted=0x0 credentials.capabilities.inheritable=0x0 \
	credentials.user_namespace=0 process.uid=0 process.euid=0 process.name=act \
	'process.capabilities.effective^=0x1ff' process.cwd="$T" class=critical $ok_

case_ "setuid to the same id"
run setuid 0

case_ "setresuid of one id"
run setresuid -1 -1 77
want credentials 'credentials.changes=[ "suid" ]' credentials.suid=77 \
	credentials.euid=0 credentials.via=setuid $ok_

case_ "the effective id, and back"
run seteuid-back 1000
want credentials 'credentials.changes=[ "euid", "fsuid", "cap_effective" ]' \
	credentials.euid=1000 process.euid=0 credentials.capabilities.effective=0x0 $ok_
want credentials 'credentials.changes=[ "euid", "fsuid", "cap_effective" ]' \
	credentials.euid=0 process.euid=1000 process.capabilities.effective=0x0 $ok_

case_ "setfsuid"
run setfsuid 1000
want credentials 'credentials.changes=[ "fsuid", "cap_effective" ]' \
	credentials.fsuid=1000 credentials.euid=0 credentials.via=setuid $ok_

case_ "setgid"
run setgid 55
want credentials 'credentials.changes=[ "gid", "egid", "sgid", "fsgid" ]' \
	credentials.gid=55 credentials.egid=55 credentials.sgid=55 credentials.fsgid=55 \
	process.gid=0 credentials.via=setgid $ok_

case_ "setfsgid"
run setfsgid 56
want credentials 'credentials.changes=[ "fsgid" ]' credentials.fsgid=56 \
	credentials.via=setgid $ok_

case_ "setgroups, and once more the same"
run setgroups-twice 10 20 30
want credentials 'credentials.changes=[ "groups" ]' credentials.via=setgroups $ok_

case_ "setgroups of more than are compared"
# shellcheck disable=SC2046
run setgroups-twice $(seq 70)
want credentials 'credentials.changes=[ "groups" ]' credentials.via=setgroups
want credentials 'credentials.changes=[ "groups" ]' credentials.via=setgroups

case_ "capset"
run capset-drop 21
want credentials 'credentials.changes=[ "cap_effective" ]' credentials.via=capset \
	'credentials.capabilities.effective=0x1ffffdfffff' \
	'credentials.capabilities.permitted=0x1ffffffffff' $ok_

case_ "prctl: the bounding set"
run bounding-drop 21
want credentials 'credentials.changes=[ "cap_bounding" ]' credentials.via=other $ok_

case_ "prctl: securebits"
run securebits 1
want credentials 'credentials.changes=[ "securebits" ]' credentials.via=other $ok_

case_ "setuid of one thread"
tid=$(run thread-setuid 1000)
want credentials "process.tid=$tid" credentials.uid=1000 process.uid=0 $ok_

case_ "setuid refused"
fails 1 as 1000 setuid 0
want credentials credentials.gid=1000 credentials.via=setgid
want credentials credentials.uid=1000 credentials.via=setuid

# Its own would have the arguments of nobody: it is looked for below.
cp "$ACT" "$T/suid"
chown 64321:64321 "$T/suid"
chmod 6755 "$T/suid"
case_ "exec of a set-uid program"
"$ACT" - exec "$T/suid" suid "$TAG" nothing
want exec process.euid=64321 process.egid=64321 process.uid=0

# ---- namespaces
case_ "unshare of one"
net=$(run unshare net ns net)
want namespace 'namespace.types=[ "net" ]' namespace.via=unshare "namespace.net=$net" \
	"namespace.mnt=$(ns mnt)" "namespace.pid=$(ns pid)" "namespace.uts=$(ns uts)" \
	"namespace.ipc=$(ns ipc)" "namespace.cgroup=$(ns cgroup)" \
	"namespace.time=$(ns time)" "namespace.user=$(ns user)" \
	"process.namespaces.net=$(ns net)" '!child.key' class=critical $ok_

case_ "unshare of all but user"
mapfile -t new < <(run unshare mnt,net,uts,ipc,cgroup ns mnt net uts ipc cgroup)
want namespace 'namespace.types=[ "mnt", "cgroup", "uts", "ipc", "net" ]' \
	"namespace.mnt=${new[0]:-}" "namespace.net=${new[1]:-}" "namespace.uts=${new[2]:-}" \
	"namespace.ipc=${new[3]:-}" "namespace.cgroup=${new[4]:-}" \
	"process.namespaces.mnt=$(ns mnt)" $ok_

case_ "unshare of pid and time, and a child in them"
mapfile -t new < <(run unshare pid,time child ns pid time)
want namespace 'namespace.types=[ "time", "pid" ]' "namespace.pid=${new[0]:-}" \
	"namespace.time=${new[1]:-}" "process.namespaces.pid=$(ns pid)" $ok_

case_ "unshare of user and net"
mapfile -t new < <(run as 1000 unshare user,net ns user net)
want credentials credentials.via=setgid
want credentials credentials.via=setuid
want credentials 'credentials.changes=[ "cap_effective", "cap_permitted", "user_namespace" ]' \
	"credentials.user_namespace=${new[0]:-}" credentials.via=other \
	"process.namespaces.user=$(ns user)" process.uid=1000 $ok_
want namespace 'namespace.types=[ "user", "net" ]' namespace.via=unshare \
	"namespace.user=${new[0]:-}" "namespace.net=${new[1]:-}" \
	"process.namespaces.user=$(ns user)" "process.namespaces.net=$(ns net)" \
	process.capabilities.effective=0x0 $ok_

case_ "unshare refused"
fails 1 as 1000 unshare net,uts
want credentials credentials.via=setgid
want credentials credentials.via=setuid
want namespace 'namespace.types=[ "uts", "net" ]' namespace.via=unshare \
	"namespace.net=$(ns net)" $no error=EPERM

case_ "unshare of what is no namespace"
run unshare fs nothing

case_ "setns"
run setns "$apart" net nothing
want namespace 'namespace.types=[ "net" ]' namespace.via=setns \
	"namespace.net=$(ns net "$apart")" "namespace.uts=$(ns uts)" \
	"process.namespaces.net=$(ns net)" $ok_

case_ "setns of several"
run setns "$apart" net,uts nothing
want namespace 'namespace.types=[ "uts", "net" ]' namespace.via=setns \
	"namespace.net=$(ns net "$apart")" "namespace.uts=$(ns uts "$apart")" $ok_

case_ "setns to a user namespace and another"
run setns "$contained" user,net nothing
want credentials 'credentials.changes=[ "user_namespace" ]' credentials.via=other \
	"credentials.user_namespace=$(ns user "$contained")"
want namespace 'namespace.types=[ "user", "net" ]' namespace.via=setns \
	"namespace.user=$(ns user "$contained")" "namespace.net=$(ns net "$contained")" \
	"process.namespaces.user=$(ns user)" "process.namespaces.net=$(ns net)" $ok_

case_ "setns to where it is"
run setns self net nothing

case_ "clone"
child=$(run clone net,uts)
want fork "child.pid=$child"
want namespace 'namespace.types=[ "uts", "net" ]' namespace.via=clone 'child.key=*' \
	"namespace.mnt=$(ns mnt)" "process.namespaces.net=$(ns net)" $ok_

case_ "clone into a user namespace"
run as 1000 clone user >/dev/null
want credentials credentials.via=setgid
want credentials credentials.via=setuid
want namespace 'namespace.types=[ "user" ]' namespace.via=clone 'child.key=*' \
	"process.namespaces.user=$(ns user)" process.uid=1000 $ok_

case_ "a child in the same namespaces"
run fork 0 >/dev/null

# ---- signals
at="target.process.pid=$other"
case_ "a signal"
run signal "$other" 23
want signal "$at" "target.process.tid=$other" target.process.uid=1234 \
	target.process.euid=1234 target.process.name=act "target.process.exe.path=$ACT" \
	'target.process.key=*' 'target.process.start=*' signal.number=SIGURG class=bulk $ok_

case_ "a signal to a thread"
run tgkill "$other" 23
want signal "$at" signal.number=SIGURG $ok_

case_ "only asked"
run signal "$other" 0
want signal "$at" '!signal.number' $ok_

case_ "a signal refused"
fails 1 as 1000 signal "$other" 15
want credentials credentials.via=setgid
want credentials credentials.via=setuid
want signal "$at" target.process.uid=1234 signal.number=SIGTERM process.uid=1000 \
	$no error=EPERM

case_ "a signal to itself"
run signal-self 23

case_ "a signal that is none"
fails 22 signal "$other" 99

# ---- access to another process
case_ "tracing"
run attach "$other"
want ptrace "$at" "target.process.tid=$other" target.process.uid=1234 \
	target.process.name=act "target.process.exe.path=$ACT" 'target.process.key=*' \
	'ptrace.mode=[ "PTRACE_MODE_ATTACH", "PTRACE_MODE_REALCREDS" ]' \
	ptrace.via=access class=critical $ok_

case_ "the memory, as a file"
run proc "$other" mem
want ptrace "$at" ptrace.via=access \
	'ptrace.mode=[ "PTRACE_MODE_ATTACH", "PTRACE_MODE_FSCREDS" ]' $ok_

case_ "the memory, by a call"
run vm-read "$other"
want ptrace "$at" 'ptrace.mode=[ "PTRACE_MODE_ATTACH", "PTRACE_MODE_REALCREDS" ]' $ok_

case_ "tracing refused, for the id"
fails 1 as 1000 attach "$other"
want credentials credentials.via=setgid
want credentials credentials.via=setuid
want ptrace "$at" process.uid=1000 'ptrace.mode~PTRACE_MODE_ATTACH' $no error=EPERM

case_ "tracing refused, by a security module"
echo 2 >/proc/sys/kernel/yama/ptrace_scope
fails 1 as 1234 attach "$other"
echo 0 >/proc/sys/kernel/yama/ptrace_scope
want credentials credentials.via=setgid
want credentials credentials.via=setuid
want ptrace "$at" process.uid=1234 $no error=EPERM

case_ "its own memory"
run proc self mem

case_ "access that only reads"
run proc "$other" environ

case_ "a child that asks to be traced"
tracer=$(run traceme)
want ptrace "target.process.pid=$tracer" ptrace.via=traceme target.process.name=act \
	'ptrace.mode=[ "PTRACE_MODE_ATTACH" ]' "target.process.exe.path=$ACT" $ok_

# ---- cgroups
G=/sys/fs/cgroup/weir-live
case_ "a cgroup"
run mkdir $G 755
id=$(inode $G)
want mkdir "file.path=$G"
want cgroup_mkdir "cgroup.id=$id" "cgroup.parent.id=$(inode /sys/fs/cgroup)" \
	cgroup.path=/weir-live cgroup.hierarchy=0 class=critical $ok_

case_ "a cgroup in it"
run mkdir $G/in 755
in=$(inode $G/in)
want mkdir "file.path=$G/in"
want cgroup_mkdir "cgroup.id=$in" "cgroup.parent.id=$id" cgroup.path=/weir-live/in $ok_

case_ "a cgroup that is there already"
fails 17 mkdir $G 755

case_ "a cgroup that is not empty"
fails 16 rmdir $G

case_ "cgroups are removed"
run rmdir $G/in
run rmdir $G
want cgroup_rmdir "cgroup.id=$in" cgroup.path=/weir-live/in cgroup.hierarchy=0 \
	class=critical $ok_
want cgroup_rmdir "cgroup.id=$id" cgroup.path=/weir-live $ok_

case_ "a cgroup of another hierarchy"
mkdir "$T/v1"
mount -t cgroup -o none,name=weir weir "$T/v1"
run mkdir "$T/v1/named" 755
want mkdir "file.path=$T/v1/named"
want cgroup_mkdir "cgroup.id=$(inode "$T/v1/named")" cgroup.path=/named \
	"cgroup.hierarchy=$(sed -n 's/:name=weir:.*//p' /proc/self/cgroup)" $ok_
rmdir "$T/v1/named"
umount "$T/v1"

sensor_stop cred
check "the operations did what they should" all_done
tap "$EXPECT" --cases "$CASES" "$OUT"
tap "$EXPECT" --complete "$OUT"
check "nothing was lost" is "$(count type=lost)" 0
check "an exec has no event of its credentials" is \
	"$(count "type=credentials credentials.euid=64321")" 0
key=$(grep '^{"type":"namespace".*"clone","net,uts"' "$OUT" |
	sed -nE 's/.*"child":\{"key":"([0-9]+)".*/\1/p')
check "the clone's event names the new process" is \
	"$(count "type=fork child.key=${key:-none} child.pid=$child")" 1

# ---- with what is asked for, and without what is excluded
: >"$CASES"
sensor_start reads 'events = [ "exec", "mkdir", "signal", "ptrace" ]' \
	'ptrace_reads = true' 'exclude = { uids = [ 4242 ]; }'
case_ "access that only reads, when it is asked for"
run proc "$other" environ
want ptrace "$at" 'ptrace.mode=[ "PTRACE_MODE_READ", "PTRACE_MODE_FSCREDS" ]' $ok_

case_ "refused for a user that is excluded"
fails 1 as 4242 signal "$other" 15
fails 1 as 4242 attach "$other"
sensor_stop reads
check "the operations did what they should" all_done
tap "$EXPECT" --cases "$CASES" "$OUT"
cat "$T/scope" >/proc/sys/kernel/yama/ptrace_scope
plan
