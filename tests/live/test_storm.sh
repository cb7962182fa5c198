#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many events at once: what was created is delivered, or told as lost.
# shellcheck source=tests/live/lib.sh disable=SC2154
. "$WEIR_SRC/tests/live/lib.sh"

# ---- processes at full speed, on both processors, with the rings' default size
N=${WEIR_STORM:-1500}
sensor_start storm
t=$EPOCHREALTIME
"$ACT" storm1 storm "$N" "$ACT" act stormed nothing &
"$ACT" storm2 storm "$N" "$ACT" act stormed nothing || check "storm" false
wait $! || check "storm" false
echo "# $((2 * N)) times fork, exec and exit in $(((${EPOCHREALTIME/./} - ${t/./}) / 1000)) ms"
sensor_stop storm
{ read -r forks1; read -r forks2; read -r execs; read -r exits; read -r losses; } < <(
	count "type=fork process.args.1=storm1" "type=fork process.args.1=storm2" \
		"type=exec process.args.1=stormed" "type=exit process.args.1=stormed" type=lost)
check "storm: every fork is delivered" is "$forks1 $forks2" "$N $N"
check "storm: every exec is delivered" is "$execs" $((2 * N))
check "storm: every exit is delivered" is "$exits" $((2 * N))
check "storm: nothing is lost" is "$losses" 0
tap "$EXPECT" --complete "$OUT"

# ---- the sensor does not run, and the rings are small
N=400
sensor_start stopped 'ring_size = "64K"' 'ring_size_critical = "64K"'
kill -STOP "$sensor"
"$ACT" stop1 storm $N "$ACT" act stormed nothing
"$ACT" stop2 flood "$T" $N
kill -CONT "$sensor"
check "stopped: losses are told while it runs" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=lost lost.class=critical lost.reason=ring_full" \
	"type=lost lost.class=bulk lost.reason=ring_full"
sensor_stop stopped
# The shell's own processes are a few more.
# shellcheck disable=SC2034
{ read -r fork; read -r exec; read -r exit; read -r create; read -r unlink; } < <(
	count "type=fork process.args.1=stop1" "type=exec process.args.1=stormed" \
		"type=exit process.args.1=stormed" "type=create process.args.1=stop2" \
		"type=unlink process.args.1=stop2")
for type in fork exec exit create unlink; do
	l=$(lost $type ring_full)
	echo "# $type: ${!type} delivered, $l lost"
	case $type in
	create|unlink) check "stopped: $type created = delivered + lost" \
		is $((${!type} + l)) $N ;;
	*) check "stopped: $type created = delivered + lost" \
		between $N $((${!type} + l)) $((N + 4)) ;;
	esac
	check "stopped: some $type events were lost" [ "$l" -gt 0 ]
done
tap "$EXPECT" --complete "$OUT"

# ---- the rate limit, which is a cgroup's
N=600
mkdir /sys/fs/cgroup/flood
sensor_start rate 'rate = 50' 'burst = 100'
(echo $BASHPID >/sys/fs/cgroup/flood/cgroup.procs && exec "$ACT" rate flood "$T" $N)
sensor_stop rate
{ read -r create; read -r unlink; read -r other; } < <(
	count "type=create process.args.1=rate" "type=unlink process.args.1=rate" \
		"type=exec process.args.1=rate")
lc=$(lost create rate_limited) lu=$(lost unlink rate_limited)
echo "# $create + $unlink delivered, $lc + $lu cut"
check "rate: cut events are told as rate_limited" [ $((lc + lu)) -gt $N ]
check "rate: created = delivered + cut, create" is $((create + lc)) $N
check "rate: created = delivered + cut, unlink" is $((unlink + lu)) $N
check "rate: the burst comes through" [ $((create + unlink)) -ge 100 ]
check "rate: the critical class has no limit" is "$other" 1
tap "$EXPECT" --complete "$OUT"
rmdir /sys/fs/cgroup/flood
plan
