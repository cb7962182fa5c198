#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real sensor with the stages example and variables: what a program gets when it is
# started, all have that it starts, and each replay says the same.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1

"$WEIR_BUILD/tests/tools/mkstory" cap <<'END' || exit 1
fork	1	2
exec	2	/tmp/watched	watched
fork	2	3
exec	3	/bin/sh	sh
fork	3	4
exec	4	/bin/true	true
exec	1	/bin/other	other
exit	4
exit	2
exec	3	/bin/late	late
END

# conf OPTIONS FILE
conf() {
	cat >"$2" <<-EOF
		control = { socket = "$tmp/sock"; };
		sync = ( { plugin = "process"; }, { plugin = "example"; variable = "tag"; },
			{ plugin = "variables"; $1 }, { plugin = "json"; }, { plugin = "stdout"; } );
	EOF
}
run() { "$weird" -c "$1" --replay cap >out 2>err; }
# Each exec's program and what it has.
tags() {
	jq -r 'select(.type == "exec") | (.process.args[0] // "?") + " " +
		((.variables.process // []) | map(.name + ":" + .type + "=" + .value) | join(","))' out
}

conf '' plain
run plain
is $? 0 'status'
is "$(tags)" 'watched tag:string=watched
sh tag:string=watched
true tag:string=watched
other 
late tag:string=watched' 'a program, its child and that one'"'"'s child'
is "$(jq -r 'select(.type == "exit") | .variables.process[0].value' out | xargs)" \
	'watched watched' 'their ends have it'
is "$(grep -c set_variables out)" 0 'the order itself is not shown'
is "$(jq -c '.variables.global' out | sort -u)" null 'there is nothing else'
cp out first
run plain
is "$(cmp first out && echo same)" same 'a replay says the same again'

conf 'define = [ "site string berlin", "nets ip[] 10.0.0.1,::1" ];' constants
run constants
is "$(jq -c '.variables.global' out | sort -u)" \
	'[{"name":"site","type":"string","value":"berlin"},{"name":"nets","type":"ip[]","values":["10.0.0.1","::1"]}]' \
	'constants are in each event'
conf 'define = [ "site strin berlin" ];' bad
run bad
is $? 1 'a definition without a type: status'
has "$(messages)" 'variables: define: "site strin berlin": "strin" is no type; there are bool, int, string, ip, and lists' \
	'and message'
done_testing
