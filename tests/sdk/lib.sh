# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts of tests/sdk: TAP, a folder of our own ($tmp), the tools.
set -u
: "${WEIR_SRC:?}" "${WEIR_BUILD:?}"
weirctl=$WEIR_BUILD/weirctl
plugintest=$WEIR_BUILD/weir-plugin-test
sample=$WEIR_BUILD/ctl/sample.cap
umask 022
tmp=$(mktemp -d "${TMPDIR:-/tmp}/weir-sdk-XXXXXX") && tmp=$(realpath "$tmp") || exit 1
trap 'rm -rf "${tmp:?}"' EXIT
# libconfig leaks the string in which it finds a syntax error.
echo leak:libconfig.so >"$tmp/lsan"
export LSAN_OPTIONS="suppressions=$tmp/lsan:print_suppressions=0"
# Makes of our own, with none of automake's flags.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
n=0 failed=0

# ok STATUS TEXT: what is in $tmp/out and $tmp/err explains a failure.
ok()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		tail -n 20 "$tmp/out" "$tmp/err" 2>/dev/null | cut -c 1-300 | sed 's/^/# /'
		failed=1
	fi
}

skip()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# run COMMAND...: its output in $tmp/out and $tmp/err; its status.
run()
{
	"$@" >"$tmp/out" 2>"$tmp/err"
}

# has FILE PATTERN TEXT: some line matches the extended regular expression.
has()
{
	grep -qE -- "$2" "$1"
	ok $? "$3"
}

done_testing()
{
	echo "1..$n"
	exit $failed
}
