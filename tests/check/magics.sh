#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: magics.sh [SOURCE-TREE]
# A magic number tells one type of object from all others.
cd "${1:-.}" || exit 1
twice=$(grep -rhoE '#[[:space:]]*define[[:space:]]+[A-Z0-9_]+_MAGIC[[:space:]]+0x[0-9A-Fa-f]+' \
		--include='*.[ch]' core plugins plugin-api ctl tests 2>/dev/null |
	awk '{ k = tolower($NF); name[k] = name[k] " " $(NF - 1); n[k]++ }
		END { for (k in n) if (n[k] > 1) print "# " k ":" name[k] }')
if [ -n "$twice" ]; then
	echo "not ok 1 - magic numbers are unique"
	echo "$twice"
else
	echo "ok 1 - magic numbers are unique"
fi
echo 1..1
[ -z "$twice" ]
