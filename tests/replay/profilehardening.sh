#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weirctl profile hardening: what it writes is what the profile tells, and those that it is
# for take it: seccomp runs programs in it, systemd and AppArmor read it, hostile names too.
# shellcheck disable=SC1091,SC2154  # profile-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/profile-lib.sh" || exit 1
load=$WEIR_BUILD/tests/tools/seccompload

skip() {
	n=$((n + 1))
	echo "ok $n # SKIP $1"
}
# number NAME: of the system call on this machine
number() { printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | ${CC:-cc} -E -P -x c - | tail -n 1; }

service() {
	line state v1 exec stable "$(at 100)"
	line state v1 file stable "$(at 100)"
	node 1 2 0 /usr/sbin/shop 0 2 v1 3 0 60
	node 2 6 1000 '' 0 2 v1 3 0 60
	node 2 3 0 srv 0 0
	node 3 3 0 cache 0 0
	node 4 3 0 entry 3 4 v1 5 10 20
	node 4 3 0 deep 0 0
	node 5 4 0 'log-*.txt' 2 4 v1 5 10 20
	node 3 3 0 'cache-*' 0 0
	node 4 3 0 x 4 4 v1 5 10 20
	node 2 3 0 lib 0 0
	node 3 3 0 libc.so 17 4 v1 1 1 1
	node 2 3 0 proc 0 0
	node 3 3 0 self 0 0
	node 4 3 0 oom_score_adj 2 4 v1 1 1 1
	node 2 9 443 '\x02\x06\x18\x0a\x01\x02' 0 4 v1 7 10 70
	node 2 9 53 '\x02\x11\x18\x0a\x01\x02' 0 4 v1 7 10 70
	node 2 11 0 /run/db.sock 0 4 v1 7 10 70
	node 2 12 15 /bin/sh 0 4 v1 7 10 70
	node 2 16 0 'tmpfs at /srv/mnt*' 0 4 v1 7 10 70
	node 2 17 0 /opt/run.sh 0 4 v1 1 20 20
	node 2 2 0 '/bin/busybox ls' 0 4 v1 1 20 20
}
calls() {
	for call in socket connect mkdir mkdirat; do
		number=$(number $call)
		[[ $number = SYS_* ]] || node 2 18 "$number" '' 0 4 v1 1 1 1
	done
	node 2 19 0 '' 0 4 v1 1 1 1
	node 2 19 10 '' 0 4 v1 1 1 1
}
hostile() {
	node 2 3 0 'we"i rd\ %n [x]{y,z}' 0 0
	node 3 3 0 'f?^,@x' 2 4 v1 5 10 20
	node 2 3 0 'ctl\x0aReadWritePaths=-' 0 0
	node 3 3 0 x 2 4 v1 5 10 20
	node 2 3 0 'q"' 0 0
	node 3 3 0 'x w, ** rwx,@{HOME}\' 19 4 v1 5 10 20
	node 2 16 0 '"x",} at /srv/"m"' 0 4 v1 7 10 70
	node 2 11 0 '/run/"s"' 0 4 v1 7 10 70
	node 2 2 0 '/bin/a "b" {c,d}\x0ae' 0 4 v1 1 20 20
	node 2 2 0 '/bin/a "b" {c,d}' 0 4 v1 1 20 20
	node 3 17 0 '/opt/*".sh' 0 4 v1 1 20 20
	node 2 18 1000 '' 0 4 v1 1 1 1
	node 2 19 63 '' 0 4 v1 1 1 1
}
service | make shop.profile unit:shop.service "$(at 2000)"
{ service; calls; } | make calls.profile unit:shop.service "$(at 2000)"
{ service; calls; hostile; } | make evil.profile $'unit:"x" \\\n} /** rwx,.service' "$(at 2000)"

# ---- what was not recorded --------------------------------------------------------------------
run hardening --format seccomp shop.profile
is "$status $(cat out)" '1 ' 'no system calls, no filter'
has "$(cat err)" '^weirctl: shop.profile: no system calls were recorded: for type syscall, sensor.events and the option types' \
	'but how to record them'
run hardening --format caps shop.profile
is "$status $(cat out)" '1 ' 'nor are there capabilities'
run hardening -o some shop.profile
is "$status $(cd some && echo *)" '1 apparmor systemd.conf' 'all but these'
run hardening --format systemd shop.profile
is "$status $(cat err; grep -v '^#' out | grep .)" '0 [Service]
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths="-/srv"
ProtectHome=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK
IPAddressDeny=any
IPAddressAllow=localhost
IPAddressAllow=10.1.2.0/24' 'of the rest, what is certain'
has "$(cat out)" '^#ProtectKernelModules=yes$' 'what is not is a comment'
run hardening --format apparmor shop.profile
has "$(cat out)" '^  capability,$' 'what is not known is allowed'

# ---- all of it ----------------------------------------------------------------------------
run hardening -o all calls.profile
is "$status $(cat out err) $(cd all && echo *)" '0  apparmor capabilities seccomp.json systemd.conf' 'a file for each'
is "$(grep -v '^#' all/capabilities | tr '\n' ' ')" 'CAP_CHOWN CAP_NET_BIND_SERVICE ' 'capabilities'
has "$(cat all/systemd.conf)" '^CapabilityBoundingSet=CAP_CHOWN CAP_NET_BIND_SERVICE' 'for systemd, too'
is "$(jq -c '[.defaultAction, (.architectures | length), (.syscalls[0] | .action, (.names | index("connect") != null, index("rmdir")))]' all/seccomp.json)" \
	'["SCMP_ACT_ERRNO",1,"SCMP_ACT_ALLOW",true,null]' 'system calls'
