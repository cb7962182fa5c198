#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sink `syslog` and a real rsyslogd: by its socket, and by TCP, where the daemon is killed in
# between. What arrives is what another sink of the same chain has written.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
PATH=$PATH:/usr/sbin:/sbin
if ! command -v rsyslogd >/dev/null; then
	echo '1..0 # SKIP no rsyslogd'
	exit 0
fi
events=2000
port=$((20000 + $$ % 20000))
cat >"$tmp/rsyslog.conf" <<-END
	global(workDirectory="$tmp" maxMessageSize="256k")
	module(load="imuxsock" SysSock.Use="off")
	module(load="imtcp")
	template(name="line" type="string" string="%msg%\n")
	template(name="head" type="string" string="%pri% %protocol-version% %app-name% %msgid% %hostname%\n")
	input(type="imuxsock" Socket="$tmp/log.sock" UseSpecialParser="off" RateLimit.Interval="0")
	input(type="imtcp" Port="$port" Address="127.0.0.1" MaxFrameSize="262144")
	action(type="omfile" file="$tmp/received" template="line" fileOwner="root" flushOnTXEnd="on" asyncWriting="off")
	action(type="omfile" file="$tmp/heads" template="head")
END
daemon() {
	rsyslogd -n -f "$tmp/rsyslog.conf" -i "$tmp/pid" >"$tmp/rsyslog.err" 2>&1 &
	rsyslogd=$!
}
# until COMMAND...: for a minute at most
until_() {
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}
stop() {
	kill "-$1" "$rsyslogd" 2>/dev/null
	wait "$rsyslogd" 2>/dev/null
}
has_lines() { [ "$(wc -l 2>/dev/null <"$tmp/received")" -ge "$1" ]; }
# rsyslog leaves the space before MSG there.
received() { sed 's/^ //' "$tmp/received"; }
trap 'stop KILL; rm -rf "${tmp:?}"' EXIT

conf() {
	cat >"$tmp/conf" <<-END
		sync = ( { plugin = "json"; }, { plugin = "stdout"; },
			{ plugin = "syslog"; facility = "local3"; severity = "notice"; policy = "block"; $1 } );
	END
}
"$mkcap" "$tmp/cap" "$events"
daemon
until_ test -S "$tmp/log.sock" || { echo '1..0 # SKIP rsyslogd does not start'; sed 's/^/# /' "$tmp/rsyslog.err"; exit 0; }

conf "path = \"$tmp/log.sock\";"
"$weird" -c "$tmp/conf" --replay "$tmp/cap" >"$tmp/out" 2>"$tmp/err"
until_ has_lines "$events"
ok $? 'unix: all lines arrive'
is "$(received | cmp - "$tmp/out" 2>&1)" '' 'each as it was written'
is "$(sort -u "$tmp/heads")" '157 1 weir exec mkcap' 'with its priority, name, type and host'

conf "transport = \"tcp\"; address = \"127.0.0.1\"; port = \"$port\"; spool = \"$tmp/spool\";"
: >"$tmp/received"
stop KILL
mkfifo "$tmp/feed"
"$weird" -c "$tmp/conf" --replay "$tmp/feed" >"$tmp/out" 2>"$tmp/err" &
sensor=$!
exec 3>"$tmp/feed"
half=$(($(stat -c %s "$tmp/cap") / 2))
daemon
head -c "$half" "$tmp/cap" >&3
until_ has_lines $((events / 4))
ok $? 'tcp: lines arrive'
until_ [ -e "$tmp/spool/acked" ]
ok $? 'by way of the spool'
settled() {
	local before
	before=$(wc -l <"$tmp/received")
	sleep 0.3
	[ "$before" = "$(wc -l <"$tmp/received")" ]
}
# What lies unread in the killed daemon's own socket is out of reach.
until_ settled
stop KILL
tail -c +$((half + 1)) "$tmp/cap" >&3
exec 3>&-
wait "$sensor"
is $? 0 'the daemon is killed; the sensor ends in order without it'
is "$(wc -l <"$tmp/out")" "$events" 'and writes all elsewhere'
ok $(($(stat -c %s "$tmp"/spool/*.seg | sort -n | tail -n 1) == 0)) 'the rest waits in the spool'
daemon
"$mkcap" "$tmp/cap2" 1
"$weird" -c "$tmp/conf" --replay "$tmp/cap2" >"$tmp/out2" 2>>"$tmp/err" &
sensor=$!
wait "$sensor"
# The same first event, in a capture of its own.
all_there() { [ "$(received | sort -u | wc -l)" -ge "$events" ]; }
until_ all_there
ok $? 'the next sensor sends what the daemon lacks'
is "$(received | sort -u | cmp - <(sort -u "$tmp/out") 2>&1)" '' 'nothing is lost, nothing is made up'
twice=$(($(received | wc -l) - events - 1))
echo "# $twice lines came twice"
done_testing
