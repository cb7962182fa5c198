#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Captures of real kernels, replayed: the lines are what they were when the
# events happened. A capture is made by tests/live/test_replay.sh, which leaves
# it in BUILD/live-KERNEL/replay.cap. UPDATE=1 writes the expected lines anew.
set -u
src=${WEIR_SRC:-$(cd "${0%/*}/../.." && pwd)}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/weir.conf" <<'END'
sync = ( { plugin = "process"; }, { plugin = "json"; },
         { plugin = "stdout"; policy = "block"; } );
END
n=0 failed=0
check()
{
	local what=$1

	shift
	n=$((n + 1))
	if "$@" >"$tmp/diag" 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		head -n 20 "$tmp/diag" | cut -c 1-500 | sed 's/^/# /'
		failed=1
	fi
}

replay()
{
	"$WEIR_BUILD/weird" -c "$tmp/weir.conf" --replay "$1" >"$tmp/out" 2>"$tmp/log" ||
		{ cat "$tmp/log"; return 1; }
}

for cap in "$src"/tests/replay/*.cap; do
	name=${cap##*/}
	check "$name is read" replay "$cap"
	[ -z "${UPDATE:-}" ] || cp "$tmp/out" "${cap%.cap}.ndjson"
	check "$name says what it said" diff "${cap%.cap}.ndjson" "$tmp/out"
	check "$name: nothing is refused" grep -q ', 0 refused, 0 filtered, .*; 0 lost' "$tmp/log"
done
echo "1..$n"
exit $failed
