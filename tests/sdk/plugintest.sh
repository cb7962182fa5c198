#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weir-plugin-test finds each fault of tests/sdk/faulty.c, and none where none is.
# shellcheck disable=SC1091,SC2154  # lib.sh sets them
. "${WEIR_SRC:?}/tests/sdk/lib.sh" || exit 1
faulty=$WEIR_BUILD/tests/sdk/.libs/faulty.so

# finds FAULT PATTERN ARGUMENT...
finds()
{
	local fault=$1 want=$2
	shift 2
	run "$plugintest" --cycles 0 --option "fault=$fault" "$@" "$faulty" "$sample"
	[ $? = 1 ]
	ok $? "$fault: status"
	has "$tmp/err" "^error: +$want" "$fault: is told"
}

run "$plugintest" "$faulty" "$sample"
ok $? "no fault: nothing is wrong"
has "$tmp/err" '^events +228 .* 228 later, of these 0 too late$' "no fault: events"
has "$tmp/err" '^emitted +228 events$' "no fault: emitted"
has "$tmp/err" '^time +mean [0-9]+ ns, p50 [0-9]+, p99 [0-9]+, max [0-9]+ ' "no fault: times"
run "$plugintest" --cycles 0 --threads 3 --repeat 5 --reload 7 --fail-alloc 5 "$faulty" "$sample"
ok $? "threads, reloads and failing services: nothing is wrong"
has "$tmp/err" '^events +3420 ' "each thread has all events"
has "$tmp/err" '^reloads +486, state adopted in 486$' "and reloads, with state"
has "$tmp/err" '^faults +[1-9][0-9]* of ' "and services that failed"
run "$plugintest" --cycles 0 --fail-alloc 0.5 "$faulty" "$sample"
ok $? "services that fail by chance: nothing is wrong"
run "$plugintest" --cycles 0 --late 0 --print "$faulty" "$sample"
ok $? "all too late: nothing is wrong"
has "$tmp/err" ' 228 later, of these 228 too late$' "all are too late"
has "$tmp/out" '^exec id=[0-9]+ faulty.text=\(timeout\)$' "and say so"
has "$tmp/out" '^faulty_found id=[0-9]+ faulty.text="found"$' "emitted events are printed"
run "$plugintest" --cycles 0 --print "$faulty" "$sample"
has "$tmp/out" '^exec id=[0-9]+ faulty.text="later"$' "what came later is printed"
run "$plugintest" --cycles 0 --sync "$faulty" "$sample"
has "$tmp/err" ' 0 later, ' "--sync: later() gives nothing"

finds record 'changes the record'
finds verdict 'process\(\) answers 9, which is no verdict'
finds status 'field faulty.text has an unknown status'
finds text 'field faulty.text is a text at NULL'
finds log 'logs on the event path'
finds no_later 'process\(\) answers WEIR_LATER without later\(\)'
finds later_continue 'later\(\) was called, but process\(\) does not answer WEIR_LATER'
finds never_done '228 copies of later\(\) never had their done\(\)' --late 0
finds never_sent '228 events of emit\(\) were never sent'
finds emit_number 'emit\(\) of number 1, which is none of its emits'
finds foreign 'sets a field that it does not produce' --before "$WEIR_BUILD/plugins/built/example.so"
run "$plugintest" --cycles 0 --option fault=adopt --reload 9 "$faulty" "$sample"
has "$tmp/err" '^warning: +adopt\(\) refuses \([0-9]+ times\)$' "adopt: is told"
run "$plugintest" --cycles 20 --option fault=descriptor "$faulty" "$sample"
has "$tmp/err" '^error: +descriptors are left open by close\(\)$' "descriptor: is told"
if nm "$plugintest" 2>/dev/null | grep -qE '__(a|t)san_init'; then
	skip "leaks" "a sanitizer has its own malloc"
else
	for fault in leak event_leak; do
		run "$plugintest" --option fault=$fault "$faulty" "$sample"
		has "$tmp/err" '^error: +each cycle leaves about [0-9]+ bytes of memory$' "$fault: is told"
	done
fi

# ---- settings -------------------------------------------------------------------
echo 'sync = ( { plugin = "json"; }, { plugin = "faulty"; fault = "verdict"; events = [ "exec" ]; } );' >"$tmp/x.conf"
run "$plugintest" --cycles 0 --config "$tmp/x.conf" "$faulty" "$sample"
has "$tmp/err" 'answers 9' "--config: its options are taken"
echo 'async = { a = { stages = ( { plugin = "faulty"; fault = "verdict"; } ); }; };' >"$tmp/x.conf"
run "$plugintest" --cycles 0 --config "$tmp/x.conf" "$faulty" "$sample"
has "$tmp/err" 'answers 9' "--config: from an async chain too"
echo 'sync = ( { plugin = "json"; } );' >"$tmp/x.conf"
run "$plugintest" --config "$tmp/x.conf" "$faulty" "$sample"
has "$tmp/err" 'x.conf: has no stage with plugin = "faulty"' "--config: without it"
run "$plugintest" --option fault=nothing "$faulty" "$sample"
has "$tmp/err" 'fault' "--option: a word that is none"
run "$plugintest" --option falt=leak "$faulty" "$sample"
has "$tmp/err" 'unknown option "falt" \(did you mean "fault"\?\)' "--option: a name that is none"

# ---- other kinds ------------------------------------------------------------------
run "$plugintest" --json --fail-alloc 3 --repeat 20 "$WEIR_BUILD/plugins/built/json.so" "$sample"
ok $? "json: each event is an object"
has "$tmp/err" ' encoded, [0-9]+ bytes, ' "json: is counted"
run "$plugintest" "$WEIR_BUILD/plugins/built/stdout.so" "$sample"
ok $? "stdout: writes"
has "$tmp/err" ' 228 delivered, 0 dropped, 0 lost' "stdout: all are delivered"
[ "$(grep -c '^{"event":"' "$tmp/out")" -ge 228 ]
ok $? "stdout: and are there"

# ---- usage ------------------------------------------------------------------------
for bad in "" "x" "--repeat 0 a b" "--fail-alloc 2.5 a b" "--threads 1000 a b" "--frob a b"; do
	# shellcheck disable=SC2086  # words
	run "$plugintest" $bad
	[ $? = 2 ]
	ok $? "usage: \"$bad\""
done
run "$plugintest" "$tmp/none.so" "$sample"
has "$tmp/err" 'none.so: No such file or directory$' "no such plugin"
run "$plugintest" "$WEIR_BUILD/tests/unit/plugins/.libs/nonote.so" "$sample"
has "$tmp/err" 'has no weir note' "no plugin"
run "$plugintest" "$WEIR_BUILD/tests/abi/future/.libs/major2.so" "$sample"
has "$tmp/err" 'ABI 2.0, need 1.x$' "a plugin of another major"
done_testing
