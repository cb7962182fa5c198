#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A service learns and becomes stable; then an intruder acts. Each thing that he does is
# one anomaly, with the reason; a thousand requests as before are none; too
# many anomalies come as a summary; and each replay says the same.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1

request() {	# of a worker, as process $1
	printf 'fork\t2\t%u\nexec\t%u\t/usr/bin/helper\thelper\n' "$1" "$1"
	printf 'ask\t%u\tdb.shop.example\ncreate\t%u\t/srv/cache/entry\t0644\n' "$1" "$1"
	printf 'exit\t%u\n' "$1"
}
before() {
	printf 'cgroup\t50\t/system.slice/shop.service\nfork\t1\t2\nin\t2\t50\n'
	printf 'exec\t2\t/usr/sbin/shop\tshop\n'
	request 10
	printf 'wait\t200000\n'
	request 11
	printf 'wait\t1000000\n'
	# Each type has to be looked at once, to see that it was quiet.
	request 12
}
story() { rm -f cap && "$WEIR_BUILD/tests/tools/mkstory" cap; }
conf() {
	cat >conf <<-EOF
		control = { socket = "$tmp/sock"; };
		sync = ( { plugin = "process"; }, { plugin = "container"; }, { plugin = "profile"; },
			{ plugin = "anomaly"; $1 }, { plugin = "json"; }, { plugin = "stdout"; } );
	EOF
}
run() { "$weird" -c conf --replay cap >out 2>err; }
reasons() { jq -r 'select(.type == "anomaly").anomaly.reason' out; }

conf ''
{ before; for ((i = 0; i < 1000; i++)); do request $((100 + i % 800)); done; } | story
run
is $? 0 'status'
is "$(jq -r 'select(.type == "exec" and .process.exe.path == "/usr/bin/helper").profile | .name + " " + .version' out |
	sort | uniq -c | awk '{ $1 = $1 }; 1')" '1003 unit:shop.service latest' 'the profile of a service'
is "$(jq -r 'select(.type == "exec" and .process.exe.path == "/usr/bin/helper").profile.state' out |
	head -n 3 | tr '\n' ' ')" 'warming_up learning stable ' 'it becomes stable'
is "$(reasons)" '' 'a thousand requests: no anomaly'

{
	before
	printf 'fork\t2\t20\nexec\t20\t/bin/sh\tsh\t-c\tid\n'
	printf 'create\t20\t/tmp/dropped\t0755\n'
	printf 'ask\t20\tevil.example\n'
	printf 'create\t2\t/etc/cron.d/shop\t0644\n'
	printf 'create\t2\t/srv/cache/other\t0644\n'
	printf 'exec\t20\t/bin/sh\tsh\t-c\tls\n'
	for ((i = 0; i < 1000; i++)); do request $((100 + i % 800)); done
} | story
run
is "$(reasons)" 'shop (unit shop.service) has never run /bin/sh; its parent shop has run 1 program in 20 minutes
sh, which shop (unit shop.service) has never run, created or changed /tmp/dropped
sh, which shop (unit shop.service) has never run, asked for evil.example type 1
shop (unit shop.service) has never created or changed /etc/cron.d/shop; it is new after 4 file events in 20 minutes' \
	'each thing that an intruder does is told once, and why'
is "$(jq -rs '(map(select(.type == "exec" or .type == "create" or .type == "dns_query")) | map({(.id): .type}) | add) as $t |
	map(select(.type == "anomaly")) | map($t[.ref.id] == .ref.type) | all' out)" true 'with the event that shows it'
told=$(jq -c 'select(.type == "anomaly") | [.ref, .anomaly]' out)
run
is "$(jq -c 'select(.type == "anomaly") | [.ref, .anomaly]' out)" "$told" 'again: the same'

conf 'limit = 5;'
{
	before
	for ((i = 0; i < 20; i++)); do printf 'fork\t2\t%u\nexec\t%u\t/bin/p%u\tp\n' $((20 + i)) $((20 + i)) "$i"; done
	printf 'wait\t61000\n'
	request 13
} | story
run
is "$(reasons | wc -l)" 5 'so many a minute'
is "$(jq -c 'select(.type == "anomaly_summary").anomaly | [.type, .cut, (.cut_kinds | map(.kind, .first))]' out)" \
	'["exec",15,["program","/bin/p5"]]' 'then a summary of what was cut'

# ---- rules that are not told of what is in profile --------------------------------------
mkdir rules
rule() { printf 'title: %s\nlogsource: { category: exec, service: weir }\ndetection: { s: { process.exe.path|endswith: %s }, condition: s }\n%s\n' "$@"; }
rule Helper /helper 'weir: { unless_in_profile: true }' >rules/a.yml
rule Sh /sh 'weir: { unless_in_profile: true }' >rules/b.yml
rule Any e 'level: low' >rules/c.yml
rule_conf() {
	cat >conf <<-EOF
		control = { socket = "$tmp/sock"; };
		sync = ( { plugin = "process"; }, { plugin = "container"; }, $1, { plugin = "json"; }, { plugin = "stdout"; } );
	EOF
}
rules='{ plugin = "rules"; paths = [ "rules" ]; shadow = [ ]; }'
rule_conf "{ plugin = \"profile\"; }, $rules"
{ before; printf 'fork\t2\t20\nexec\t20\t/bin/sh\tsh\n'; } | story
run
is "$(jq -r 'select(.type == "exec" and .process.exe.path == "/usr/bin/helper") | .profile.state + " " + (.rules // [] | map(.title) | join(",")) + " " + (.rule.suppressed // [] | join(","))' out)" \
	'warming_up Helper 
learning Helper 
stable  Helper' 'a rule is not told of what a stable profile knows'
is "$(jq -r 'select(.type == "exec" and .process.exe.path == "/bin/sh").rules | map(.title) | join(",")' out)" Sh 'but of what it does not know'
rule_conf "$rules, { plugin = \"profile\"; }"
run
has "$(cat err)" 'rules with `unless_in_profile` are always told: the stage does not stand behind profile' 'in the wrong place it warns'
is "$(jq -r 'select(.rule.name == "Helper").rule.name' out | wc -l)" 3 'and tells all'
rule Bad /x 'weir: { unless_in_profile: true, action: block }' >bad.yml
has "$("$WEIR_BUILD/weirctl" rules check bad.yml 2>&1)" 'bad.yml:4:[0-9]+: error: Bad: `unless_in_profile` is for rules that observe' 'what blocks cannot ask'
done_testing
