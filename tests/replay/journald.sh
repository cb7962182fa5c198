#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sink `journald` and a real systemd-journald, which runs in a mount namespace with a /run
# of its own: each line is an entry with its fields.
# shellcheck disable=SC1091,SC2154,SC2016  # config-lib.sh sets them; the inner shell expands
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
journald=/lib/systemd/systemd-journald
if ! [ -x "$journald" ] || ! command -v journalctl >/dev/null; then
	echo '1..0 # SKIP no systemd-journald'
	exit 0
fi
if [ "$(id -u)" != 0 ] || [ "${WEIR_NO_MOUNT:-}" ] || ! unshare -m true 2>/dev/null; then
	echo '1..0 # SKIP no mounts here'
	exit 0
fi
events=500
"$mkcap" "$tmp/cap" "$events"
cat >"$tmp/conf" <<-END
	sync = ( { plugin = "json"; }, { plugin = "stdout"; },
		{ plugin = "journald"; policy = "block"; } );
END
export weird journald tmp
timeout -k 5 100 unshare -m bash -c '
	mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal || exit 77
	# It takes its settings from /etc; those are of the machine.
	mount -t tmpfs none /etc/systemd || exit 77
	printf "[Journal]\nStorage=volatile\nRateLimitBurst=0\nReadKMsg=no\nAudit=no\n" >/etc/systemd/journald.conf
	"$journald" 2>"$tmp/journald.err" & pid=$!
	for ((i = 0; i < 300; i++)); do
		[ -S /run/systemd/journal/socket ] && break
		kill -0 $pid 2>/dev/null || exit 77
		sleep 0.1
	done
	"$weird" -c "$tmp/conf" --replay "$tmp/cap" >"$tmp/out" 2>"$tmp/err" || exit 1
	for ((i = 0; i < 300; i++)); do
		journalctl -D /run/log/journal -t weir -o json --all >"$tmp/entries" 2>"$tmp/ctl.err"
		[ "$(wc -l <"$tmp/entries")" -ge "$1" ] && break
		sleep 0.1
	done
	kill $pid; wait $pid; exit 0' journald "$events"
status=$?
if [ $status = 77 ]; then
	echo '1..0 # SKIP systemd-journald does not start here'
	sed 's/^/# /' "$tmp/journald.err" 2>/dev/null
	exit 0
fi
is $status 0 'the sensor ends in order'
is "$(wc -l <"$tmp/entries")" "$events" 'each line is an entry'
is "$(jq -r .WEIR_JSON "$tmp/entries" | cmp - "$tmp/out" 2>&1)" '' 'with the line as it was'
is "$(jq -r '.WEIR_PROCESS_EXE_PATH' "$tmp/entries" | cmp - <(jq -r .process.exe.path "$tmp/out") 2>&1)" '' \
	'and its members as fields'
is "$(jq -r '[.PRIORITY, .SYSLOG_IDENTIFIER, .WEIR_TYPE, ._TRANSPORT] | join(" ")' "$tmp/entries" | sort -u)" \
	'6 weir exec journal' 'of its kind'
done_testing
