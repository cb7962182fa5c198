#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real sensor, with plugins in processes of their own: what comes out is
# what comes out without; a process that is killed is replaced.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
export WEIR_PLUGIN_HOST=$WEIR_BUILD/weir-plugin-host
cd "${tmp:?}" || exit 1
# The process may be another user's, who cannot look into the build folder.
mkdir "$tmp/plugins" && chmod 755 "$tmp" && cp "$WEIR_PLUGIN_PATH"/*.so "$tmp/plugins/"

conf() { # SETTING FILE
	cat >"$2" <<-EOF
		plugins = { path = [ "$tmp/plugins" ]; crashes = "$tmp/crashes"; };
		control = { socket = "$tmp/$2.sock"; };
		sync = ( { plugin = "process"; }, { plugin = "json"; }, { plugin = "stdout"; $1 } );
		async = { marks = { queue = 65536;
			stages = ( { plugin = "example"; paths = [ "/" ]; $1 } ); }; };
	EOF
}

amendments() {
	jq -cS 'select(.type == "amendment") | del(.time, .monotonic_ns, .id, .seq)' "$1" | sort
}

children() {
	local list
	list=$(cat /proc/"$1"/task/*/children 2>/dev/null)
	tr ' ' '\n' <<<"$list" | sed '/^$/d'
}

conf '' none
conf 'isolation = "process";' process
"$mkcap" "$tmp/cap" 500 20000
for how in none process; do
	"$weird" -c "$how" --replay "$tmp/cap" -v >"$tmp/$how.out" 2>"$tmp/err"
	is $? 0 "$how: status"
	is "$(wc -l <"$how.out")" 1000 "$how: lines"
done
is "$(messages | grep -c 'runs as process')" 2 'two processes'
is "$(amendments process.out | md5sum)" "$(amendments none.out | md5sum)" 'the same amendments'
is "$(jq -r 'select(.type == "exec") | .seq' process.out | md5sum)" \
	"$(jq -r 'select(.type == "exec") | .seq' none.out | md5sum)" 'the same events, in order'

# begun N: until so many processes have begun, or the sensor has ended.
begun() {
	until [ "$(grep -c 'runs as process' "$tmp/err")" -ge "$1" ] || ! kill -0 $pid 2>/dev/null; do
		read -rt 0.05 <> <(:)
	done
}

# A stream that goes on for as long as the test needs: before they are killed,
# while there are none, and with the new ones.
"$mkcap" "$tmp/long" 600
third=$(($(stat -c %s "$tmp/long") / 3))
mkfifo "$tmp/feed"
"$weird" -c process --replay "$tmp/feed" -v >"$tmp/out" 2>"$tmp/err" &
pid=$!
exec 8>"$tmp/feed"
head -c $third "$tmp/long" >&8
begun 2
victims=$(children $pid)
is "$(wc -w <<<"$victims")" 2 'two children'
for p in $victims; do kill -KILL "$p"; done
tail -c +$((third + 1)) "$tmp/long" | head -c $third >&8
begun 4
has "$(messages)" '^error: marks/example: process [0-9]+: signal 9' 'the log says how it died'
tail -c +$((2 * third + 1)) "$tmp/long" >&8
exec 8>&-
wait $pid
is $? 0 'the sensor goes on to its end'
is "$(jq -r 'select(.type == "exec") | .seq' "$tmp/out" | sort -nu | wc -l)" 600 \
	'no event is missing'
is "$(jq -r 'select(.type == "stage") | .stage.name + " " + .stage.state' "$tmp/out" | sort | xargs)" \
	'example crashed example running stdout crashed stdout running' 'events say so'
is "$(for p in $victims; do [ -e /proc/"$p" ] && echo "$p"; done)" '' 'no process is left'
done_testing
