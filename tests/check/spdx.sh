#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: spdx.sh [SOURCE-TREE]
# Each file of ours names its licence in its first lines.
cd "${1:-.}" || exit 1

dual='SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause'
apache='SPDX-License-Identifier: Apache-2.0'
bad_bpf=() bad_rest=()
while read -r f; do
	case $f in
	*.c|*.h|*.sh|*.def|*.ac|*.am|*.m4|*.pc.in|*/Makefile.inc) ;;
	*) [ "$(head -c 2 "$f" | tr -d '\0')" = '#!' ] || continue ;;
	esac
	case $f in
	bpf/*.[ch]|*.bpf.[ch]) head -n 4 "$f" | grep -qF "$dual" || bad_bpf+=("$f") ;;
	*) head -n 4 "$f" | grep -qF "$apache" || bad_rest+=("$f") ;;
	esac
done < <(find .ci bootstrap check try ./*.ac ./*.am ./*.in m4/weir-*.m4 \
	plugin-api bpf core ctl etc tests packaging docs \
	plugins -path plugins/built -prune -o -path plugins/Makefile.inc -prune \
	-o -path '*/seeds' -prune -o -path '*/.*/*' -prune -o -type f -size +0 \
	! -name '*.skel.h' ! -name '*.o' ! -path ./Makefile.in \
	! -path ./config.h.in -print 2>/dev/null)

result()
{
	local n=$1 what=$2
	shift 2
	if [ $# = 0 ]; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		printf '# %s\n' "$@"
	fi
}
result 1 "bpf/ is under either licence" "${bad_bpf[@]}"
result 2 "all else is under Apache-2.0" "${bad_rest[@]}"
echo 1..2
[ ${#bad_bpf[@]} = 0 ] && [ ${#bad_rest[@]} = 0 ]
