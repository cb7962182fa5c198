#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command line of weird: what it refuses, with status 2, and what it prints.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1

# usage TEXT FIRST-LINE-OF-STDERR ARGUMENT...
usage() {
	local text=$1 want=$2
	shift 2
	"$weird" "$@" >"$tmp/out" 2>"$tmp/err"
	is $? 2 "$text: status"
	has "$(sed -n 1p "$tmp/err")" "$want" "$text: message"
	has "$(cat "$tmp/err")" '^usage: weird ' "$text: usage"
	is "$(cat "$tmp/out")" "" "$text: nothing on standard output"
}

usage "unknown option" "unrecognized option '--frobnicate'" --frobnicate
usage "unknown letter" "invalid option -- 'x'" -x
usage "option without its argument" "option '--config' requires an argument" --config
usage "argument of none" "option '--check' doesn't allow an argument" --check=1
usage "stray argument" '^weird: unexpected argument "stray"$' stray
usage "realtime without replay" '^weird: --realtime goes with --replay$' --realtime

# prints TEXT PATTERN ARGUMENT...
prints() {
	local text=$1 want=$2
	shift 2
	"$weird" "$@" >"$tmp/out" 2>"$tmp/err"
	is $? 0 "$text: status"
	has "$(cat "$tmp/out")" "$want" "$text: output"
	is "$(cat "$tmp/err")" "" "$text: nothing on standard error"
}

echo 'sync = ( { plugin = "process"; }, { plugin = "json"; }, { plugin = "stdout"; } );' >"$tmp/weir.conf"
prints "--help" '^usage: weird ' --help
prints "-h" '^Exit status: 0 done; ' -h
prints "--version" '^weird [0-9.]+ \(plugin ABI [0-9]+\.[0-9]+, records [0-9a-f]{16}\)$' --version
prints "--options" '^  ring_size ' --options
prints "--schema" '"\$schema"' -c "$tmp/weir.conf" --schema
prints "--fields" '^# Every event$' -c "$tmp/weir.conf" --fields
prints "--fields, of plugins too" 'process\.ancestors' -c "$tmp/weir.conf" --fields

for what in --schema --fields; do
	"$weird" -c "$tmp/weir.conf" $what >/dev/full 2>"$tmp/err"
	is $? 1 "$what to a full disk: status"
	is "$(messages)" 'error: standard output: No space left on device' "$what to a full disk: message"
	"$weird" -c "$tmp/none.conf" $what >"$tmp/out" 2>"$tmp/err"
	is $? 2 "$what without a configuration: status"
	is "$(messages)" 'error: TOP/none.conf: No such file or directory' "$what without a configuration: message"
	is "$(cat "$tmp/out")" "" "$what without a configuration: nothing is printed"
done
done_testing
