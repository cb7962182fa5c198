#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weirctl plugin verify: a fault at a time, each in a plugin built here.
# shellcheck disable=SC1091,SC2154  # lib.sh sets them
. "${WEIR_SRC:?}/tests/sdk/lib.sh" || exit 1
cc=${CC:-cc}
if ! command -v "$cc" >/dev/null; then
	skip "verify" "no $cc"
	done_testing
fi
cat >"$tmp/p.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <weir/plugin.h>
#ifndef EXTRA
#define EXTRA
#endif
EXTRA
static int p_process(void *inst, struct weir_event *ev) { (void)inst; (void)ev; return 0; }
#ifndef FLAGS
#define FLAGS 0
#endif
WEIR_PLUGIN_DEFINE_FLAGS(p, WEIR_PLUGIN_ENRICHER, FLAGS, "1.0", "Apache-2.0",
	.summary = "A test.", .process = p_process);
END

# build ARGUMENT...: $tmp/p.so
build()
{
	run "$cc" -std=gnu11 -O1 -g -fPIC -shared -fvisibility=hidden -I"$WEIR_SRC/plugin-api" \
		-o "$tmp/p.so" "$tmp/p.c" -Wl,-z,noexecstack -Wl,--build-id "$@"
}

# finds TEXT PATTERN ARGUMENT...: status 1 and that line
finds()
{
	local text=$1 want=$2
	shift 2
	build "$@" || { ok 1 "$text: builds"; return; }
	run "$weirctl" plugin verify "$tmp/p.so"
	[ $? = 1 ]
	ok $? "$text: status"
	has "$tmp/out" "^error: $want" "$text: is told"
}

# warns TEXT PATTERN ARGUMENT...: status 0 and that line
warns()
{
	local text=$1 want=$2
	shift 2
	build "$@" || { ok 1 "$text: builds"; return; }
	run "$weirctl" plugin verify "$tmp/p.so"
	ok $? "$text: status"
	has "$tmp/out" "^warning: $want" "$text: is told"
}

build
run "$weirctl" plugin verify "$tmp/p.so"
ok $? "in order: status"
! grep -v '^ok: ' "$tmp/out" >"$tmp/err"
ok $? "in order: nothing to complain about"
has "$tmp/out" '^ok: p 1\.0, licence Apache-2\.0, enricher, ABI 1\.[0-9]+$' "in order: what it is"
run "$weirctl" plugin verify --json "$tmp/p.so" "$WEIR_BUILD/plugins/built/example.so"
ok $? "--json: status"
if command -v jq >/dev/null; then
	run jq -e '.files | length == 2 and all(.errors == 0 and (.findings | length) > 5)' "$tmp/out"
	ok $? "--json: two files"
else
	skip "--json: two files" "no jq"
fi

finds "two symbols" 'exports other: only weir_plugin may be' \
	'-DEXTRA=__attribute__((visibility("default"))) int other; int other = 1;'
finds "runpath" 'has a R(UN)?PATH \(/opt\)' -Wl,-rpath,/opt
finds "executable stack" 'asks for an executable stack' -Wl,-z,execstack
for f in 'fork();fork' 'vfork();vfork' 'system("");system' 'popen("", "r");popen' \
	'exit(1);exit' '_exit(1);_exit' 'execv("", 0);execv' 'execlp("", "", (char *)0);execlp' \
	'signal(1, 0);signal' 'sigaction(1, 0, 0);sigaction' 'chdir("");chdir' 'umask(0);umask' \
	'setlocale(0, "");setlocale' 'setenv("", "", 0);setenv' 'dlclose(0);dlclose' \
	'posix_spawn(0, "", 0, 0, 0, 0);posix_spawn'; do
	finds "uses ${f#*;}" "uses ${f#*;}: " -include unistd.h -include signal.h -include sys/stat.h \
		-include locale.h -include dlfcn.h -include spawn.h -w \
		"-DEXTRA=__attribute__((used)) static void x(void) { ${f%;*}; }"
