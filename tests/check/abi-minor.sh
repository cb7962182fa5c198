#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: CC=... abi-minor.sh [SOURCE-TREE]
# The public headers against those of each ABI in tests/abi/corpus: a layout that
# has changed needs a new minor, and a new minor only appends.
cd "${1:-.}" || exit 1
layout=tests/abi/layout.sh
n=0 failed=0

result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		head -n 20 <<<"$2" | sed 's/^/# /'
		failed=1
	fi
}

# Prints MAJOR.MINOR of a folder's plugin.h.
version()
{
	sed -nE 's/^#define WEIR_ABI_M(AJOR|INOR)[[:space:]]+([0-9]+)$/\2/p' \
		"$1/weir/plugin.h" | paste -s -d . -
}

# What is in $1 and not in $2 although it must be: all but the sizes of structs
# that grow (they begin with their size) and the ends of enumerations.
moved()
{
	awk 'NR == FNR { there[$0] = 1; if ($1 ~ /\.size$/ && $2 == 0) grows[substr($1, 1, length($1) - 5)] = 1; next }
		$0 in there || $1 ~ /^WEIR_.*_MAX$/ || ($1 in grows) { next }
		{ print $0 " was there, and is not, or has moved" }' "$2" "$1"
}

if ! command -v "${CC:-cc}" >/dev/null; then
	echo "ok 1 - the ABI's layout # SKIP no compiler"
	echo 1..1
	exit
fi
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
now=$(version plugin-api)
if ! bash $layout plugin-api >"$tmp/now" 2>"$tmp/err"; then
	result "layout of plugin-api" "$(cat "$tmp/err")"
	echo 1..1
	exit 1
fi
for d in tests/abi/corpus/*/; do
	d=${d%/}
	then=$(version "$d")
	bash $layout "$d" >"$tmp/then" 2>/dev/null
	result "corpus ${d##*/} is of that ABI" "$([ "${d##*/}" = "$then" ] || echo "plugin.h says $then")"
	if [ "$now" = "$then" ]; then
		result "ABI $now is what it was: else raise WEIR_ABI_MINOR" \
			"$(diff "$tmp/then" "$tmp/now")"
	elif [ "${now%.*}" = "${then%.*}" ] && [ "${now#*.}" -gt "${then#*.}" ]; then
		result "ABI $now only appends to $then" "$(moved "$tmp/then" "$tmp/now")"
	elif [ "${now%.*}" -gt "${then%.*}" ]; then
		n=$((n + 1))
		echo "ok $n - ABI $now is another major than $then"
	else
		result "ABI $now is not older than $then" "plugin-api is older than the corpus"
	fi
done
echo "1..$n"
exit $failed
