#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/live/vm -i -k KERNEL -- tests/bench/bench_first.sh [BUILD]
# What `syscall` costs a system call, and `capability` one that asks for a capability, in
# instructions: the guest's clock counts them. Nothing is measured without -i.
# The library sets it.
# shellcheck disable=SC2154
set -u
WEIR_SRC=$PWD WEIR_BUILD=$(realpath "${1:-build}") WEIR_RESULTS=$(mktemp -d)
WEIR_PLUGIN_PATH=/run/weir-plugins
export WEIR_SRC WEIR_BUILD WEIR_RESULTS WEIR_PLUGIN_PATH
mkdir -m 755 $WEIR_PLUGIN_PATH
install -m 644 "$WEIR_BUILD"/plugins/built/*.so $WEIR_PLUGIN_PATH
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"
TIMES=300000

# Of getppid, and of sethostname without a name: it asks, and then refuses.
case $(uname -m) in
x86_64) calls=(110 170) ;;
*) calls=(173 161) ;;
esac

# What a process takes, in ms: its own time does not count what others do.
taken()
{
	local TIMEFORMAT='%3U %3S' out

	out=$( { time "$ACT" load calls "$@" >/dev/null; } 2>&1)
	awk '{ print ($1 + $2) * 1000 }' <<<"$out"
}

# row NAME: nanoseconds, which are instructions, of a call of each.
row()
{
	local nr out=()

	for nr in "${calls[@]}"; do
		taken 100 "$nr" >/dev/null
		out+=($((($(taken $TIMES "$nr") - $(taken 0 "$nr")) * 1000000 / TIMES)))
	done
	printf '%-24s getppid %5d   sethostname %5d\n' "$1" "${out[@]}"
}

row "no sensor"
for types in '"exec"' '"exec", "syscall"' '"exec", "capability"'; do
	sensor_start bench "events = [ $types ]" >/dev/null
	row "${types//\"/}"
	kill -INT "$sensor"
	wait "$sensor"
done
