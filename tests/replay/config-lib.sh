# SPDX-License-Identifier: Apache-2.0
# Sourced by config-*.sh: TAP, a folder of our own ($tmp), and weird's answers.
# Without that folder nothing may run: every path of these scripts is in it.
set -u
: "${WEIR_SRC:?}" "${WEIR_BUILD:?}" "${WEIR_PLUGIN_PATH:?}"
weird=$WEIR_BUILD/weird
mkcap=$WEIR_BUILD/tests/tools/mkcap
[ -x "$weird" ] && [ -x "$mkcap" ] || exit 1
umask 022
tmp=$(mktemp -d "${TMPDIR:-/tmp}/weir-config-XXXXXX") && tmp=$(realpath "$tmp") &&
	[ -d "$tmp" ] && [ "$tmp" != / ] || exit 1
trap 'rm -rf "${tmp:?}"' EXIT
# libconfig leaks the string in which it finds a syntax error.
echo leak:libconfig.so >"$tmp/lsan"
export LSAN_OPTIONS="suppressions=$tmp/lsan:print_suppressions=0"
n=0
failed=0

# ok CONDITION-STATUS TEXT
ok() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

# is GOT WANT TEXT
is() {
	[ "$1" = "$2" ]
	local r=$?
	ok $r "$3"
	if [ $r != 0 ]; then
		sed 's/^/# got  /' <<<"$1"
		sed 's/^/# want /' <<<"$2"
	fi
}

# has TEXT PATTERN ABOUT: some line matches the extended regular expression
has() {
	grep -qE -- "$2" <<<"$1"
	local r=$?
	ok $r "$3"
	if [ $r != 0 ]; then
		echo "# no line like: $2"
		sed 's/^/# got  /' <<<"$1"
	fi
}

# The messages of the last run, without "weird: " and with our folder as TOP.
messages() {
	sed -e 's/^weird: //' -e "s|$tmp|TOP|g" "$tmp/err"
}

done_testing() {
	echo "1..$n"
	exit $failed
}
