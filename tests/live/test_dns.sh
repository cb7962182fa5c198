#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Datagrams and DNS: what is sent, asked and answered, and the names that
# connections get from it.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

mkdir "$T/conf.d"
echo 'sync = ( { plugin = "dns"; after = "process"; } );' >"$T/conf.d/dns.conf"
sensor_start dns 'events = [ "exec", "exit", "mkdir", "connect", "bind", "listen",
	"accept", "udp_send", "dns_query", "dns_reply" ]'
server4=$("$ACT" server dns-serve 127.0.0.1)
server6=$("$ACT" server dns-serve ::1)

# query ADDRESS CONDITION ... and so on: what each such event has.
ok_="outcome=success"
udp="socket.type=dgram socket.protocol=udp"
# shellcheck disable=SC2086
query()
{
	want dns_query $udp "destination.ip=$1" destination.port=53 \
		network.direction=outbound dns.flags=0x100 dns.id=4660 \
		dns.questions=1 dns.question.class=1 "${@:2}"
}
# shellcheck disable=SC2086
reply()
{
	want dns_reply $udp "source.ip=$1" "destination.ip=$1" destination.port=53 \
		network.direction=inbound dns.id=4660 dns.questions=1 \
		dns.question.class=1 $ok_ "${@:2}"
}
host4=(dns.question.name=host.weir.test dns.question.type=A)
host4_reply=("${host4[@]}" dns.response_code=NOERROR dns.flags=0x8180 dns.size=48
	dns.answers.#=1 dns.answers.0.name=host.weir.test dns.answers.0.type=A
	dns.answers.0.ttl=300 dns.answers.0.data=127.0.0.5
	dns.resolved_ip.0=127.0.0.5 'dns.message=*')

case_ "a question and its answer"
port=$(run dns-ask "" 127.0.0.1 host.weir.test 1)
query 127.0.0.1 "${host4[@]}" socket.family=inet dns.size=32 "source.port=$port" \
	'!source.ip' $ok_
reply 127.0.0.1 "${host4_reply[@]}" socket.family=inet "source.port=$port"

case_ "then a connect carries the name"
fails 111 connect tcp 127.0.0.5 1 >/dev/null
want connect destination.ip=127.0.0.5 destination.domain=host.weir.test \
	'!destination.domain_expired'

case_ "and a datagram"
run udp-send 127.0.0.5 9 68656c6c6f >/dev/null
want udp_send destination.ip=127.0.0.5 destination.port=9 udp.size=5 \
	destination.domain=host.weir.test $ok_

case_ "an address that nobody asked for has none"
fails 111 connect tcp 127.0.0.9 1 >/dev/null
want connect destination.ip=127.0.0.9 '!destination.domain'

case_ "another network namespace knows nothing of it"
fails 101 net-alone connect tcp 127.0.0.5 1 >/dev/null
want connect destination.ip=127.0.0.5 '!destination.domain'

case_ "a connected socket"
port=$(run dns-ask connected 127.0.0.1 host.weir.test 1)
want connect destination.port=53
query 127.0.0.1 "${host4[@]}" source.ip=127.0.0.1 "source.port=$port" $ok_
reply 127.0.0.1 "${host4_reply[@]}" "source.port=$port"

case_ "write"
run dns-ask connected,write 127.0.0.1 host.weir.test 1 >/dev/null
want connect destination.port=53
query 127.0.0.1 "${host4[@]}" $ok_
reply 127.0.0.1 "${host4_reply[@]}"

case_ "many pieces"
run dns-ask pieces 127.0.0.1 host.weir.test 1 >/dev/null
query 127.0.0.1 "${host4[@]}" dns.size=32 $ok_
reply 127.0.0.1 "${host4_reply[@]}"

case_ "sendmmsg: each message, though the kernel asks for the first"
run dns-ask mmsg 127.0.0.1 host.weir.test 1 >/dev/null
for _ in 1 2 3; do
	query 127.0.0.1 "${host4[@]}" $ok_
	reply 127.0.0.1 "${host4_reply[@]}"
