#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: many.sh [PROCESSES [CGROUPS]]
# 1,000,000 short-lived processes in 50,000 cgroups go through all enrichers of the
# sync chain: each has its container, and the sensor's memory does not grow with them.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
sanitized() { grep -qaE '__(asan|tsan)_init' "$weird"; }
processes=${1:-${WEIR_PROCESSES:-$(sanitized && echo 20000 || echo 1000000)}}
cgroups=${2:-$((processes / 20))}
allowed=$((64 << 10))	# KiB: the tables of process, container and variables, when full

cat >"$tmp/conf" <<-END
	control = { socket = "$tmp/sock"; };
	sync = ( { plugin = "process"; }, { plugin = "example"; paths = [ "/usr/bin/ls" ]; variable = "tag"; },
		{ plugin = "identity"; }, { plugin = "container"; }, { plugin = "dns"; }, { plugin = "acl"; },
		{ plugin = "variables"; }, { plugin = "monitor"; }, { plugin = "scrub"; },
		{ plugin = "json"; }, { plugin = "stdout"; policy = "block"; } );
END
mkfifo "$tmp/feed" "$tmp/lines"
"$WEIR_BUILD/tests/tools/mkmany" - "$processes" "$cgroups" >"$tmp/feed" &
"$weird" -c "$tmp/conf" --replay "$tmp/feed" >"$tmp/lines" 2>"$tmp/err" &
sensor=$!

# Counts, and looks at the sensor's memory at a tenth of the way and at its end.
awk -v pid="$sensor" -v tenth=$((processes / 10)) -v last="$processes" '
	function rss(  line, f, kib) {
		f = "/proc/" pid "/status"
		while ((getline line <f) > 0)
			if (line ~ /^VmRSS:/) { gsub(/[^0-9]/, "", line); kib = line }
		close(f)
		return kib
	}
	/"type":"exec"/ {
		n++
		if (/"container":\{"id":"[0-9a-f]+"/) in_container++
		if (/"variables":/) tagged++
		if (n == tenth) first = rss()
		if (n == last) end = rss()
	}
	/"type":"exit"/ { exits++ }
	/"type":"(lost|abnormal)"/ { other++ }
	END { printf "exec=%d container=%d tagged=%d exit=%d other=%d first=%d end=%d\n",
		n, in_container, tagged, exits, other, first, end }' "$tmp/lines" >"$tmp/counts"
wait "$sensor"
is $? 0 'the sensor ends in order'
sed 's/^/# /' "$tmp/counts"
value() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" "$tmp/counts"; }
is "$(value exec) $(value exit)" "$processes $processes" 'every process is there'
is "$(value container)" "$processes" 'each with its container'
is "$(value tagged)" $((processes / 5)) 'variables are those of its program'
is "$(value other)" 0 'nothing is lost or doubtful'
growth=$(($(value end) - $(value first)))
if sanitized; then
	ok 0 'memory does not grow with them # SKIP a sanitizer keeps what is freed'
else
	[ "$growth" -lt 16384 ] && [ "$(value end)" -lt "$allowed" ]
	ok $? "memory does not grow with them ($growth KiB after the first tenth, $(value end) KiB in all)"
fi
done_testing
