#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weirctl profile rules: rules load, match what a profile does not know and nothing else, and
# have the same ids wherever they are made; names are what they are, whatever is in them.
# shellcheck disable=SC1091,SC2154  # profile-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/profile-lib.sh" || exit 1
weirctl=$WEIR_BUILD/weirctl
net='\x02\x06\x18\x0a\x01\x02'	# TCP, 10.1.2.0/24

shop() {
	line state v1 exec stable "$(at 100)"
	line state v1 file stable "$(at 100)"
	line state v1 dns learning "$(at 100)"
	node 1 2 0 /usr/sbin/shop 0 2 v1 3 0 60
	node 2 3 0 srv 0 0
	node 3 3 0 cache 0 0
	node 4 3 0 entry 3 4 v1 5 10 20
	node 4 3 0 read 1 4 v1 5 10 20
	node 4 4 0 'log-*.txt' 2 4 v1 5 10 20
	node 4 3 0 "it's: [x]? #\\" 6 4 v1 5 10 20
	node 4 3 0 'new\x0aline\xc2\x85' 2 4 v1 5 10 20
	node 4 3 0 'bad\xff' 2 4 v1 5 10 20
	node 2 3 0 proc 0 0
	node 3 3 0 self 0 0
	node 4 3 0 oom_score_adj 2 4 v1 1 1 1
	node 2 8 1 db.shop.example 0 4 v1 7 10 70
	node 2 8 1 localhost 0 4 v1 7 10 70
	node 2 9 443 "$net" 0 4 v1 7 10 70
	node 2 9 80 "$net" 0 4 v1 7 10 70
	node 2 10 0 '\x02\x06\x00' 0 4 v1 7 10 70
	node 2 10 8080 '\x02\x06\x00' 0 4 v1 7 10 70
	node 2 11 0 /@shop 0 4 v1 7 10 70
	node 2 12 15 /bin/sh 0 4 v1 7 10 70
	node 2 14 0 overlay 0 4 v1 7 10 70
	node 2 16 0 'tmpfs at /srv/mnt*' 0 4 v1 7 10 70
	node 2 2 0 /usr/bin/helper 0 4 v1 1 20 20
	node 2 2 0 '/bin/busybox ls' 0 4 v1 1 20 20
	node 3 17 0 /opt/run.sh 0 4 v1 1 20 20
}
shop | make shop.profile unit:shop.service "$(at 2000)"
run rules -o rules.yml shop.profile
is "$status $(cat out err)" '0 ' 'rules of a profile'
"$weirctl" rules check --json rules.yml >out 2>err
is "$? $(cat err) $(jq -c '[.summary.rules, .summary.refused, .diagnostics]' out)" '0  [15,0,[]]' 'which nothing is wrong with'
is "$(jq -r '.rules[] | .id' out | sort -u | wc -l)" 15 'each has an id of its own'
is "$(sed -n 's/^id: //p' rules.yml | head -n 1)" \
	f28d5a61-18d5-8e66-abfe-2f14f90c8f27 'the same for ever'
is "$(grep -c '^status: test$' rules.yml) $(grep -c '^weir: { action: observe }$' rules.yml)" '5 15' \
	'they observe, and say of which types the profile is sure'
has "$(cat rules.yml)" '# left out, it is no UTF-8: /srv/cache/bad\\xff$' 'and what they could not have'
has "$(cat rules.yml)" '^# No rule: nothing of type credentials was recorded.$' 'and what there is none of'