has "$(cat all/systemd.conf)" '^SystemCallFilter=(.* )?connect ' 'and for systemd'
is "$(sed -n '/^  "/p' all/apparmor)" '  "/bin/busybox" mrix,
  "/usr/sbin/shop" mrix,
  "/opt/run.sh" rix,
  "/lib/libc.so" mr,
  "/proc/*/oom_score_adj{,/}" wkl,
  "/srv/cache-*/x{,/}" wkl,
  "/srv/cache/deep/log-*.txt{,/}" wkl,
  "/srv/cache/entry{,/}" rwkl,
  "/run/db.sock" rw,' 'files for AppArmor'
is "$(sed -n '/^  \(network\|signal\|mount\|capability\)/p' all/apparmor | tr -s '\n ' ' ')" \
	' capability chown, capability net_bind_service, network inet stream, network inet dgram, network netlink raw, signal (receive), signal (send) set=(term), mount fstype=tmpfs -> "/srv/mnt*{,/}", ' \
	'and the rest'
run hardening -o evil evil.profile
is "$status $(cat err)" '0 weirctl: evil.profile: left out, system call 1000 has no name here' 'of a hostile profile'
is "$(grep -h 'Left out' evil/* | sed 's/^ *//' | LC_ALL=C sort)" '# Left out, capability 63 has no name here.
# Left out, it cannot be written here: /bin/a "b" {c,d}\x0ae
# Left out, it cannot be written here: /ctl\x0aReadWritePaths=-/x
# Left out, it cannot be written here: /ctl\x0aReadWritePaths=-/x
# Left out, it cannot be written here: /q"/x w, ** rwx,@{HOME}\
# Left out, system call 1000 has no name here.' 'what cannot be written is said'
is "$(grep '^ReadWritePaths' evil/systemd.conf)" 'ReadWritePaths="-/q\""
ReadWritePaths="-/srv"
ReadWritePaths="-/we\"i rd\\ %%n [x]{y,z}"' 'what can be is escaped'

# ---- those that it is for ---------------------------------------------------------------------
if [ -x "$load" ]; then
	"$load" all/seccomp.json /bin/true 2>err
	is "$? $(cat err)" '0 ' 'a program begins in the filter'
	"$load" all/seccomp.json /bin/mkdir made 2>err
	is "$? $(cat err)" '0 ' 'and makes the system calls that were seen'
	"$load" all/seccomp.json /bin/rmdir made 2>err
	is "$? $([ -d made ] && echo there)" '1 there' 'but no other one'
	has "$(cat err)" 'Operation not permitted' 'which fails'
	"$load" evil/seccomp.json /bin/true 2>err
	is "$? $(cat err)" '0 ' 'the filter of a hostile profile'
else
	skip 'libseccomp is not there: no filter is loaded'
fi
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ] && setpriv --bounding-set -syslog true 2>/dev/null; then
	setpriv --bounding-set "-all,$(sed -n 's/^CAP_/+/p' all/capabilities | tr 'A-Z\n' 'a-z,' | sed 's/,$//')" \
		grep CapBnd /proc/self/status >out 2>err
	is "$(cat err) $(awk '{ print $2 }' out)" ' 0000000000000401' 'a process is held to the capabilities'
else
	skip 'the capabilities cannot be dropped here'
fi
# units FILE...: what systemd says of a unit with the drop-in
units() {
	for f; do
		rm -rf units
		mkdir -p units/shop.service.d
		printf '[Service]\nExecStart=/bin/true\n' >units/shop.service
		cp "$f" units/shop.service.d/50-weir.conf
		SYSTEMD_UNIT_PATH=$tmp/units: systemd-analyze verify --man=no units/shop.service 2>&1
	done
}
if command -v systemd-analyze >/dev/null && units /dev/null >out && [ ! -s out ]; then
	is "$(units some/systemd.conf all/systemd.conf evil/systemd.conf)" '' 'systemd takes the drop-ins'
	sed 's/^ReadWritePaths="\(.*\)"$/ReadWritePaths=\1/' evil/systemd.conf >broken
	[ -n "$(units broken)" ]
	ok $? 'and would not, if nothing were quoted'
else
	skip 'systemd-analyze is not there, or verifies nothing here'
fi
if command -v apparmor_parser >/dev/null; then
	apparmor_parser -Q -K all/apparmor evil/apparmor some/apparmor >out 2>&1
	is "$? $(grep -v '^Cache' out)" '0 ' 'AppArmor takes the profiles'
	sed 's/\\"/"/g' evil/apparmor >broken
	! apparmor_parser -Q -K broken >out 2>&1
	ok $? 'and would not, if nothing were escaped'
else
	skip 'there is no apparmor_parser'
fi

for what in '--format none shop.profile' 'shop.profile'; do
	# shellcheck disable=SC2086
	run hardening $what
	is "$status $(cat out)" '2 ' "usage: profile hardening $what"
done
done_testing
