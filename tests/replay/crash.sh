#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin that crashes the sensor, or takes too long: what the next start
# does, and what events say of it.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1
weirctl=$WEIR_BUILD/weirctl
mkdir plugins
cp "$WEIR_PLUGIN_PATH"/*.so "$WEIR_BUILD"/tests/reload/.libs/{flaky,late}.so plugins
chmod 755 plugins/*.so
unset WEIR_PLUGIN_PATH
# The sanitizer's own handler would stand in our place.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0" TSAN_OPTIONS="${TSAN_OPTIONS:-}:handle_segv=0"

# config FLAKY-SETTINGS [LATE-SETTINGS]
config() {
	cat >weir.conf <<-END
	plugins = { path = [ "$tmp/plugins" ]; crashes = "$tmp/crashes"; };
	control = { socket = "$tmp/sock"; };
	sync = ( { plugin = "flaky"; $1 }, { plugin = "json"; }, { plugin = "stdout"; } );
	async = { work = { stages = ( { plugin = "late"; ${2:-} } ); }; };
	END
}
replay() {
	ulimit -c 0
	"$weird" -c weir.conf --replay "$@" >out 2>err
}
"$mkcap" cap 200

# ---- crash: twice is enough -----------------------------------------------------
pid=$(config '' && replay cap && sed -n 's/.*"process":{"key":"[0-9]*","start":"[^"]*","pid":\([0-9]*\).*/\1/p' out | sed -n 100p)
[ -n "$pid" ]
ok $? "a capture with process $pid in its middle"
config "crash = $pid;"
for i in 1 2; do
	replay cap
	is $? 139 "crash $i: the sensor dies of it"
	has "$(messages)" "^error: plugin flaky \\(build [0-9a-f]+, instance sync/flaky\\) crashed in process of an exec event: SIGSEGV at 0x8" \
		"crash $i: and says of what"
done
replay cap
is $? 0 'the third start leaves it out'
has "$(messages)" '^warning: weir.conf:3: flaky: plugin flaky is in quarantine and is left out: it crashed the daemon 2 times since .*, last in process of an exec event' 'and says so'
is "$(grep -c '^{"type":"exec"' out)" 200 'all events are there'
is "$(grep -c '^{"type":"exec".*"skipped":\["flaky.n"\]' out)" 200 'without its field, which they say'
has "$(cat out)" '"type":"stage".*"stage":\{"state":"quarantined","chain":"sync","name":"flaky","plugin":"flaky 1.0","reason":"crashed the daemon' \
	'and an event'
config "crash = $pid; required = true;"
replay cap
is $? 2 'a stage that is required is not left out'
has "$(messages)" '^error: .*: flaky: plugin flaky is in quarantine and the stage is required: ' 'but refused'

# ---- a poisoned event: the build is let out, the event is kept from it -------------
config "crash = $pid;"
"$mkcap" slow 200 1000000000
"$weird" -c weir.conf --replay slow --realtime >out 2>err &
sensor=$!
until [ -S sock ] || ! kill -0 $sensor 2>/dev/null; do read -rt 0.05 <> <(:); done
is "$("$weirctl" --socket sock release flaky)" 'flaky: 2 released from quarantine' 'weirctl release'
kill -TERM $sensor
wait $sensor
replay cap
is $? 139 'what is forgiven is tried again'

# ---- in an async chain ---------------------------------------------------------------
rm -f crashes
config '' "crash = $pid;"
for i in 1 2; do
	replay cap
	has "$(messages)" 'instance work/late\) crashed in process' "async, crash $i"
done
replay cap
is $? 0 'async: left out'
is "$(grep -c '^{"type":"exec"' out)" 200 'async: all events are there'

# ---- a ledger that is none ---------------------------------------------------------------
head -c 4096 /dev/urandom >crashes
config ''
replay cap
is $? 0 'a damaged ledger is no reason not to start'
has "$(messages)" '^warning: crash ledger TOP/crashes: ' 'but is told'
[ -e crashes.bad ]
ok $? 'and put aside'

# ---- over budget ----------------------------------------------------------------------------
rm -f crashes
config 'slow = "1ms"; budget = "50us";'
"$mkcap" cap2 12000 500000 500
"$weird" -c weir.conf --replay cap2 --realtime >out 2>err
is $? 0 'over budget: it ends in order'
has "$(cat out)" '"stage":\{"state":"over_budget","chain":"sync","name":"flaky"' 'an event tells of it'
has "$(cat out)" '"stage":\{"state":"bypassed","chain":"sync","name":"flaky"' 'then it is passed over'
[ "$(grep -c '"type":"exec".*"skipped":\["flaky.n"\]' out)" -gt 1000 ]
ok $? 'which events say'
is "$(grep -c '^{"type":"exec"' out)" 12000 'all are there'
config 'slow = "1ms"; budget = "50us"; required = true;'
head -c 3000000 cap2 >cap3
"$weird" -c weir.conf --replay cap3 --realtime >out 2>err
is "$(grep -c '"skipped"' out)" 0 'a stage that is required is reported only'

done_testing
