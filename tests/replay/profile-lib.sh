# SPDX-License-Identifier: Apache-2.0
# Sourced by profile*.sh: config-lib.sh, our folder, and profiles made of lines.
# shellcheck shell=bash disable=SC1091,SC2034,SC2154  # config-lib.sh sets them, the others read them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1

# run WORD...: what it says is in out and err
run() {
	"$WEIR_BUILD/weirctl" profile "$@" >out 2>err
	status=$?
}
make() { "$WEIR_BUILD/tests/tools/mkprofile" "$@"; }
line() { local IFS=$'\t'; echo "$*"; }
# Times are seconds after this.
at() { echo $((1700000000 + $1)); }
# node DEPTH KIND NUMBER NAME ACCESS ORIGIN [TAG COUNT FIRST LAST]
node() {
	if [ $# -gt 6 ]; then
		line node "${@:1:8}" "$(at "$9")" "$(at "${10}")"
	else
		line node "$@"
	fi
}
