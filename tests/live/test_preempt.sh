#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tasks that preempt each other inside the hooks: no event has another's data.
# shellcheck source=tests/live/lib.sh disable=SC2154
. "$WEIR_SRC/tests/live/lib.sh"

mode=/sys/kernel/debug/sched/preempt
[ -e $mode ] || skip_all "this kernel cannot switch preemption"
before=$(sed -E 's/.*\((.*)\).*/\1/' $mode)
echo full >$mode
check "preempt=full" grep -q '(full)' $mode
mkdir "$T/w"
TASKS=16 ROUNDS=25
sensor_start preempt
check "the operations succeed" "$ACT" hammer hammer "$T/w" $TASKS $ROUNDS
sensor_stop preempt
tap "$EXPECT" --owners "$OUT"
tap "$EXPECT" --complete "$OUT"
# The kernel may leave out the hook that tells exits while it runs for another
# task on the same processor; the sensor sees how often.
only_missed() { is "$(count type=lost)" "$(count "type=lost lost.type=exit lost.reason=missed")"; }
check "nothing else is lost" only_missed
types="mkdir rmdir create chmod truncate chown setxattr link symlink rename unlink"
conditions=()
for t in $types; do
	conditions+=("type=$t process.args.1=hammer"
		"type=$t process.args.1=hammer outcome=success")
done
mapfile -t got < <(count "${conditions[@]}")
i=0
for t in $types; do
	want=$((TASKS * ROUNDS))
	[ $t != unlink ] || want=$((3 * want))
	check "every $t came" is "${got[i]}" $want
	# A task that preempts another within the program that tells the outcome
	# makes the kernel leave it out.
	[ "${got[i + 1]}" = $want ] || echo "# $t: $((want - got[i + 1])) without outcome"
	check "nearly every $t has its outcome" [ "${got[i + 1]}" -ge $((want * 9 / 10)) ]
	i=$((i + 2))
done

# ---- processes
TASKS=8 N=60
sensor_start lives
for ((i = 0; i < TASKS; i++)); do
	"$ACT" lives storm $N "$ACT" act lived nothing &
done
for pid in $(jobs -p); do
	[ "$pid" = "$sensor" ] || wait "$pid"
done
sensor_stop lives
{ read -r forks; read -r execs; read -r images; read -r exits; } < <(
	count "type=fork process.args.1=lives" "type=exec process.args.1=lived" \
		"type=exec process.name=act" "type=exit process.name=act")
check "every fork came" is "$forks" $((TASKS * N))
check "every exec came" is "$execs" $((TASKS * N))
# One that a task preempted in the first of its two hooks has no arguments.
check "every exit came, once" between $((TASKS * N + TASKS)) "$exits" "$images"
check "nothing is lost of them" is "$(lost exit missed)" 0
tap "$EXPECT" --complete "$OUT"
echo "$before" >$mode
plan