done

case_ "sendmmsg on a connected socket"
run dns-ask mmsg,connected 127.0.0.1 host.weir.test 1 >/dev/null
want connect destination.port=53
for _ in 1 2 3; do
	query 127.0.0.1 "${host4[@]}" $ok_
	reply 127.0.0.1 "${host4_reply[@]}"
done

case_ "who looks first gets one answer"
run dns-ask peek 127.0.0.1 host.weir.test 1 >/dev/null
query 127.0.0.1 "${host4[@]}"
reply 127.0.0.1 "${host4_reply[@]}"

case_ "a receiver with little room: the message is whole"
run dns-ask little 127.0.0.1 host.weir.test 1 >/dev/null
query 127.0.0.1 "${host4[@]}"
reply 127.0.0.1 "${host4_reply[@]}"

case_ "an address without a family"
run dns-ask unspec 127.0.0.1 host.weir.test 1 >/dev/null
query 127.0.0.1 "${host4[@]}" $ok_
reply 127.0.0.1 "${host4_reply[@]}"

case_ "IPv6"
port=$(run dns-ask "" ::1 host6.weir.test 28)
query ::1 socket.family=inet6 dns.question.name=host6.weir.test dns.question.type=AAAA \
	"source.port=$port" $ok_
reply ::1 socket.family=inet6 dns.question.name=host6.weir.test dns.answers.0.data=::1 \
	dns.resolved_ip.0=::1 "source.port=$port"

case_ "IPv6, sendmmsg"
run dns-ask mmsg ::1 host6.weir.test 28 >/dev/null
for _ in 1 2 3; do
	query ::1 socket.family=inet6 $ok_
	reply ::1 socket.family=inet6
done

case_ "then a connect over IPv6 carries the name"
fails 111 connect tcp ::1 1 >/dev/null
want connect destination.ip=::1 destination.domain=host6.weir.test

case_ "IPv4 in IPv6: one event"
port=$(run dns-ask "" ::ffff:127.0.0.1 host.weir.test 1)
query 127.0.0.1 "${host4[@]}" socket.family=inet6 "source.port=$port" $ok_
reply 127.0.0.1 "${host4_reply[@]}" socket.family=inet6

case_ "an alias"
run dns-ask "" 127.0.0.1 WWW.weir.test 1 >/dev/null
query 127.0.0.1 dns.question.name=WWW.weir.test
reply 127.0.0.1 dns.question.name=WWW.weir.test dns.answers.#=3 \
	dns.answers.0.type=CNAME dns.answers.0.data=cdn.weir.test \
	dns.answers.1.name=cdn.weir.test dns.resolved_ip.#=2

case_ "its address has the name that was asked for"
fails 111 connect tcp 127.0.0.6 1 >/dev/null
want connect destination.ip=127.0.0.6 destination.domain=www.weir.test

case_ "what only stands in the answer has not"
fails 111 connect tcp 127.0.0.7 1 >/dev/null
want connect destination.ip=127.0.0.7 '!destination.domain'

case_ "no such name"
run dns-ask "" 127.0.0.1 'we ird!\.test' 255 >/dev/null
query 127.0.0.1 'dns.question.name=we\032ird\033\092.test' dns.question.type=ANY
reply 127.0.0.1 'dns.question.name=we\032ird\033\092.test' dns.response_code=NXDOMAIN \
	dns.answers.#=0

case_ "the root"
run dns-ask "" 127.0.0.1 "" 2 >/dev/null
query 127.0.0.1 dns.question.name=. dns.question.type=NS
reply 127.0.0.1 dns.question.name=. dns.response_code=NXDOMAIN

