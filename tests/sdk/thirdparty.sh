#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a company sees that ships a plugin: with nothing but what is installed,
# in an empty folder, to its field in the running sensor's events; then the next
# version of it, by rename, without an event lost.
# WEIR_SDK_DEST: an installed tree to use instead of making one.
# shellcheck disable=SC1091,SC2154  # lib.sh sets them
. "${WEIR_SRC:?}/tests/sdk/lib.sh" || exit 1

dest=${WEIR_SDK_DEST:-$tmp/dest}
if [ -z "${WEIR_SDK_DEST:-}" ]; then
	run make -C "$WEIR_BUILD" install DESTDIR="$dest"
	ok $? "make install"
fi
pc=$(find "$dest" -name weir-plugin.pc | head -n 1)
[ -n "$pc" ] || { echo "Bail out! no weir-plugin.pc"; exit 1; }
prefix=${pc%/*/pkgconfig/weir-plugin.pc}
export PKG_CONFIG_PATH=${pc%/*}
export PKG_CONFIG="pkg-config --define-variable=prefix=$prefix"
var() { $PKG_CONFIG --variable="$1" weir-plugin; }
weirctl=$(var weirctl)
weird=$prefix/sbin/weird
export WEIR_PLUGIN_TEST=$prefix/bin/weir-plugin-test
unset WEIR_PLUGIN_PATH

# The sensor of an installed tree, over a capture that takes a minute to replay.
etc=$tmp/etc/weir plugins=$tmp/plugins
mkdir -p "$etc/conf.d" "$plugins"
cp "$(var pluginsdir)"/*.so "$plugins"
cat >"$etc/weir.conf" <<END
plugins = { path = [ "$plugins" ]; crashes = ""; };
control = { socket = "$tmp/sock"; };
sync = ( { plugin = "process"; }, { plugin = "json"; }, { plugin = "stdout"; } );
END
"$WEIR_BUILD/tests/tools/mkcap" "$tmp/cap" 600000 100000 500
"$weird" -c "$etc/weir.conf" --replay "$tmp/cap" --realtime >"$tmp/events" 2>"$tmp/log" &
sensor=$!
ctl() { run "$weirctl" --socket "$tmp/sock" "$@"; }

# comes PATTERN TEXT: within a while, such a line is among the last events
comes()
{
	local i

	for ((i = 0; i < 400; i++)); do
		tail -n 100 "$tmp/events" | grep -qE -- "$1" && break
		read -rt 0.05 <> <(:)
	done
	[ $i -lt 400 ]
	ok $? "$2"
}
comes '"type":"exec"' 'the sensor runs'

# ---- an empty folder ----------------------------------------------------------
mkdir "$tmp/company" && cd "$tmp/company" || exit 1
run "$weirctl" plugin new --templates "$(var templatedir)" acme
ok $? "weirctl plugin new acme"
cd acme || exit 1
run make
ok $? "make"
run make test
ok $? "make test"
run "$weirctl" plugin verify --any-owner acme.so
ok $? "weirctl plugin verify acme.so"

# ---- into the running sensor ---------------------------------------------------
install -m 755 acme.so "$plugins/"
sed 's,"/tmp/","/",' acme.conf >"$etc/conf.d/50-acme.conf"
kill -HUP $sensor
comes '"type":"exec".*"acme":\{' 'its field is in the events'
ctl plugins
has "$tmp/out" '^acme +[0-9.]+ +enricher' 'weirctl plugins has it'
old=$(awk '$1 == "acme" { print $2 }' "$tmp/out")

# ---- the next version -----------------------------------------------------------
new=9.9
grep -q "\"$old\"" acme.c
ok $? "its version is in the source"
sed -i "s/\"$old\"/\"$new\"/" acme.c
run make
ok $? "make, again"
install -m 755 acme.so "$plugins/.acme.so.new"
mv "$plugins/.acme.so.new" "$plugins/acme.so"
kill -HUP $sensor
for ((i = 0; i < 400; i++)); do
	ctl plugins
	grep -qE "^acme +$new " "$tmp/out" && break
	read -rt 0.05 <> <(:)
done
has "$tmp/out" "^acme +$new +enricher" 'the sensor runs the new version'
comes '"type":"exec".*"acme":\{' 'and its field is still there'

# ---- and nothing is missing ------------------------------------------------------
kill -TERM $sensor
wait $sensor
ok $? 'the sensor ends in order'
run "$WEIR_BUILD/tests/reload/flow" <"$tmp/events"
ok $? 'no number is missing or twice'
has "$tmp/out" '^lost=0$' 'nothing is lost'
has "$tmp/out" '^config=2$' 'both reloads are in the stream'
without=$(grep '"type":"exec"' "$tmp/events" | sed -n '/"acme":/,$p' | grep -cv '"acme":')
[ "$without" = 0 ]
ok $? 'from the first event with its field on, every event has it'

done_testing
