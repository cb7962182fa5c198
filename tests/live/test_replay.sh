#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who ran before the sensor; and a recording of it all, which says the same again.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

mkfifo "$T/wait" "$T/wait.ready"
bash -c 'echo >"$0.ready"; read -r line <"$0"' "$T/wait" bystander &
bystander=$!
read -r _ <"$T/wait.ready"
sensor_start replay -- --record "$T/replay.cap"
"$ACT" r1 mkdir "$T/d" 755
"$ACT" r1 chmod "$T/d" 700
"$ACT" r1 rmdir "$T/d"
"$ACT" r1 pair tcp 127.0.0.1 0 >/dev/null
"$ACT" r1 child exit 3
echo >"$T/wait"
wait $bystander
sensor_stop replay

check "a process that ran before is told by a snapshot" is "$(count \
	"type=snapshot process.pid=$bystander process.args.#=5 process.args.4=bystander \
	snapshot.reason=start process.exe.path=/usr/bin/bash process.parent.pid=$$")" 1
check "pid 1 too, and kernel threads" is "$(count \
	"type=snapshot process.pid=1 process.lineage=*" \
	"type=snapshot process.pid=2 process.name=kthreadd !process.exe.path" | tr '\n' ' ')" "1 1 "
first=$(grep -nv '"type":"snapshot"' "$OUT" | head -n 1 | cut -d: -f1)
last=$(grep -n '"type":"snapshot"' "$OUT" | tail -n 1 | cut -d: -f1)
check "snapshots come before all else" [ "$last" -lt "$first" ]
check "a later process has its whole lineage" is "$(count \
	"type=exec process.args.1=r1 process.lineage=complete process.ancestors.0.pid=$$")" 5
check "the end of who ran before is told" is "$(count \
	"type=exit process.pid=$bystander process.args.4=bystander")" 1
tap "$EXPECT" --complete "$OUT"

replayed=$T/again.ndjson
again() { "$WEIR_BUILD/weird" -c "$CONF" --replay "$T/replay.cap" >"$replayed" 2>"$T/again.log"; }
check "the recording is read" again
sed 's/^/# /' "$T/again.log"
# That the sensor started is not part of what was captured.
grep -v '^{"type":"config"' "$OUT" >"$T/replay.events"
check "replayed, it says the same" cmp "$T/replay.events" "$replayed"
diff "$OUT" "$replayed" | head -n 4 | cut -c 1-900 | sed 's/^/# /'
cp "$T/replay.cap" "$WEIR_RESULTS"
cp "$OUT" "$WEIR_RESULTS/replay.live"
plan
