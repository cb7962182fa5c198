#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reloads while processes start and end at full speed: no event is missing or
# twice, every exec is amended once, in order; and an upgrade of a plugin.
# shellcheck source=tests/live/lib.sh disable=SC2154
. "$WEIR_SRC/tests/live/lib.sh"
N=${WEIR_LIVE_RELOADS:-60}
STORM=100
mkdir "$T/plugins" "$T/conf.d"
cp "$WEIR_PLUGIN_PATH"/*.so "$WEIR_BUILD"/tests/reload/.libs/{flaky,late}.so "$T/plugins"
chmod 755 "$T"/plugins/*.so
unset WEIR_PLUGIN_PATH
cat >"$T/conf.d/reload.conf" <<END
control = { socket = "$T/sock"; };
plugins = { path = [ "$T/plugins" ]; crashes = ""; };
sync = ( { plugin = "flaky"; after = "process"; } );
async = { work = { overflow = "block"; block = "10s";
	stages = ( { plugin = "late"; events = [ "exec" ]; } ); }; };
END
flow=$WEIR_BUILD/tests/reload/flow
reloader=$WEIR_BUILD/tests/reload/reloader
ctl() { "$WEIR_BUILD/weirctl" --socket "$T/sock" "$@"; }

sensor_start reload
# variant NAME SED-EXPRESSION: another drop-in
variant() { sed "$2" "$T/conf.d/reload.conf" >"$T/$1"; }
variant same ''
variant option 's/plugin = "flaky";/& tag = 1;/; s/plugin = "late";/& tag = 2;/'
variant queue 's/overflow/workers = 2; &/'
variant more 's/stages = (/& { plugin = "example"; events = [ "exec" ]; },/'
variant option.bad 's/plugin = "flaky";/& nosuch = 1;/'
variant open.bad 's/plugin = "late";/& fail = "open";/'
variant adopt.bad 's/plugin = "flaky";/& fail = "adopt";/'
variants=()
for v in same option queue more option.bad open.bad adopt.bad; do
	variants+=("$T/$v")
done

"$reloader" "$T/sock" "$T/conf.d/reload.conf" "$N" "${variants[@]}" >"$T/reloader" &
reloading=$!
storms=0
while kill -0 $reloading 2>/dev/null; do
	"$ACT" "storm$storms" storm $STORM "$ACT" act stormed nothing || check "storm" false
	storms=$((storms + 1))
done
wait $reloading
check "$N reloads are taken or refused as they have to be" is $? 0
sed 's/^/# /' "$T/reloader"
check "descriptors have not grown" is "$(sed -n 's/^fd_growth=//p' "$T/reloader")" 0
echo "# $((storms * STORM)) processes meanwhile"

# ---- a plugin is upgraded: by rename, while events come
cp "$T/same" "$T/conf.d/reload.conf"
check "a reload from weirctl" ctl reload
cp "$T/plugins/example.so" "$T/plugins/.new"
cat >"$T/conf.d/upgrade.conf" <<<'sync = ( { plugin = "example"; uids = [ "0" ]; } );'
kill -HUP "$sensor"
check "SIGHUP: the new field is in the events" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=config config.trigger=signal outcome=success"
"$ACT" marked mkdir "$T/marked" 755
check "and in what happens then" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=exec process.args.1=marked example.watched=true"
mv "$T/plugins/.new" "$T/plugins/example.so"
ctl reload >"$T/upgraded"
check "a file that was renamed over it, of the same build: nothing changes" \
	grep -qE '^sync +example +example +1.0 +kept' "$T/upgraded"

# ---- a stage of the event path never returns: its thread is lost, no event is ----
sed 's/crashes/stall = "2s"; &/; s/plugin = "flaky";/& block = "process";/' "$T/same" \
	>"$T/conf.d/reload.conf"
check "a stage that will block is put in force" ctl reload
"$ACT" blocked storm $STORM "$ACT" act stormed nothing || check "storm" false
storms=$((storms + 1))
check "events go on without it" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=stage stage.state=stuck stage.name=flaky"
cp "$T/same" "$T/conf.d/reload.conf"
check "a reload brings it back" ctl reload

sensor_stop reload
check "every process that was started is there" is \
	"$(count "type=exec process.args.1=stormed")" $((storms * STORM))
"$flow" --exact <"$OUT" >"$T/flow"
check "no number is missing or twice, every exec is amended once, in order" is $? 0
sed 's/^/# /' "$T/flow"
tap "$EXPECT" --complete "$OUT"
plan
