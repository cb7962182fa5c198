#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules that run beside those in force, and how they come in force.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1
mkdir plugins rules rules.shadow
cp "$WEIR_PLUGIN_PATH"/*.so plugins
chmod 755 plugins/*.so
unset WEIR_PLUGIN_PATH
cat >weir.conf <<END
plugins = { path = [ "$tmp/plugins" ]; crashes = ""; };
control = { socket = "$tmp/sock"; };
sync = ( { plugin = "rules"; paths = [ "$tmp/rules" ]; shadow = [ "$tmp/rules.shadow" ]; },
	{ plugin = "json"; }, { plugin = "stdout"; } );
END
# rule FOLDER TITLE [KEY: VALUE]: one that each exec matches
rule() {
	printf 'title: %s\nlogsource: { category: process_creation, product: linux }\ndetection: { s: { %s }, condition: s }\n' \
		"$2" "${3:-Image|exists: true}" >"$1/$2.yml"
}
promote() { "$WEIR_BUILD/weirctl" --socket "$tmp/sock" rules promote "$@" >got 2>ctl.err; }
# comes PATTERN ABOUT: among the last lines, some time
comes() {
	local i
	for ((i = 0; i < 600; i++)); do
		tail -n 100 out | grep -qE -- "$1" && break
		read -rt 0.05 <> <(:)
	done
	[ $i -lt 600 ]
	ok $? "$2"
}
rule rules old
rule rules.shadow new

promote rules.shadow rules
is "$? $(cat got)" '3 ' 'without a sensor: status'
has "$(cat ctl.err)" 'both sets are where they were' 'without a sensor: nothing is changed'
is "$(echo rules/* rules.shadow/*)" 'rules/old.yml rules.shadow/new.yml' 'which is true'

mkfifo feed
"$mkcap" - 16000000 20000 >feed 2>feed.err &
feeder=$!
"$weird" -c weir.conf --replay feed >out 2>err &
sensor=$!
until [ -S sock ] || ! kill -0 $sensor 2>/dev/null; do read -rt 0.05 <> <(:); done
comes '"rules":\[\{"title":"old"' 'the rules in force match'
comes '"rule":\{"name":"old","shadow":\[\{"title":"new","matches":"shadow"\},\{"title":"old","matches":"in_force"\}\]' \
	'what would be different is told'
"$WEIR_BUILD/weirctl" --socket "$tmp/sock" tail --where rule.shadow --count 3 >got
is "$(grep -c '"shadow":\[' got)" 3 'it can be asked for'
has "$(grep '"type":"ruleset"' out | head -n 2)" '"ruleset":\{.*"shadow":true' 'both sets are told'

rule rules.shadow bad 'Nosuch: x'
promote rules.shadow rules
is $? 3 'a set with an error: status'
has "$(cat ctl.err)" '^rules.shadow/bad.yml:3:[0-9]+: error: bad: no field "Nosuch"' 'which is told'
rm rules.shadow/bad.yml
mkdir empty
promote empty rules
is $? 1 'a set without rules: status'
has "$(cat ctl.err)" 'empty: there are no rules in it' 'which is told'
promote rules.shadow nowhere
is $? 1 'a set that is not there: status'
has "$(cat ctl.err)" 'rules.shadow, nowhere: cannot be exchanged: No such file' 'which is told'
promote a b c
is $? 2 'too many words'
is "$(echo rules/* rules.shadow/*)" 'rules/old.yml rules.shadow/new.yml' 'nothing is changed'

promote rules.shadow rules
is $? 0 'the other set comes in force'
has "$(cat got)" 'what was in force is in rules.shadow now' 'and what became of the old one is told'
comes '"rules":\[\{"title":"new"' 'it matches'
comes '"shadow":\[\{"title":"old","matches":"shadow"\}' 'and the old one runs beside it'
cp weir.conf weir.good
echo 'nonsense' >>weir.conf
promote rules.shadow rules
is $? 1 'the reload fails: status'
has "$(cat ctl.err)" 'both sets are where they were' 'the reload fails: both are where they were'
is "$(echo rules/* rules.shadow/*)" 'rules/new.yml rules.shadow/old.yml' 'which is true'
mv weir.good weir.conf
promote rules.shadow rules
is $? 0 'and back'
comes '"rules":\[\{"title":"old"' 'the old ones match again'
kill $sensor
wait $sensor
is $? 0 'the sensor ends'
kill $feeder 2>/dev/null
done_testing
