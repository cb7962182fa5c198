#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How a replay ends: captures that are none, readers that go, full disks,
# signals. Nothing here sleeps: what must have happened is read first.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1
echo 'sync = ( { plugin = "json"; }, { plugin = "stdout"; } );' >"$tmp/weir.conf"
w=("$weird" -c "$tmp/weir.conf")
summary() { # RECEIVED PASSED LOST...
	echo "^info: $1 events received, [0-9]+ made, 0 refused, 0 filtered, $2 passed; 0 filtered in the kernel; $3\$"
}

# fails TEXT PATTERN ARGUMENT...: status 1
fails() {
	local text=$1 want=$2
	shift 2
	"${w[@]}" "$@" >"$tmp/out" 2>"$tmp/err"
	is $? 1 "$text: status"
	has "$(messages)" "$want" "$text: message"
}

"$mkcap" "$tmp/cap" 3
"${w[@]}" --replay "$tmp/cap" >"$tmp/out" 2>"$tmp/err"
is $? 0 "three events: status"
is "$(wc -l <"$tmp/out")" 3 "three events: lines"
has "$(messages)" "$(summary 3 3 '0 lost')" "three events: summary"
is "$(jq -r .seq "$tmp/out" | xargs)" "0 1 2" "three events: numbers"

# ---- captures that are none -------------------------------------------------
fails "no such capture" '^error: TOP/none: cannot open it: No such file or directory$' --replay "$tmp/none"
is "$(cat "$tmp/out")" "" "no such capture: nothing on standard output"
: >"$tmp/empty"
fails "empty capture" '^error: TOP/empty: ' --replay "$tmp/empty"
head -c 4096 /dev/urandom >"$tmp/garbage"
fails "garbage" '^error: TOP/garbage: .*not a capture' --replay "$tmp/garbage"
fails "a folder" '^error: TOP: ' --replay "$tmp"
head -c 100 "$tmp/cap" >"$tmp/cut"
fails "cut in its head" '^error: TOP/cut: ' --replay "$tmp/cut"
head -c -16 "$tmp/cap" >"$tmp/cut"
fails "cut at its end" '^error: TOP/cut: ' --replay "$tmp/cut"
is "$(wc -l <"$tmp/out")" 3 "cut at its end: what is there comes out"
has "$(messages)" "$(summary 3 3 '0 lost')" "cut at its end: summary"

# ---- pipes --------------------------------------------------------------------
"$mkcap" - 3 | "${w[@]}" --replay - >"$tmp/out" 2>"$tmp/err"
is "${PIPESTATUS[*]}" "0 0" "from a pipe: status"
is "$(wc -l <"$tmp/out")" 3 "from a pipe: lines"
head -c -16 "$tmp/cap" | "${w[@]}" --replay - >"$tmp/out" 2>"$tmp/err"
is "${PIPESTATUS[*]}" "0 1" "from a pipe that ends early: status"
"$mkcap" "$tmp/many" 5000
"${w[@]}" --replay "$tmp/many" 2>"$tmp/err" | head -1 >"$tmp/out"
is "${PIPESTATUS[*]}" "0 0" "reader leaves: status"
is "$(jq -r .seq "$tmp/out")" 0 "reader leaves: what it took"
has "$(messages)" '^info: [0-9]+ events received, .*; [0-9]+ lost: sink_full [0-9]+$' \
	"reader leaves: the summary counts what it did not take"
is "$(messages | grep -cE '^(error|warning)')" 0 "reader leaves: nothing to complain about"
"${w[@]}" --replay "$tmp/many" 2>"$tmp/err" | cat >"$tmp/out"
is "${PIPESTATUS[*]}" "0 0" "to a pipe: status"
is "$(wc -l <"$tmp/out")" 5000 "to a pipe: all lines"

# ---- a disk that is full ---------------------------------------------------------
"${w[@]}" --replay "$tmp/cap" >/dev/full 2>"$tmp/err"
is $? 1 "full disk: status"
has "$(messages)" '^error: stdout: [0-9]+ writes failed, 4 events were not delivered$' "full disk: message"
has "$(messages)" "$(summary 3 4 '4 lost: sink_full 4')" "full disk: summary"
"${w[@]}" --replay "$tmp/cap" >&- 2>"$tmp/err"
is $? 1 "standard output is closed: status"
has "$(messages)" '^error: stdout: descriptor 1: Bad file descriptor$' "standard output is closed: message"

# ---- recording ---------------------------------------------------------------------
"${w[@]}" --replay "$tmp/cap" --record "$tmp/copy" >"$tmp/out" 2>"$tmp/err"
is $? 0 "recording a replay: status"
is "$(stat -c %a "$tmp/copy")" 600 "the capture is its owner's alone"
"${w[@]}" --replay "$tmp/copy" >"$tmp/out2" 2>"$tmp/err"
cmp -s "$tmp/out" "$tmp/out2"
ok $? "replayed, it gives the same"
sum=$(cksum <"$tmp/copy")
fails "recording over a file" '^error: TOP/copy: cannot create it: File exists$' --replay "$tmp/cap" --record "$tmp/copy"
is "$(cksum <"$tmp/copy")" "$sum" "the file is untouched"
ln -s nowhere "$tmp/link"
fails "recording through a link" '^error: TOP/link: cannot create it: File exists$' --replay "$tmp/cap" --record "$tmp/link"
fails "recording to a folder that is not there" '^error: TOP/no/cap: cannot create it: No such file or directory$' \
	--replay "$tmp/cap" --record "$tmp/no/cap"

# ---- signals ------------------------------------------------------------------------
# The second event is an hour away; when the first is read, weird waits.
"$mkcap" "$tmp/slow" 2 3600000000000
mkfifo "$tmp/fifo"
for sig in INT TERM; do
	"${w[@]}" --replay "$tmp/slow" --realtime >"$tmp/fifo" 2>"$tmp/err" &
	pid=$!
	exec 3<"$tmp/fifo"
	read -r line <&3
	kill -$sig $pid
	wait $pid
	is $? 0 "SIG$sig: status"
	exec 3<&-
	is "$(jq -r .seq <<<"$line")" 0 "SIG$sig: the event before it came"
	is "$(messages | grep -c 'events received')" 1 "SIG$sig: one summary"
	has "$(messages | tail -1)" "$(summary 1 1 '0 lost')" "SIG$sig: it is the last line"
done

# A reader that holds the pipe but does not read: two signals end it.
"${w[@]}" --replay "$tmp/many" >"$tmp/fifo" 2>"$tmp/err" &
pid=$!
exec 3<"$tmp/fifo"
read -r line <&3
# Two of one kind might become one.
kill -INT $pid
kill -TERM $pid
wait $pid
is $? 0 "a reader that is stuck: status"
exec 3<&-
has "$(messages)" '^info: [0-9]+ events received, .*; [0-9]+ lost: sink_full [0-9]+$' \
	"a reader that is stuck: the summary counts what it did not take"

# Nobody reads standard error.
"${w[@]}" --replay "$tmp/cap" 2>&1 >"$tmp/out" | :
is "${PIPESTATUS[0]}" 0 "nobody reads the log: status"
is "$(wc -l <"$tmp/out")" 3 "nobody reads the log: lines"
done_testing