done
warns "uses abort" 'uses abort: ' '-DEXTRA=__attribute__((used)) static void x(void) { abort(); }'
warns "constructor" 'has 1 constructors: ' '-DEXTRA=__attribute__((constructor)) static void x(void) { puts(""); }'
warns "destructor" 'has 1 destructors: ' '-DEXTRA=__attribute__((destructor)) static void x(void) { puts(""); }'
warns "no build-id" 'has no build-id: ' -Wl,--build-id=none
finds "undefined weir_ symbol" 'uses weir_log: the core exports nothing' \
	'-DEXTRA=void weir_log(void); __attribute__((used)) static void x(void) { weir_log(); }'
finds "no such library function" 'undefined symbol: nobody_has_this|.*nobody_has_this' \
	'-DEXTRA=void nobody_has_this(void); __attribute__((used)) static void x(void) { nobody_has_this(); }'
finds "dies when mapped" 'mapping it(: | ended)' \
	'-DEXTRA=__attribute__((constructor)) static void x(void) { *(volatile int *)8 = 1; }'
finds "ends when mapped" 'mapping it ended the process' \
	'-DEXTRA=__attribute__((constructor)) static void x(void) { exit(0); }'
finds "unknown flags" 'has flags \(0x40\) that are unknown' -DFLAGS=0x40
finds "of a later minor" 'ABI 1.99, this version has ' -DWEIR_ABI_TARGET=99
if build -w -fno-pic -mcmodel=large -Wl,-z,notext \
	'-DEXTRA=int y; __attribute__((used)) static int *x(void) { return &y; }' &&
	readelf -d "$tmp/p.so" | grep -q TEXTREL; then
	run "$weirctl" plugin verify --no-load "$tmp/p.so"
	has "$tmp/out" '^error: has relocations in its code \(TEXTREL\)' "relocations in the code: are told"
else
	skip "relocations in the code" "this linker makes none"
fi

# ---- the file --------------------------------------------------------------------
build
mv "$tmp/p.so" "$tmp/q.so"
run "$weirctl" plugin verify "$tmp/q.so"
has "$tmp/out" '^error: the core looks for p.so, not for q.so$' "another name"
mv "$tmp/q.so" "$tmp/p.so"
chmod 666 "$tmp/p.so"
run "$weirctl" plugin verify "$tmp/p.so"
has "$tmp/out" '^error: can be written to by everybody' "a file that all can write"
has "$tmp/out" '^ok: exports weir_plugin and nothing else$' "the rest is looked at all the same"
run "$weirctl" plugin verify --any-owner "$tmp/p.so"
ok $? "--any-owner"
chmod 644 "$tmp/p.so"
chmod 777 "$tmp"
run "$weirctl" plugin verify "$tmp/p.so"
has "$tmp/out" '^error: folder .* can be written to by everybody' "a folder that all can write"
chmod 755 "$tmp"
(cd "$tmp" && run "$weirctl" plugin verify p.so)
ok $? "a name without a folder"
run "$weirctl" plugin verify --glibc 1.0 "$tmp/p.so"
has "$tmp/out" '^error: needs glibc 2\.[0-9]+: systems with 1\.0 cannot map it$|^ok: needs no version of glibc$' \
	"--glibc: a floor that is too low"
run "$weirctl" plugin verify "$tmp/none.so"
[ $? = 1 ]
ok $? "no such file: status"
has "$tmp/out" '^error: there is no such file$' "no such file"
head -c 3000 "$tmp/p.so" >"$tmp/cut.so"
run "$weirctl" plugin verify "$tmp/cut.so"
has "$tmp/out" '^error: ' "a file that is cut"
run "$weirctl" plugin verify "$WEIR_BUILD/tests/unit/plugins/.libs/nonote.so"
has "$tmp/out" '^error: has no weir note' "no plugin"
for bad in "" "--frob x" "--glibc two x"; do
	# shellcheck disable=SC2086  # words
	run "$weirctl" plugin verify $bad
	[ $? = 2 ]
	ok $? "usage: \"$bad\""
done
done_testing
