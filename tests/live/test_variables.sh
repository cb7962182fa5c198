#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A variable that a program gets when it is started goes to all that it starts, over
# forks and execs, also of processes that are given another parent; and secrets on
# command lines do not leave the sensor.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

mkdir "$T/conf.d" "$T/watched"
cat >"$T/conf.d/variables.conf" <<END
sync = (
  { plugin = "example"; paths = [ "$T/watched/" ]; variable = "tag"; note = "seen"; },
  { plugin = "variables"; define = [ "site string berlin" ]; },
  { plugin = "scrub"; }
);
END
cp /bin/bash "$T/watched/shell"
sleeper=$(command -v sleep)
sensor_start variables

# there CONDITION ...: such an event comes.
there() { "$EXPECT" --wait "$OUT" $DEADLINE "type=exec $*"; }
tagged=(variables.process.0.name=tag variables.process.0.value=seen variables.process.#=1)

"$sleeper" 0.001
"$T/watched/shell" -c "$sleeper 0.002; ( ( $sleeper 0.003; $sleeper 0.004 ) & ); exec $sleeper 0.005"
bash -c "$sleeper 0.006; true" x --password=hunter2 --token 0123456789abcdef0123
check "a watched program has it" there "process.exe.path=$T/watched/shell" "${tagged[*]}"
check "its child" there process.args.1=0.002 "${tagged[*]}"
check "a child of a child" there process.args.1=0.003 "${tagged[*]}"
check "one whose parent has ended" there process.args.1=0.004 "${tagged[*]}"
check "what it becomes by exec" there process.args.1=0.005 "${tagged[*]}"
check "nobody else" there process.args.1=0.001 '!variables.process' \
	variables.global.0.value=berlin
check "nor what came later" there process.args.1=0.006 '!variables.process'
check "a password is hidden" there 'process.args.4=--password=***' scrubbed=true \
	scrub.fields.0=process.args
check "and the end of a key is shown" there process.args.5=--token 'process.args.6=***0123'
check "the arguments of a parent, too" there process.args.1=0.006 \
	'process.parent.args.4=--password=***'
sensor_stop variables
check "no line has them" is "$(grep -c 'hunter2\|0123456789abcdef' "$OUT")" 0
plan
