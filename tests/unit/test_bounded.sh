#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/tools/bounded.sh: a test that hangs fails and says where, and nothing
# of a test stays, whatever way it ends.
set -u
bounded=${WEIR_SRC:?}/tests/tools/bounded.sh
tmp=$(mktemp -d "${TMPDIR:-/tmp}/weir-bounded-XXXXXX") && [ -d "$tmp" ] || exit 1
trap 'rm -rf "${tmp:?}"' EXIT
n=0
failed=0

# ok CONDITION-STATUS TEXT
ok() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/out"
		failed=1
	fi
}

# run SECONDS SCRIPT: $rc, and the output in $tmp/out when its last writer ends
run() {
	bash "$bounded" "$1" bash -c "$2" 2>&1 | cat >"$tmp/out"
	rc=${PIPESTATUS[0]}
}

# has PATTERN TEXT: some line of it matches
has() {
	grep -qE -- "$1" "$tmp/out"
	ok $? "$2"
}

# gone TEXT: none of those that wrote their number to $tmp/pids is there
gone() {
	local pid left=

	while read -r pid; do
		# Init may take its time with what is dead.
		grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null && left+=" $pid"
	done <"$tmp/pids"
	[ -s "$tmp/pids" ] && [ -z "$left" ]
	ok $? "$1"
	rm "$tmp/pids"
}
export tmp

run 100 'echo one; exit 7'
[ "$rc" = 7 ] && [ "$(cat "$tmp/out")" = one ]
ok $? 'status and output are those of the test'
bash "$bounded" 100 cat <<<'from above' >"$tmp/out"
has '^from above$' 'and so is its input'
run 100 'kill -INT $$; echo "goes" on'
[ "$rc" = 130 ] && [ ! -s "$tmp/out" ]
ok $? 'SIGINT does what it does'

run 100 'sleep 1000 & echo $! >"$tmp/pids"; exit 5'
[ "$rc" = 5 ]
ok $? 'one that leaves a process behind'
gone 'which is ended'

run 1 'echo begun; setsid sleep 1000 & echo $! >"$tmp/pids"
	set -m; sleep 2000 & echo $! >>"$tmp/pids"; trap "" TERM; wait; echo "goes" on'
[ "$rc" = 124 ]
ok $? 'one that hangs: status'
has '^begun$' 'one that hangs: its output'
has '^Bail out! not done after 1 s$' 'one that hangs: is told'
has '^# process [0-9]+: sleep 1000' 'one that hangs: a session of its own'
has '^# process [0-9]+: sleep 2000' 'one that hangs: a job'
has '^# +thread [0-9]+ \(sleep\) waits in ' 'one that hangs: where they are'
! grep -q '^goes on' "$tmp/out"
ok $? 'one that hangs: it did not go on'
gone 'one that hangs: nothing is left'

mkfifo "$tmp/fifo"
# shellcheck disable=SC2016  # expanded there
bash "$bounded" 100 bash -c 'sleep 1000 & echo $! >"$tmp/pids"; echo >"$tmp/fifo"; wait' \
	>"$tmp/out" 2>&1 &
pid=$!
read -r _ <"$tmp/fifo"
kill -TERM $pid
wait $pid
[ $? = 143 ]
ok $? 'SIGTERM: status'
gone 'SIGTERM: nothing is left'

echo "1..$n"
exit $failed
