#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From `weirctl plugin new` to a tested plugin with nothing but what is installed.
# WEIR_SDK_DEST: an installed tree to use instead of making one.
# shellcheck disable=SC1091,SC2154  # lib.sh sets them
. "${WEIR_SRC:?}/tests/sdk/lib.sh" || exit 1

dest=${WEIR_SDK_DEST:-$tmp/dest}
if [ -z "${WEIR_SDK_DEST:-}" ]; then
	run make -C "$WEIR_BUILD" install DESTDIR="$dest"
	ok $? "make install"
fi
pc=$(find "$dest" -name weir-plugin.pc | head -n 1)
[ -n "$pc" ] || { echo "Bail out! no weir-plugin.pc"; exit 1; }
prefix=${pc%/*/pkgconfig/weir-plugin.pc}
export PKG_CONFIG_PATH=${pc%/*}
export PKG_CONFIG="pkg-config --define-variable=prefix=$prefix"
var() { $PKG_CONFIG --variable="$1" weir-plugin; }
weirctl=$(var weirctl)
export WEIR_PLUGIN_TEST=$prefix/bin/weir-plugin-test
templates=$(var templatedir)
for v in pluginsdir confdir templatedir samplecap abi; do
	[ -n "$(var $v)" ]
	ok $? "weir-plugin.pc has $v"
done
run cmp "$WEIR_SRC/plugins/example/fake.h" "$prefix/include/weir/fake.h"
ok $? "<weir/fake.h> is installed"
cd "$tmp" || exit 1

new() { run "$weirctl" plugin new --templates "$templates" "$@"; }

# The installed headers in C11 and C++17, without a warning.
for h in plugin wire; do
	run "${CC:-cc}" -std=c11 -pedantic -Wall -Wextra -Werror -I"$prefix/include" -fsyntax-only \
		-x c - <<<"#include <weir/$h.h>"
	ok $? "<weir/$h.h> in C11"
	if command -v g++ >/dev/null; then
		run g++ -std=c++17 -Wall -Wextra -Werror -I"$prefix/include" -fsyntax-only \
			-x c++ - <<<"#include <weir/$h.h>"
		ok $? "<weir/$h.h> in C++17"
	else
		skip "<weir/$h.h> in C++17" "no g++"
	fi
done

# compile KIND COMPILER: in the folder
compile()
{
	local kind=$1 cc=$2

	if ! command -v "$cc" >/dev/null; then
		skip "$kind with $cc" "no $cc"
		return
	fi
	run make clean
	run make CC="$cc" CFLAGS="-O2 -g -pedantic -Werror"
	ok $? "$kind with $cc: builds"
	[ "$(nm -D --defined-only "my_$kind.so" | awk '{print $3}')" = weir_plugin ]
	ok $? "$kind with $cc: one symbol"
	run make CC="$cc" CFLAGS="-O2 -g -pedantic -Werror" test
	ok $? "$kind with $cc: its test"
	run make CC="$cc" WEIRCTL="$weirctl" verify
	ok $? "$kind with $cc: is verified"
	! grep -E '^(error|warning)' "$tmp/out" >"$tmp/err"
	ok $? "$kind with $cc: without a warning"
	run make CC="$cc" try
	ok $? "$kind with $cc: over the sample"
}

for kind in enricher async serializer sink; do
	new "my_$kind" --kind $kind
	ok $? "$kind: is made"
	[ "$(cd "my_$kind" && find . -type f | sort | xargs)" = \
		"./Makefile ./README.md ./my_$kind.c ./my_$kind.conf ./test_my_$kind.c" ]
	ok $? "$kind: its files"
	! grep -rn '@NAME@' "my_$kind" >"$tmp/out"
	ok $? "$kind: no placeholder is left"
	cd "my_$kind" || exit 1
	compile $kind gcc
	compile $kind clang
	rm -f "test_my_$kind"
	run make SAN=address,undefined test
	ok $? "$kind: its test with sanitizers"
	run make install enable DESTDIR="$tmp/root"
	ok $? "$kind: is installed"
	[ "$(stat -c %a "$tmp/root$(var pluginsdir)/my_$kind.so")" = 644 ] &&
		[ -e "$tmp/root$(var confdir)/conf.d/my_$kind.conf" ]
	ok $? "$kind: where it belongs"
	# Its settings as the core reads them; that of the sink names a real file.
	sed -i 's|/var/log/my_sink.log|/dev/null|' "my_$kind.conf"
	run "$WEIR_PLUGIN_TEST" --cycles 0 --config "my_$kind.conf" "my_$kind.so" "$(var samplecap)"
	ok $? "$kind: with its settings"
	cd .. || exit 1
done

# ---- what is refused ----------------------------------------------------------------
# refused STATUS PATTERN ARGUMENT...: nothing is left behind
refused()
{
	local want=$1 text=$2
	shift 2
	mkdir -p empty
	new --dir empty "$@"
	[ $? = "$want" ]
	ok $? "new $*: status $want"
	has "$tmp/err" "$text" "new $*: why"
	rmdir empty 2>"$tmp/out"
	ok $? "new $*: nothing is left"
}
for name in Bad 1bad bad-name bad.name ../bad '' a/b _x \
	a2345678901234567890123456789012; do
	refused 2 "a plugin's name" "$name"
done
for name in json process weir sync example static; do
	refused 2 'this name is taken' $name
done
refused 2 '^usage: ' mine --kind source
refused 2 '^usage: ' one two
refused 1 'No such file or directory' mine --templates "$tmp/none"
mkdir part
cp "$templates"/{plugin.mk,README.md,enricher.c} part
refused 1 'test_enricher.c: No such file' mine --templates "$tmp/part"
new my_sink --kind sink
[ $? = 1 ]
ok $? "an existing folder: status"
has "$tmp/err" 'is there already$' "an existing folder: why"
touch my_file
new my_file
[ $? = 1 ] && [ -f my_file ]
ok $? "an existing file stays"
new mine --dir "$tmp/none"
[ $? = 1 ]
ok $? "no folder to make it in"
done_testing
