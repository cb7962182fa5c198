#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a cgroup does for the first time is told: system calls and capabilities; of each of
# its first four programs, and once from there on. A program has made its own calls before,
# so that what comes then are those of the test.
# shellcheck source=tests/live/lib.sh disable=SC2034,SC2154
. "$WEIR_SRC/tests/live/lib.sh"

CG=/sys/fs/cgroup/system.slice
[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || skip_all "no unified hierarchy"
mkdir -p $CG/{a,b,c,d@1,d@2}.service
touch "$T/own"
cp "$ACT" "$T/skipped"
cp /bin/bash "$T/runc"
join() { echo $BASHPID >"$CG/$1.service/cgroup.procs" && shift && exec "$@"; }
in_cgroup() { (join "$@"); }
# From here on a program that begins there makes nothing new.
settle()
{
	local i

	for ((i = 0; i < 4; i++)); do
		in_cgroup "$1" "$ACT" settling calls 0
	done
}
# getpriority, sched_get_priority_max and ioprio_get: nothing here uses them
case $(uname -m) in
x86_64) chdir=80 three=(140 146 252) names=(getpriority sched_get_priority_max ioprio_get) ;;
*) chdir=49 three=(141 125 31) names=(getpriority sched_get_priority_max ioprio_get) ;;
esac
types='events = [ "exec", "fork", "exit", "mkdir", "cgroup_mkdir", "cgroup_rmdir", "syscall",
	"capability" ]'
