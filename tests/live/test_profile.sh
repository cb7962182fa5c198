#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A service learns and becomes stable, in short times; then somebody acts through it. Each
# deed is one anomaly with its reason; requests as before are none. After a
# restart the sensor still knows what is usual.
# shellcheck source=tests/live/lib.sh disable=SC2034
. "$WEIR_SRC/tests/live/lib.sh"

CG=/sys/fs/cgroup
[ "$(stat -fc %T $CG)" = cgroup2fs ] || skip_all "no unified hierarchy"
mkdir -p $CG/system.slice/shop.service "$T/cache" /etc/cron.d
STAGES="{ plugin = \"container\"; },
	{ plugin = \"profile\"; state = \"$T/profiles\"; warm_up = 0; stable = \"3s\"; unstable = \"1h\"; },
	{ plugin = \"anomaly\"; },"
events="events = [ $EVENTS, \"cgroup_mkdir\", \"cgroup_rmdir\" ]"

# Does what comes by a fifo, as a service of that name would.
cat >"$T/shop" <<'END'
#!/bin/bash
exec <"$1/orders"
while read -r what; do
	case $what in
	request) : >"$1/cache/entry"; : 2>/dev/null 3<>/dev/tcp/127.0.0.1/1 ;;
	page) /bin/true; rm -f "$1/cache/entry" ;;
	shell) /bin/dash -c : ;;
	drop) : >/usr/local/bin/dropped ;;
	connect) : 2>/dev/null 3<>/dev/tcp/127.0.0.1/2 ;;
	cron) : >/etc/cron.d/shop ;;
	end) break ;;
	esac
done
END
chmod 755 "$T/shop"
mkfifo "$T/orders"
service_start()
{
	bash -c 'echo $$ >"$1/cgroup.procs" && exec "$2/shop" "$2"' - $CG/system.slice/shop.service "$T" &
	service=$!
	exec 7>"$T/orders"
}
order() { printf '%s\n' "$@" >&7; }
await() { "$EXPECT" --wait "$OUT" $DEADLINE "$@"; }
mine=profile.name=unit:shop.service
show() { grep '"anomaly":' "$OUT" | cut -c 1-1500 | sed 's/^/# /'; false; }

sensor_start profile "$events"
service_start
# Each type has to be looked at after a quiet while, to be known as stable.
learn()
{
	local i

	for ((i = 0; i < 25; i++)); do
		order request page
		sleep 0.2
	done
	await "type=exec $mine profile.state=stable" "type=create $mine profile.state=stable" \
		"type=connect $mine profile.state=stable"
}
check "exec, files and connections become stable" learn
# Two times of these are a thousand. A program takes its time in an emulated machine.
requests()
{
	local i

	for ((i = 0; i < 50; i++)); do
		order request request request request request request request request request page
	done
}
requests
order shell drop connect cron
check "a shell" await "type=anomaly anomaly.item=/usr/bin/dash ref.type=exec" || show
check "a program that is dropped" await \
	"type=anomaly anomaly.item=/usr/local/bin/dropped ref.type=create" || show
check "a connection" await "type=anomaly anomaly.item_kind=network ref.type=connect" || show
check "a change of cron" await "type=anomaly anomaly.item=/etc/cron.d/shop ref.type=create" || show
requests
order end
wait "$service"
check "each is one, and requests as before are none" is "$(grep -c '^{"type":"anomaly"' "$OUT")" 4 || show
check "the reason is told" grep -q '"reason":"bash (unit shop.service) has never run /usr/bin/dash; its parent bash has run' "$OUT" ||
	show
sensor_stop profile

# ---- a restart
exec 7>&-
sensor_start restart "$events"
service_start
order request page shell end
check "what was usual is known after a restart" await "type=exec $mine profile.known=true profile.state=stable"
check "and what was not, is not" await "type=anomaly anomaly.item=/usr/bin/dash" || show
sensor_stop restart
plan
