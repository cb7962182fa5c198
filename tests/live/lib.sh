# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the live tests share; each sources it first. Results are told with
# check, or taken over from expect with tap; plan ends the test.
set -u
T=$(mktemp -d /tmp/live.XXXXXX)
EXPECT=$WEIR_BUILD/tests/live/expect
chmod 755 "$T"
cp "$WEIR_BUILD/tests/live/act" "$T/act"
ACT=$T/act
DEADLINE=${WEIR_DEADLINE:-240}
export WEIR_SELF_TEST=$WEIR_BUILD/weir-self-test
STAGES=''	# more of them, each with a comma behind it
# Of a test that does not name its own: each hook more makes the start longer.
EVENTS='"exec", "fork", "exit", "create", "unlink", "rename", "link", "symlink",
	"mkdir", "rmdir", "truncate", "chmod", "chown", "setxattr", "removexattr",
	"set_acl", "connect", "accept", "bind", "listen"'
n=0 failed=0 sensor='' n_case=0

# ---- results
check()
{
	local what=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		failed=1
	fi
}

# Takes over the results of a command, with our numbers.
tap()
{
	local line

	while IFS= read -r line; do
		if [[ $line =~ ^(not\ )?ok\ [0-9]+(.*) ]]; then
			n=$((n + 1))
			[ -z "${BASH_REMATCH[1]}" ] || failed=1
			line="${BASH_REMATCH[1]}ok $n${BASH_REMATCH[2]}"
		fi
		printf '%s\n' "$line"
	done < <("$@" 2>&1)
}

is() { [ "$1" = "$2" ] || { echo "# got \"$1\", want \"$2\""; false; }; }

plan()
{
	echo "1..$n"
	exit $failed
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# ---- the sensor
# sensor_start NAME [SETTING ...] [-- ARGUMENT ...]: settings of the group
# "sensor"; output in $T/NAME.ndjson, log in $T/NAME.log.
sensor_start()
{
	local name=$1 settings=''

	shift
	# Its events are real ones; a test that wants them says so.
	[[ " $* " == *" self_test ="* ]] || settings='  self_test = 0;'$'\n'
	[[ " $* " == *" events ="* ]] || settings+="  events = [ $EVENTS ];"$'\n'
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		settings+="  $1;"$'\n'
		shift
	done
	[ $# = 0 ] || shift
	OUT=$T/$name.ndjson LOG=$T/$name.log CONF=$T/$name.conf
	cat >"$CONF" <<-END
	sensor = {
	$settings};
	sync = ( { plugin = "process"; }, $STAGES{ plugin = "json"; },
	         { plugin = "stdout"; policy = "block"; } );
	END
	: >"$OUT"
	: >"$LOG"
	"$WEIR_BUILD/weird" -c "$CONF" "$@" >>"$OUT" 2>>"$LOG" &
	sensor=$!
	if ! "$EXPECT" --log "$LOG" $DEADLINE running; then
		sed 's/^/# /' "$LOG"
		check "$name: the sensor starts" false
		plan
	fi
}

# One event of each ring that comes after all others.
sensor_mark()
{
	"$ACT" "end-$1" mkdir "$T/end-$1" 755
	"$EXPECT" --wait "$OUT" $DEADLINE "type=exec process.args.1=end-$1" \
		"type=mkdir process.args.1=end-$1"
}

# sensor_stop NAME: marks, ends it, and checks what holds of every run.
sensor_stop()
{
	local rc=0

	check "$1: the last events arrive" sensor_mark "$1"
	kill -INT "$sensor"
	wait "$sensor" || rc=$?
	check "$1: the sensor ends well" is $rc 0
	check "$1: received = refused + filtered + passed" sums_hold
	check "$1: the log and the stream tell the same losses" losses_agree
	# run.sh checks the lines against the schema, outside, where it is fast.
	"$WEIR_BUILD/weird" -c "$CONF" --schema >"$WEIR_RESULTS/$1.schema"
	cp "$LOG" "$OUT" "$WEIR_RESULTS"
}

# The log's last line: A events received, B made, C refused, D filtered, E passed ...
sums_hold()
{
	local re='([0-9]+) events received, ([0-9]+) made, ([0-9]+) refused, ([0-9]+) filtered, ([0-9]+) passed'

	[[ $(tail -n 1 "$LOG") =~ $re ]] || { tail -n 1 "$LOG" | sed 's/^/# /'; return 1; }
	is $((BASH_REMATCH[1] + BASH_REMATCH[2])) \
		$((BASH_REMATCH[3] + BASH_REMATCH[4] + BASH_REMATCH[5])) &&
		is "${BASH_REMATCH[3]}" 0
}

losses_agree()
{
	is "$(sed -nE 's/.*; ([0-9]+) lost.*/\1/p' "$LOG" | tail -n 1)" "$(lost '[a-z_]*' '[a-z_]*')"
}

# How many events of type and reason the sensor tells as lost.
lost()
{
	sed -nE '/"type":"lost"/s/.*"count":([0-9]+).*"type":"'"$1"'".*"reason":"'"$2"'".*/\1/p' \
		"$OUT" | awk '{ n += $1 } END { print n + 0 }'
}

# between LOW VALUE HIGH
between() { [ "$1" -le "$2" ] && [ "$2" -le "$3" ] || { echo "# $2 is not in $1..$3"; false; }; }

# How many events fulfil the conditions (of expect).
count() { "$EXPECT" --count "$OUT" "$@"; }

# ---- cases for expect --cases
CASES=$T/cases
: >"$CASES"

# case_ NAME: what act does with $TAG from here on belongs to it.
case_()
{
	n_case=$((n_case + 1))
	TAG=t$n_case
	printf '%s\0' case "$1" "process.args.1=$TAG" '' >>"$CASES"
}

# want TYPE CONDITION ...: exactly one such event.
want()
{
	printf '%s\0' want "type=$1" "${@:2}" '' >>"$CASES"
}

# fails ERRNO OPERATION ...
fails()
{
	local rc=0 want=$1

	shift
	"$ACT" "$TAG" "$@" || rc=$?
	[ $rc = "$want" ] || echo "$TAG $*: status $rc, not $want" >>"$T/undone"
}

run() { fails 0 "$@"; }

# What the kernel refused to the test itself is a mistake of the test.
all_done()
{
	[ ! -s "$T/undone" ] || { sed 's/^/# /' "$T/undone"; false; }
}

# rule ID TYPE ACTION CONDITION...: a rule on our own names, in $T/rules; $MORE goes to "weir".
rule()
{
	local c

	{
		printf 'title: %s %s\nid: %s\nlevel: high\ntags: [attack.execution, attack.t1059]\n' \
			"$3" "$2" "$1"
		printf 'logsource: { category: %s, service: weir }\ndetection:\n  s:\n' "$2"
		for c in "${@:4}"; do
			printf '    %s\n' "$c"
		done
		printf '  condition: s\nweir: { action: %s%s }\n' "$3" "${MORE:-}"
	} >"$T/rules/$1.yml"
}

inode() { stat -c %i "$1"; }
device() { stat -c %Hd:%Ld "$1"; }
# A module of this kernel, as it is loaded; another test may have it.
module_file()
{
	local file

	rmmod "$1" 2>/dev/null
	file=$(modinfo -n "$1") || return
	case $file in
	*.xz) xz -dc "$file" ;;
	*) cat "$file" ;;
	esac
}
base64_of() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | base64 -w 0; }