STAGES="{ plugin = \"container\"; }, { plugin = \"profile\"; state = \"$T/profiles\"; warm_up = 0;
	types = [ \"exec\", \"syscall\", \"capability\" ]; },"
of() { count "type=$1 process.args.1=$2"; }
template=profile.name=unit:d@.service
name_of() { count "type=syscall process.args.1=$1 syscall.name=$2 syscall.abi=native"; }

sensor_start syscall "$types" "exclude = { exes = [ \"$T/skipped\" ]; }"

in_cgroup a "$ACT" first calls 1
settle a
in_cgroup a "$ACT" again calls 1
in_cgroup a "$ACT" three calls 3 "${three[@]}"
in_cgroup a "$ACT" three-again calls 3 "${three[@]}"
in_cgroup b "$ACT" other calls 3 "${three[0]}"
in_cgroup a "$ACT" unknown calls 2 4000
in_cgroup a "$ACT" late calls 2 5000
call_32=0
in_cgroup a "$ACT" compat call-32 20 2>/dev/null || call_32=$?
in_cgroup a "$ACT" compat-again call-32 20 2>/dev/null
[ "$(uname -m)" != x86_64 ] || in_cgroup a "$ACT" x32 calls 2 $((0x40000000 + three[0]))
# A runtime makes a call in the cgroup before the workload's program begins. By its name
# the profile leaves it out; and it learns of nobody until it is loaded, by another instance.
for ((i = 0; i < DEADLINE; i++)); do
	in_cgroup d@1 "$ACT" loading calls 0
	"$EXPECT" --wait "$OUT" 1 "$template profile.state=learning" 2>/dev/null && break
done
# These are variables of the runtime.
# shellcheck disable=SC2016
"$T/runc" -c 'echo $$ >"$0"; cd /; exec "$@"' "$CG/d@2.service/cgroup.procs" \
	"$ACT" program-1 calls 2 $chdir
for i in 2 3 4 5; do
	in_cgroup d@2 "$ACT" program-$i calls 2 $chdir
done
# An excluded program does not hide what others do.
settle c
in_cgroup c "$T/skipped" skipped calls 2 "${three[1]}"
in_cgroup c "$ACT" kept calls 2 "${three[1]}"

in_cgroup a "$ACT" chown-refused as 65534 chown "$T/own" 1 1
in_cgroup a "$ACT" chown chown "$T/own" 1 1
in_cgroup a "$ACT" chown-again chown "$T/own" 2 2
in_cgroup b "$ACT" chown-other chown "$T/own" 3 3
in_cgroup b "$ACT" chown-next chown "$T/own" 4 4
in_cgroup b unshare -Uu "$ACT" inner calls 1

# ---- somebody new has not heard it
check "until here" sensor_mark before
sed -i 's/{ plugin = "process"; },/& { plugin = "identity"; },/' "$CONF"
kill -HUP "$sensor"
"$EXPECT" --log "$LOG" "$DEADLINE" 'in force after'
in_cgroup a "$ACT" reloaded calls 2 "${three[@]}"
sensor_stop syscall

check "a program's own calls are told" [ "$(of syscall first)" -gt 3 ]
check "and not again" is "$(of syscall again)" 0
check "those that are new are, and no other" is "$(of syscall three)" 3
for i in 0 1 2; do
	check "${names[i]}, once" is "$(name_of three "${names[i]}")" 1
done
check "and not again" is "$(of syscall three-again)" 0
check "another cgroup has its own" is "$(name_of other "${names[0]}")" 1
check "one without a name" is "$(count "type=syscall process.args.1=unknown syscall.number=4000")" 1
check "all of these are one" is "$(of syscall late)" 0
if [ $call_32 = 0 ]; then
	check "one of 32 bits" is "$(count "type=syscall process.args.1=compat syscall.abi=compat \
		syscall.number=20 syscall.name=compat:getpid")" 1
	check "once" is "$(of syscall compat-again)" 0
	check "and one of x32" is "$(count "type=syscall process.args.1=x32 syscall.abi=x32 \
		syscall.number=${three[0]}")" 1
fi
check "what a runtime does is told" is \
	"$(count "type=syscall process.exe.path=$T/runc syscall.name=chdir $template")" 1
for i in 1 2 3 4; do
	check "and of program $i, too, once" is "$(name_of program-$i chdir)" 1
done
check "of a fifth it is not" is "$(name_of program-5 chdir)" 0
check "an excluded program tells none" is "$(of syscall skipped)" 0
check "nor does it hide any" is "$(name_of kept "${names[1]}")" 1

chown_of() { count "type=capability process.args.1=$1 capability.name=CAP_CHOWN outcome=success \
	capability.user_namespace=initial"; }
check "a capability that is not there is not used" is "$(chown_of chown-refused)" 0
check "one that is" is "$(chown_of chown)" 1
check "once" is "$(chown_of chown-again)" 0
check "and once in another cgroup" is "$(chown_of chown-other)" 1
check "and of its next program, too" is "$(chown_of chown-next)" 1
check "over what is of another user namespace" is "$(count "type=capability process.name=unshare \
	capability.name=CAP_SYS_ADMIN capability.user_namespace=other")" 1
check "all anew, once a stage is new" [ "$(of syscall reloaded)" -gt 3 ]
for i in 0 1 2; do
	check "${names[i]}, once" is "$(name_of reloaded "${names[i]}")" 1
done
tap "$EXPECT" --complete "$OUT"

# ---- what a profile makes of it
mine="profile.name=unit:a.service profile.state=learning"
check "system calls are learnt" is "$(count "type=syscall process.args.1=three $mine \
	profile.type=syscall profile.known=false profile.item=${names[0]}")" 1
check "and known then" is "$(count "type=syscall process.args.1=reloaded $mine \
	syscall.name=${names[0]} profile.known=true")" 1
check "of the workload's own program, not of its runtime" is "$(count "type=syscall $template \
	process.args.1=program-1 profile.type=syscall profile.known=false profile.item=chdir")" 1
check "and known of the next" is "$(count "type=syscall $template process.args.1=program-2 \
	syscall.name=chdir profile.known=true")" 1
check "capabilities, too" is "$(count "type=capability process.args.1=chown $mine \
	profile.type=capability profile.known=false profile.item=CAP_CHOWN")" 1

# ---- what cannot be told now is told later
STAGES=
sensor_start rate "$types" 'rate = 10' 'burst = 1'
join b "$ACT" slow calls-for "$DEADLINE" "${three[@]}" &
slow=$!
await() { "$EXPECT" --wait "$OUT" "$DEADLINE" "$@"; }
check "above the rate each comes later" await "type=syscall process.args.1=slow syscall.name=${names[0]}" \
	"type=syscall process.args.1=slow syscall.name=${names[1]}" \
	"type=syscall process.args.1=slow syscall.name=${names[2]}"
kill $slow
wait $slow
# What marks the end is cut, too, until our own cgroup does nothing new.
sensor_mark()
{
	local i

	for ((i = 0; i < DEADLINE; i++)); do
		"$ACT" "end-$1" mkdir "$T/end-$i" 755
		"$EXPECT" --wait "$OUT" 1 "type=mkdir process.args.1=end-$1" 2>/dev/null && return
	done
	return 1
}
sensor_stop rate
for i in 0 1 2; do
	check "${names[i]}, once" is "$(name_of slow "${names[i]}")" 1
done
check "what was cut is told" [ "$(lost syscall rate_limited)" -gt 0 ]
rmdir $CG/{a,b,c,d@1,d@2}.service
plan
