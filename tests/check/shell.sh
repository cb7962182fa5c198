#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: shell.sh [SOURCE-TREE]
# The scripts parse, and shellcheck has nothing to say.
cd "${1:-.}" || exit 1

mapfile -t scripts < <(grep -rlE -m1 '^#!/bin/(ba)?sh' .ci bootstrap check try \
	tests plugins core packaging docs --exclude-dir=.libs --exclude-dir=.deps 2>/dev/null | sort)
n=0 failed=0
for s in "${scripts[@]}"; do
	n=$((n + 1))
	if ! command -v shellcheck >/dev/null; then
		echo "ok $n - $s # SKIP no shellcheck"
	elif out=$(shellcheck -S warning "$s" 2>&1); then
		echo "ok $n - $s"
	else
		echo "not ok $n - $s"
		echo "$out" | sed 's/^/# /'
		failed=1
	fi
done
echo "1..$n"
exit $failed
