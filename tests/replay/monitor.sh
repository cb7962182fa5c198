#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the plugin monitor tells of a capture in which things are missing: each
# kind, with the event that it is about, as often as the limit allows; and no
# heartbeat, for a replay has none.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1
conf() {
	cat >"$tmp/weir.conf" <<-END
	sync = ( { plugin = "process"; }, { plugin = "monitor"; interval = "1s"; $1 },
	         { plugin = "json"; }, { plugin = "stdout"; } );
	END
}
run() {
	conf "$1"
	"$weird" -c "$tmp/weir.conf" --replay "$tmp/cap" >"$tmp/out" 2>"$tmp/err"
	is $? 0 "$1: status"
}
count() { jq -c "select(.type == \"abnormal\" and $1)" "$tmp/out" | wc -l; }

# 400 events within 40 seconds: 100 of each kind.
"$mkcap" "$tmp/cap" 400 100000000 8 odd
run 'limit = 1000;'
is "$(count '.abnormal.error == "truncated" and .abnormal.fields == ["process.args"]')" 100 \
	"arguments that were cut"
is "$(count '.abnormal.error == "no_process" and .abnormal.text == "no key"')" 100 \
	"events without a process"
is "$(count '.abnormal.error == "path_not_resolved" and .abnormal.fields == ["file.path"] and
	.abnormal.text == "unreachable" and .ref.type == "unlink"')" 100 "paths that lead nowhere"
is "$(jq -s 'map(select(.type == "abnormal" and .abnormal.error == "record_refused").abnormal.count) | add' "$tmp/out")" \
	100 "records that were refused"
is "$(jq -rs '(map(select(.type == "exec" or .type == "unlink") | {key: .id, value: .type}) | from_entries) as $t |
	map(select(.type == "abnormal" and .ref.type != "lost")) | map($t[.ref.id] == .ref.type) | all' "$tmp/out")" \
	true "each is about an event that is there"
is "$(jq -rs 'map(select(.type == "abnormal" and .abnormal.error == "truncated").process.pid > 0) | all' "$tmp/out")" \
	true "with its process"
is "$(jq -rs 'map(select(.type == "heartbeat")) | length' "$tmp/out")" 0 "no heartbeat in a replay"

run ''
is "$(count '.abnormal.error == "truncated"')" 10 "ten a minute, by default"
is "$(jq -rs 'map(select(.type == "abnormal").abnormal.suppressed) | map(select(. != null)) | length' "$tmp/out")" \
	0 "none is left to tell what was cut"
rm "$tmp/cap"
"$mkcap" "$tmp/cap" 4000 100000000 8 odd
run ''
is "$(jq -rs 'map(select(.type == "abnormal" and .abnormal.error == "no_process").abnormal.suppressed | select(. != null) | tonumber) | [length, .[0]] | @csv' "$tmp/out")" \
	"6,140" "each minute's first tells what was cut of the one before"
# When a loss is announced depends on the clock of now.
told() { jq -c 'select(.type == "abnormal" and .abnormal.error != "record_refused") | [.ref, .abnormal]' "$tmp/out"; }
before=$(told)
run ''
is "$(told)" "$before" "again: the same"

run 'abnormal = false;'
is "$(count true)" 0 "switched off"
conf 'fields = [ "exec.nosuch" ];'
"$weird" -c "$tmp/weir.conf" --replay "$tmp/cap" >"$tmp/out" 2>"$tmp/err"
ok $((! $?)) "an unknown field: it does not start"
has "$(messages)" 'there is no field exec.nosuch here' "and says why"
done_testing
