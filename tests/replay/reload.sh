#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: reload.sh [N]
# N reloads (1,000) while events come as fast as they are taken: every event is
# there once, the amendments of a process in order, and nothing grows. Then each
# way to fail, and plugins that never return.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
sanitized() { grep -qaE '__(asan|tsan)_init' "$weird"; }
reloads=${1:-${WEIR_RELOADS:-$(sanitized && echo 96 || echo 1000)}}
weirctl=$WEIR_BUILD/weirctl
flow=$WEIR_BUILD/tests/reload/flow
reloader=$WEIR_BUILD/tests/reload/reloader

mkdir "$tmp/plugins"
cp "$WEIR_PLUGIN_PATH"/*.so "$tmp/plugins"
cp "$WEIR_BUILD"/tests/reload/.libs/{flaky,late}.so "$tmp/plugins"
chmod 755 "$tmp"/plugins/*.so
unset WEIR_PLUGIN_PATH
conf=$tmp/weir.conf
sock=$tmp/sock

# Under load a machine has its own idea of time; where time is tested, it is short.
limits='open = "60s"; drain = "60s";'

# config FILE ASYNC-SETTINGS ASYNC-STAGES SYNC-STAGES [REST]
config() {
	cat >"$1" <<-END
	control = { socket = "$sock"; };
	plugins = { path = [ "$tmp/plugins" ]; crashes = ""; };
	reload = { $limits };
	sync = ( { plugin = "process"; }, $4 { plugin = "json"; }, { plugin = "stdout"; } );
	async = { work = { overflow = "block"; block = "10s"; $2
		stages = ( $3 ); }; };
	${5:-}
	END
}
base='{ plugin = "late"; }'
sync='{ plugin = "flaky"; },'
config "$tmp/same" '' "$base" "$sync"
config "$tmp/option" '' '{ plugin = "late"; tag = 1; }' '{ plugin = "flaky"; tag = 1; },'
config "$tmp/table" '' "$base" "$sync"
sed -i 's/plugin = "process";/& max_ancestors = 20;/' "$tmp/table"
config "$tmp/queue" 'workers = 3; queue = 1024;' "$base" "$sync"
config "$tmp/more" '' '{ plugin = "late"; }, { plugin = "example"; paths = [ "/" ]; }' "$sync"
config "$tmp/filter" 'filter = "process.pid >= 0";' "$base" "$sync"
echo 'sync = ( { plugin = "json"; }, ;' >"$tmp/parse.bad"
config "$tmp/unknown.bad" '' '{ plugin = "late"; nosuch = 1; }' "$sync"
config "$tmp/load.bad" '' '{ plugin = "nowhere"; }' "$sync"
config "$tmp/open.bad" '' '{ plugin = "late"; fail = "open"; }' '{ plugin = "flaky"; tag = 7; },'
config "$tmp/adopt.bad" '' "$base" '{ plugin = "flaky"; fail = "adopt"; },'
config "$tmp/adopt2.bad" '' '{ plugin = "late"; fail = "adopt"; }' '{ plugin = "flaky"; tag = 3; },'

value() { sed -n "s/^$1=//p" "$2"; }

# start CONFIG FEED...: the sensor over what the command FEED prints
start() {
	cp "$1" "$conf"
	shift
	rm -f "$sock" "$tmp/feed"
	mkfifo "$tmp/feed"
	"$@" >"$tmp/feed" 2>"$tmp/feed.err" &
	feeder=$!
	"$weird" -c "$conf" --replay "$tmp/feed" 2>"$tmp/err" >"$tmp/out" &
	sensor=$!
	until [ -S "$sock" ] || ! kill -0 "$sensor" 2>/dev/null; do
		read -rt 0.05 <> <(:)
	done
}
ctl() { "$weirctl" --socket "$sock" "$@"; }

# ---- under load -------------------------------------------------------------

# The feed has no end; the sensor is told to stop when the reloads are done.
mkfifo "$tmp/pipe"
"$flow" --exact <"$tmp/pipe" >"$tmp/flow" &
flowing=$!
rm -f "$tmp/out"
ln -s pipe "$tmp/out"
start "$tmp/same" "$mkcap" - 16000000 0 500
variants=()
for v in same option table queue more filter parse.bad unknown.bad load.bad open.bad \
	adopt.bad adopt2.bad; do
	variants+=("$tmp/$v")
done
"$reloader" "$sock" "$conf" "$reloads" "${variants[@]}" >"$tmp/reloader"
ok $? "$reloads reloads are taken or refused as they have to be"
sed 's/^/# /' "$tmp/reloader"
kill -TERM "$sensor"
wait "$sensor"
ok $? 'the sensor ends in order'
kill "$feeder" 2>/dev/null
wait "$flowing"
ok $? 'every event is there once and amended once, in the order of its process'
sed 's/^/# /' "$tmp/flow"
is "$(value gaps "$tmp/flow") $(value repeated "$tmp/flow") $(value lost "$tmp/flow")" \
	'0 0 0' 'no number is missing or twice, nothing is lost'
is "$(value disorder "$tmp/flow") $(value twice "$tmp/flow")" '0 0' 'in order'
# It counts config events too, but those are not printed with its number.
counted=$(value state "$tmp/flow") exec=$(value exec "$tmp/flow")
[ "$counted" -ge "$exec" ] && [ "$counted" -le $((exec + reloads)) ]
ok $? "what a plugin counts goes on over all reloads ($counted, $exec events)"
is "$(value config "$tmp/flow")" "$reloads" 'each reload is an event'
refused=0
for ((i = 0; i < reloads; i++)); do
	[[ ${variants[i % ${#variants[@]}]} != *.bad ]] || refused=$((refused + 1))
done
is "$(value refused "$tmp/flow")" "$refused" 'so is each that was refused'
growth=$(value rss_growth_kib "$tmp/reloader")
# What waits in queues comes and goes; a leak of a KiB a reload would show.
if sanitized; then
	ok 0 'memory has not grown # SKIP a sanitizer keeps what is freed'
else
	[ "${growth:-99999}" -lt $((32768 + reloads / 2)) ]
	ok $? "memory has not grown ($growth KiB)"
fi
is "$(value fd_growth "$tmp/reloader")" 0 'nor descriptors'
is "$(value draining "$tmp/reloader")" 0 'all that was replaced has ended in time'
rm -f "$tmp/out"

# ---- plugins that never return ------------------------------------------------

# run_with CONFIG: a steady stream; its lines go to $tmp/out
run_with() {
	: >"$tmp/out"
	start "$1" "$mkcap" - 16000000 20000
	passes 'the stream has begun'
}

# passes ABOUT: more lines come
passes() {
	local have i
	have=$(wc -l <"$tmp/out")
	for ((i = 0; i < 200; i++)); do
		[ "$(wc -l <"$tmp/out")" -gt $((have + 100)) ] && break
		read -rt 0.05 <> <(:)
	done
	[ "$i" -lt 200 ]
	ok $? "$1"
}

# comes PATTERN ABOUT: a line like it
comes() {
	local i
	for ((i = 0; i < 400; i++)); do
		tail -n 200 "$tmp/out" | grep -qE -- "$1" && break
		read -rt 0.05 <> <(:)
	done
	[ "$i" -lt 400 ]
	ok $? "$2"
}

# try CONFIG STATUS PATTERN ABOUT: a reload, its answer and how long it took
try() {
	local t=${EPOCHREALTIME/./} text rc
	cp "$1" "$conf.new"
	mv "$conf.new" "$conf"
	text=$(ctl reload 2>&1)
	rc=$?
	t=$(((${EPOCHREALTIME/./} - t) / 1000))
	is "$rc" "$2" "$4: status"
	has "$text" "$3" "$4: answer"
	[ "$t" -lt 4000 ]
	ok $? "$4: answered in time ($t ms)"
	passes "$4: events pass"
}

stop() {
	kill -TERM "$sensor"
	wait "$sensor"
	is $? 0 "$1: the sensor ends"
	messages | tail -n 20 | sed 's/^/# /'
	kill "$feeder" 2>/dev/null
	wait "$feeder" 2>/dev/null
}

limits='open = "1s"; drain = "500ms";'
config "$tmp/same" '' "$base" "$sync"
config "$tmp/option" '' '{ plugin = "late"; tag = 1; }' '{ plugin = "flaky"; tag = 1; },'
config "$tmp/blocks.bad" '' "$base" '{ plugin = "flaky"; block = "open"; },'
config "$tmp/inproc" 'overflow = "drop_newest"; queue = 64;' '{ plugin = "late"; block = "process"; }' "$sync"
sed -i 's/overflow = "block"; block = "10s";//' "$tmp/inproc"
config "$tmp/inclose" '' '{ plugin = "late"; block = "close"; }' "$sync"
config "$tmp/inclose2" '' "$base" '{ plugin = "flaky"; block = "close"; },'

run_with "$tmp/same"
try "$tmp/blocks.bad" 1 'flaky: plugin flaky has not returned from open after 1000 ms' 'blocked in open'
has "$(ctl status)" '^reload +running no, done 0, failed 1$' 'the old configuration is in force'
try "$tmp/inproc" 0 'late +late +1.0 +' 'a plugin that blocks in process is put in force'
try "$tmp/same" 0 'stage late has been in process for' 'and replaced'
has "$(ctl stats)" '^chain work: .* passed [1-9]' 'what replaced it works'
try "$tmp/option" 0 'late +late +1.0 +adopted' 'later reloads are as ever'
stop 'with a call that never returns'
has "$(messages)" '^error: left behind: ' 'and says so'

run_with "$tmp/inclose"
try "$tmp/same" 0 'work/late: has not returned from close' 'blocked in close'
try "$tmp/inclose2" 0 'flaky +flaky +1.0 +adopted' 'the next one'
try "$tmp/same" 0 'has not returned from close' 'and one in the sync chain'
stop 'with two that hang in close'

# In the sync chain a call that never returns stops the stream, for `stall`.
config "$tmp/insync" '' "$base" '{ plugin = "flaky"; block = "process"; },'
sed -i 's/crashes = "";/& stall = "1s";/' "$tmp/insync" "$tmp/same"
run_with "$tmp/same"
try "$tmp/insync" 0 'flaky +flaky +1.0 +adopted' 'blocked in the sync chain'
comes '"type":"exec".*"skipped":\["flaky.n"\]' 'the stage is left out, which events say'
has "$(ctl status)" 'stage sync/flaky is stuck' 'and the status'
try "$tmp/same" 0 'flaky +flaky +1.0 +cold' 'a reload brings it back'
comes '"type":"exec".*"flaky":\{"n"' 'it works'
stop 'with a thread left'
"$flow" <"$tmp/out" >"$tmp/flow"
ok $? 'every event is there once, those around the call too'
sed 's/^/# /' "$tmp/flow"
is "$(value stage "$tmp/flow") $(value lost "$tmp/flow")" '1 0' 'it was an event; nothing is lost'

# Two of them, one behind the other.
config "$tmp/two" '' '{ plugin = "example"; }' \
	'{ plugin = "flaky"; block = "process"; }, { plugin = "late"; block = "process"; },'
sed -i 's/crashes = "";/& stall = "1s";/' "$tmp/two"
run_with "$tmp/same"
try "$tmp/two" 0 'flaky +flaky +1.0 +adopted' 'two that block'
comes '"type":"exec".*"skipped":\["flaky.n","late.n"\]' 'both are left out'
stop 'with two threads left'
"$flow" <"$tmp/out" >"$tmp/flow"
ok $? 'every event is there once'
is "$(value stage "$tmp/flow") $(value lost "$tmp/flow")" '2 0' 'two events tell of it; nothing is lost'

# A reader that takes a break is no plugin that does not return.
mkfifo "$tmp/reader"
"$mkcap" "$tmp/cap" 20000 1000 500
sed 's/{ plugin = "stdout"; }/{ plugin = "stdout"; policy = "block"; }/' "$tmp/same" >"$conf"
"$weird" -c "$conf" --replay "$tmp/cap" >"$tmp/reader" 2>"$tmp/err" &
sensor=$!
{
	read -r first
	read -rt 3 <> <(:)
	printf '%s\n' "$first"
	cat
} <"$tmp/reader" >"$tmp/out"
wait "$sensor"
is $? 0 'a reader that takes a break: the sensor ends in order'
messages | sed 's/^/# /'
"$flow" --exact <"$tmp/out" >"$tmp/flow"
ok $? 'and everything is there'
is "$(value exec "$tmp/flow") $(value stage "$tmp/flow")" '20000 0' 'no stage was taken for stuck'

done_testing