# events TYPE FIELDS...: a line for each, of the workload; FIELDS as jq has them
events() {
	local type=$1
	shift
	for fields in "$@"; do
		jq -cn --arg type "$type" '{event: ({type: $type, systemd: {unit: "shop.service"}, container: {runtime: "none"},
			process: {exe: {path: "/usr/sbin/shop"}}} * '"$fields"')}'
	done
}
# counts FILE: how many rules match each line
counts() {
	"$weirctl" rules test --events "$1" rules.yml 2>err | jq '.matches | length' | tr '\n' ' '
	cat err
}
{
	events exec '{process: {exe: {path: "/usr/bin/helper"}}}' '{process: {exe: {path: "/bin/busybox"}}, exec: {script: {path: "/opt/run.sh"}}}' \
		'{process: {exe: {path: "/bin/none"}}, outcome: "failure"}' '{systemd: {unit: "other.service"}, process: {exe: {path: "/bin/sh"}}}'
	events create '{file: {path: "/srv/cache/log-17.txt"}}' '{file: {path: "/srv/cache/new\nline\u0085"}}'
	events unlink '{file: {path: "/srv/cache/it'\''s: [x]? #\\"}}'
	events rename '{file: {path: "/srv/cache/it'\''s: [x]? #\\"}, target: {path: "/srv/cache/entry"}}'
	events link '{file: {path: "/any"}, target: {path: "/srv/cache/entry"}}'
	events open '{file: {path: "/srv/cache/entry"}, open: {flags: ["write"]}}' '{file: {path: "/etc/passwd"}, open: {flags: ["read"]}}' \
		'{file: {path: "/proc/4711/oom_score_adj"}, open: {flags: ["write"]}}'
	events dns_query '{dns: {question: {name: "a.DB.shop.example"}}}' '{dns: {question: {name: "localhost"}}}'
	events connect '{destination: {ip: "10.1.2.9", port: 80}, socket: {protocol: "tcp"}}' '{socket: {path: "@shop"}}' '{socket: {family: "AF_NETLINK"}}'
	events bind '{source: {ip: "0.0.0.0", port: 8080}, socket: {protocol: "tcp"}}' '{source: {ip: "::", port: 40000}, socket: {protocol: "tcp"}}'
	events accept '{destination: {ip: "10.0.0.1", port: 8080}, socket: {protocol: "tcp"}}'
	events signal '{target: {process: {exe: {path: "/bin/sh"}}}, signal: {number: "SIGTERM"}}'
	events module_load '{module: {name: "overlay"}}'
	events mount '{file: {path: "/srv/mnt7"}, mount: {fstype: "tmpfs"}}'
} >known
is "$(counts known)" "$(sed 's/.*/0/' known | tr '\n' ' ')" 'what is known matches none'
{
	events exec '{process: {exe: {path: "/bin/sh"}}}' '{process: {exe: {path: "/USR/bin/helper"}}}' \
		'{process: {exe: {path: "/bin/busybox"}}, exec: {script: {path: "/tmp/x.sh"}}}'
	events create '{file: {path: "/srv/cache/log-17.txt/x"}}' '{file: {path: "/srv/cache/log-17.txt\n"}}' '{file: {path: "/srv/cache/read"}}'
	events unlink '{file: {path: "/srv/cache/entry"}}'
	events rename '{file: {path: "/srv/cache/it'\''s: [x]? #\\"}, target: {path: "/etc/cron.d/x"}}' \
		'{file: {path: "/etc/shadow"}, target: {path: "/srv/cache/entry"}}'
	events link '{file: {path: "/any"}, target: {path: "/etc/x"}}'
	events open '{file: {path: "/etc/passwd"}, open: {flags: ["read", "O_TRUNC"]}}' '{file: {path: "/proc/x/oom_score_adj"}, open: {flags: ["write"]}}'
	events mmap_exec '{file: {path: "/tmp/x.so"}}'
	events dns_query '{dns: {question: {name: "shop.example"}}}' '{dns: {question: {name: "a.localhost"}}}'
	events connect '{destination: {ip: "10.1.3.9", port: 80}, socket: {protocol: "tcp"}}' '{destination: {ip: "10.1.2.9", port: 81}, socket: {protocol: "tcp"}}' \
		'{socket: {path: "/run/docker.sock"}}'
	events udp_send '{destination: {ip: "10.1.2.9", port: 80}, socket: {protocol: "udp"}}'
	events bind '{source: {ip: "0.0.0.0", port: 22}, socket: {protocol: "tcp"}}'
	events signal '{target: {process: {exe: {path: "/bin/sh"}}}, signal: {number: "SIGKILL"}}'
	events module_load '{module: {name: "rootkit"}}'
	events mount '{file: {path: "/srv/mnt7/x"}, mount: {fstype: "tmpfs"}}' '{file: {path: "/srv/mnt7"}, mount: {fstype: "ext4"}}'
} >unknown
is "$(counts unknown)" "$(sed 's/.*/1/' unknown | tr '\n' ' ')" 'what is not known matches one'