case_ "a long answer is cut"
run dns-ask "" 127.0.0.1 long.weir.test 16 >/dev/null
query 127.0.0.1 dns.question.name=long.weir.test dns.question.type=TXT
reply 127.0.0.1 dns.size=2054 dns.answers.#=0 truncated.0=dns.message truncated.1=dns.answers

case_ "an answer that points at itself"
run dns-ask "" 127.0.0.1 loop.weir.test 1 >/dev/null
query 127.0.0.1 dns.question.name=loop.weir.test
reply 127.0.0.1 dns.question.name=loop.weir.test '!dns.answers' unreadable.0=dns.answers

case_ "an answer that is none"
run dns-ask "" 127.0.0.1 short.weir.test 1 >/dev/null
query 127.0.0.1 dns.question.name=short.weir.test

case_ "the longest name"
l63=$(printf 'a%.0s' {1..63})
long=$l63.$l63.$l63.${l63:2}
run dns-ask "" 127.0.0.1 "$long" 1 >/dev/null
query 127.0.0.1 "dns.question.name=$long" dns.size=271
reply 127.0.0.1 "dns.question.name=$long" dns.response_code=NXDOMAIN

head=12340100000100000000
label=$(printf '3f%0126d' 0)
bad() { want dns_query destination.port=53 dns.questions=1 unreadable.0=dns.question.name "$@"; }
case_ "a name that is too long"
run udp-send 127.0.0.1 53 "${head}0000${label}${label}${label}${label}0000010001" >/dev/null
bad
case_ "a name without end"
run udp-send 127.0.0.1 53 "${head}0000037777770461" >/dev/null
bad dns.question.name=www.a
case_ "a name that is a pointer"
run udp-send 127.0.0.1 53 "${head}0000c00c00010001" >/dev/null
bad '!dns.question.name'
case_ "a name without a type"
run udp-send 127.0.0.1 53 "${head}00000377777700" >/dev/null
bad dns.question.name=www '!dns.question.type'

case_ "no question"
run udp-send 127.0.0.1 53 "12340100000000000000""0000" >/dev/null
want dns_query dns.questions=0 '!dns.question.name' '!unreadable'

case_ "a question that is not there to be read"
run dns-ask untouched 127.0.0.1 host.weir.test 1 >/dev/null
want dns_query dns.size=32 destination.ip=127.0.0.1 unreadable.0=dns.question.name
reply 127.0.0.1 "${host4_reply[@]}"

case_ "no DNS to port 53"
run udp-send 127.0.0.1 53 6162 >/dev/null
want udp_send destination.port=53 udp.size=2 $ok_

case_ "an answer to port 53"
run udp-send 127.0.0.1 53 "12348100000100000000""00000377777700""00010001" >/dev/null
want udp_send destination.port=53 udp.size=21 $ok_

case_ "nothing, to another port"
run udp-send 127.0.0.1 9 "" >/dev/null
want udp_send destination.port=9 udp.size=0 $ok_

case_ "sendmmsg of datagrams"
run udp-send 127.0.0.1 9 616263 mmsg >/dev/null
for _ in 1 2 3; do
	want udp_send destination.ip=127.0.0.1 destination.port=9 udp.size=3 $ok_
done

case_ "a question without a route"
fails 101 dns-ask "" 198.51.100.1 host.weir.test 1 >/dev/null
query 198.51.100.1 "${host4[@]}" outcome=failure error=ENETUNREACH

case_ "a question over TCP"
run dns-tcp 127.0.0.1 host.weir.test 1
want bind source.port=53
want listen source.port=53
want connect destination.port=53
want dns_query socket.type=stream socket.protocol=tcp "${host4[@]}" dns.size=32 \
	destination.ip=127.0.0.1 destination.port=53 outcome=unknown

kill "$server4" "$server6"
sensor_stop dns
check "the operations did what they should" all_done
tap "$EXPECT" --cases "$CASES" "$OUT"
tap "$EXPECT" --complete "$OUT"
check "nothing was lost" is "$(count type=lost)" 0
plan
