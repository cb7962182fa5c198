#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: CC=... CXX=... CPPFLAGS=... headers.sh [SOURCE-TREE]
# Each header compiles alone, the public ones as C++ too. make check-headers
# knows the flags.
src=${1:-.}
n=0 failed=0

# Tries one header: name, include line, compiler and its flags.
try_header()
{
	local name=$1 line=$2 out
	shift 2
	n=$((n + 1))
	if out=$(echo "$line" | eval "$* -fsyntax-only -" 2>&1); then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "$out" | sed 's/^/# /'
		failed=1
	fi
}

while read -r h; do
	h=${h#"$src"/}
	case $h in
	plugin-api/*)
		line="#include <${h#plugin-api/}>"
		try_header "$h as C" "$line" "$CC -I$src/plugin-api -x c"
		if [ -n "$CXX" ]; then
			try_header "$h as C++" "$line" \
				"$CXX -Wall -Wextra -Werror -I$src/plugin-api -x c++"
		else
			n=$((n + 1))
			echo "ok $n - $h as C++ # SKIP no C++ compiler"
		fi ;;
	*)
		try_header "$h" "#include \"$h\"" "$CC $CPPFLAGS -I$src -x c" ;;
	esac
done < <(find "$src"/plugin-api "$src"/core "$src"/plugins -name '*.h' | sort)
echo "1..$n"
exit $failed
