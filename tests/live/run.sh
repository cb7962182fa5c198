#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
usage="usage: tests/live/run.sh [-k KERNEL] [-b BUILD] [-t SECONDS] [-a ARGS]
	[TEST ...]
Boots one virtual machine and runs the live tests in it, all of
tests/live/test_*.sh or those named. Prints their TAP with one numbering.
  -b BUILD  the build tree (build)
  -k -t -a  go to tests/live/vm
A test is a bash script that prints TAP with its plan. It starts in the
source tree as root, with WEIR_SRC, WEIR_BUILD, WEIR_PLUGIN_PATH, WEIR_KERNEL
and WEIR_RESULTS (kept in BUILD/live-KERNEL) set, and has a tenth of an hour."
set -u

# Inside the guest: name, then the tests.
guest()
{
	local t out rc line n=0 failed=0 planned seen

	for t in "$@"; do
		echo "# $t"
		out=$WEIR_RESULTS/$(basename "$t" .sh).tap
		timeout -k 5 360 bash "$t" 2>&1 </dev/null | tee "$out.raw" |
			sed -u 's/^/  /'
		rc=${PIPESTATUS[0]}
		# Copies the results with our numbers; the plan must hold.
		planned=$(sed -nE 's/^1\.\.([0-9]+).*/\1/p' "$out.raw" | tail -n 1)
		seen=0
		while IFS= read -r line; do
			[[ $line =~ ^(not\ )?ok\ *([0-9]*)(.*) ]] || continue
			n=$((n + 1)) seen=$((seen + 1))
			echo "${BASH_REMATCH[1]}ok $n - $(basename "$t" .sh)${BASH_REMATCH[3]}"
			[ -z "${BASH_REMATCH[1]}" ] || failed=1
		done <"$out.raw"
		if [ "$rc" != 0 ] && ! grep -q '^not ok' "$out.raw" ||
			[ "${planned:-none}" != "$seen" ]; then
			n=$((n + 1)) failed=1
			echo "not ok $n - $t: status $rc, plan ${planned:-none}, $seen results"
		fi
		rm -f "$out.raw"
	done
	echo "1..$n"
	exit $failed
}

if [ "${1:-}" = --guest ]; then
	shift
	guest "$@"
fi

kernel=6.1 build=build limit=1200 args=''
while getopts k:b:t:a:h o; do
	case $o in
	k) kernel=$OPTARG ;;
	b) build=$OPTARG ;;
	t) limit=$OPTARG ;;
	a) args=$OPTARG ;;
	h) echo "$usage"; exit 0 ;;
	*) echo "$usage" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=$(cd "$build" && pwd -P) || exit 1
src=$(cd "$(dirname "$0")/../.." && pwd -P)
tests=()
for t in "$@"; do tests+=("$(realpath "$t")"); done
[ $# -gt 0 ] || tests=("$src"/tests/live/test_*.sh)
results=$build/live-$kernel
rm -rf "$results"
mkdir -p "$results"

cd "$src" || exit 1
exec tests/live/vm -k "$kernel" -t "$limit" -a "$args" -d "$results" -- env \
	WEIR_SRC="$src" WEIR_BUILD="$build" WEIR_KERNEL="$kernel" \
	WEIR_PLUGIN_PATH="$build/plugins/built" \
	bash tests/live/run.sh --guest "${tests[@]}"
