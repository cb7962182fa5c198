# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A part of test_events.sh: sockets.

tcp="socket.type=stream socket.protocol=tcp"
# Words of $tcp and $ip4 are conditions of their own.
# shellcheck disable=SC2086
pair()
{
	local family=$1 addr=$2 kind=$3 a=$4 b=${5:-}

	read -r port client < <(run pair "$kind" "$a" 0 $b)
	want bind socket.family=$family $tcp source.ip="$addr" "source.port=$port" $ok_
	want listen socket.family=$family $tcp "source.port=$port" listen.backlog=5 $ok_
	want connect "source.port=$client" "destination.port=$port" \
		network.direction=outbound $tcp "${@:6}" $ok_
	want accept "source.port=$client" "destination.port=$port" \
		network.direction=inbound $tcp $ok_
}

case_ "TCP: bind to port 0, listen, connect, accept"
pair inet 127.0.0.1 tcp 127.0.0.1 127.0.0.1 socket.family=inet \
	source.ip=127.0.0.1 destination.ip=127.0.0.1

case_ "TCP over IPv6"
pair inet6 ::1 tcp ::1 ::1 socket.family=inet6 source.ip=::1 destination.ip=::1

case_ "TCP over IPv4 in IPv6"
pair inet6 :: tcp :: ::ffff:127.0.0.1 socket.family=inet6 \
	source.ip=127.0.0.1 destination.ip=127.0.0.1

case_ "connect refused"
client=$(fails 111 connect tcp 127.0.0.1 1)
want connect destination.ip=127.0.0.1 destination.port=1 $no error=ECONNREFUSED \
	network.direction=outbound

case_ "connect refused, IPv6"
fails 111 connect tcp ::1 1 >/dev/null
want connect destination.ip=::1 destination.port=1 $no error=ECONNREFUSED

case_ "connect that does not wait"
ip link add dummy0 type dummy 2>/dev/null && ip addr add 192.0.2.1/24 dev dummy0 &&
	ip link set dummy0 up
client=$(fails 115 connect tcp 192.0.2.77 4444 nonblock)
want connect destination.ip=192.0.2.77 destination.port=4444 error=EINPROGRESS \
	source.ip=192.0.2.1 "source.port=$client" outcome=unknown

case_ "connect without a route"
fails 101 connect tcp 198.51.100.1 80 >/dev/null
want connect destination.ip=198.51.100.1 $no error=ENETUNREACH

case_ "UDP: connect"
client=$(run connect udp 127.0.0.1 5353)
want connect socket.type=dgram socket.protocol=udp destination.ip=127.0.0.1 \
	destination.port=5353 source.ip=127.0.0.1 "source.port=$client" $ok_

case_ "UDP over IPv6: bind"
run bind-to udp ::1 5454 >/dev/null
want bind socket.family=inet6 socket.type=dgram source.ip=::1 source.port=5454 $ok_

case_ "bind to an address of nobody"
fails 99 bind-to tcp 192.0.2.99 80 >/dev/null
want bind source.ip=192.0.2.99 source.port=80 $no error=EADDRNOTAVAIL

case_ "bind refused"
fails 13 as 65534 bind-to tcp 127.0.0.1 80 >/dev/null
want bind source.ip=127.0.0.1 source.port=80 $no error=EACCES process.uid=65534

case_ "listen without bind"
port=$(run listen tcp 127.0.0.1 0 77)
want listen "source.port=$port" listen.backlog=77 $ok_

case_ "unix socket with a path"
run pair unix "$W/sock" 0 >/dev/null
want create "file.path=$W/sock" file.mode=140755 $ok_
want bind socket.family=unix socket.type=stream "socket.path=$W/sock" $ok_
want listen socket.family=unix "socket.path=$W/sock" listen.backlog=5 $ok_
want connect socket.family=unix "socket.path=$W/sock" network.direction=outbound $ok_
want accept socket.family=unix network.direction=inbound $ok_

case_ "unix socket with an abstract name"
run pair unix-seq @weir-live 0 >/dev/null
want bind socket.type=seqpacket socket.path=@weir-live $ok_
want listen socket.path=@weir-live $ok_
want connect socket.path=@weir-live $ok_
want accept socket.family=unix $ok_

case_ "unix socket that nobody has"
fails 2 connect unix "$W/nobody" 0 >/dev/null
want connect "socket.path=$W/nobody" $no error=ENOENT

case_ "unix datagram socket"
run bind-to unix-dgram "$W/dgram" 0 >/dev/null
want create "file.path=$W/dgram"
want bind socket.type=dgram "socket.path=$W/dgram" $ok_