# ---- names of workloads ---------------------------------------------------------------------
of() { shop | make "$1.profile" "$2" "$(at 2000)" && run rules -o rules.yml "${@:3}" "$1.profile"; }
of unit 'unit:getty@.service'
events exec '{systemd: {unit: "getty@tty1.service"}, process: {exe: {path: "/x"}}}' '{systemd: {unit: "getty.service"}, process: {exe: {path: "/x"}}}' >e
is "$status $(counts e)" '0 1 0 ' 'all instances of a unit'
of image $'image:reg.example/it\'s: "x"' --version v1
events exec '{container: {image: {name: "reg.example/it'\''s: \"x\"", tag: "v1"}}, process: {exe: {path: "/x"}}}' \
	'{container: {image: {name: "reg.example/it'\''s: \"x\"", tag: "v2"}}, process: {exe: {path: "/x"}}}' '{process: {exe: {path: "/x"}}}' >e
is "$status $(counts e)" '0 1 0 0 ' 'an image with its tag'
of user user:1000
events exec '{systemd: {owner: {uid: 1000}}, process: {exe: {path: "/x"}}}' '{systemd: {owner: {uid: 1001}}, process: {exe: {path: "/x"}}}' >e
is "$status $(counts e)" '0 1 0 ' 'a user'
of none shop
is "$status $(cat out err)" '1 weirctl: none.profile: its name is none of a workload that a rule can have: shop' 'a name of nothing'
make empty.profile unit:x.service "$(at 1)" </dev/null
run rules empty.profile
is "$status $(cat out err)" '1 weirctl: empty.profile: nothing was recorded' 'an empty profile'

# ---- in the sensor -----------------------------------------------------------------------
mkdir rules
run rules -o rules/shop.yml shop.profile
cat >conf <<EOF
control = { socket = "$tmp/sock"; };
sync = ( { plugin = "process"; }, { plugin = "container"; },
	{ plugin = "rules"; paths = [ "$tmp/rules" ]; }, { plugin = "json"; }, { plugin = "stdout"; } );
EOF
{
	printf 'cgroup\t50\t/system.slice/shop.service\nfork\t1\t2\nin\t2\t50\nexec\t2\t/usr/sbin/shop\tshop\n'
	printf 'fork\t2\t3\nexec\t3\t/usr/bin/helper\thelper\ncreate\t3\t/srv/cache/entry\t0644\nask\t3\tdb.shop.example\n'
	printf 'exec\t3\t/bin/sh\tsh\ncreate\t3\t/etc/cron.d/x\t0644\nask\t3\tevil.example\n'
	printf 'fork\t1\t9\nexec\t9\t/bin/sh\tsh\ncreate\t9\t/etc/cron.d/x\t0644\n'
} | "$WEIR_BUILD/tests/tools/mkstory" cap
"$weird" -c conf --replay cap >out 2>err
is "$? $(jq -r 'select(.rule) | .rule.name' out)" '0 unit:shop.service ran a program for the first time
unit:shop.service changed a file for the first time
unit:shop.service asked for a name for the first time' 'what the service never did is told, of it alone'
cat >rules/shop.yml <<EOF
title: names of numbers
logsource: { category: file_write, service: weir }
detection:
  s: { type: [ create, rename ], outcome: success, class|contains: bul }
  t: { error: EPERM }
  condition: s and not t
EOF
"$weird" -c conf --replay cap >out 2>err
is "$? $(jq -r 'select(.rule) | .type' out | tr '\n' ' ')" '0 create create create ' 'types, outcomes and classes have names in rules'
done_testing
