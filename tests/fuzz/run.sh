#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
usage="usage: tests/fuzz/run.sh [-t SECONDS] BUILD [TARGET ...]
Runs the fuzz targets of a build tree, all tests/fuzz/fuzz_* or those named,
over their seeds and what earlier runs have found, and then SECONDS (600)
further, one after the other. Prints TAP. What a target grows is kept in
BUILD/corpus, an input that breaks it in BUILD/fuzz_x-crash-*."
set -u

seconds=600
while getopts t:h o; do
	case $o in
	t) seconds=$OPTARG ;;
	h) echo "$usage"; exit 0 ;;
	*) echo "$usage" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -lt 1 ] || ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
	echo "$usage" >&2
	exit 2
fi
build=$1 src=$(cd "$(dirname "$0")" && pwd -P)
shift
targets=("$@")
if [ $# = 0 ]; then
	for t in "$src"/fuzz_*.c; do targets+=("${t%.c}"); done
fi

# fuzz_one NAME: its own output, and its status.
fuzz_one()
{
	local bin=$build/tests/fuzz/$1 dirs=("$build/corpus/$1")

	[ -x "$bin" ] || { echo "# $bin is not built"; return 1; }
	mkdir -p "${dirs[0]}"
	[ ! -d "$src/seeds/$1" ] || dirs+=("$src/seeds/$1")
	"$bin" -runs=0 "${dirs[@]}" &&
		"$bin" -max_total_time="$seconds" -timeout=20 \
			-artifact_prefix="$build/$1-" "${dirs[@]}"
}

n=0 failed=0
for t in "${targets[@]}"; do
	n=$((n + 1))
	name=$(basename "$t")
	if fuzz_one "$name"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
done
echo "1..$n"
exit $failed
