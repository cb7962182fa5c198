#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lines typed into bash, zsh and dash, on a terminal of their own.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

for t in script bash zsh dash; do
	command -v $t >/dev/null || skip_all "no $t"
done
mkdir "$T/conf.d"
echo 'async = { shells = { stages = ( { plugin = "shell"; } ); }; };' >"$T/conf.d/shell.conf"
# One that runs before the sensor: found by the snapshot.
mkfifo "$T/early.in"
TERM=dumb script -qfc "bash --norc --noprofile -i" /dev/null <"$T/early.in" >"$T/early.out" 2>&1 &
exec 8>"$T/early.in"
sensor_start shell 'events = [ "exec", "fork", "exit", "mkdir", "shell_command" ]'

# open_shell KIND COMMAND: begins it, with its input at descriptor 9
open_shell()
{
	rm -f "$T/in"
	mkfifo "$T/in"
	TERM=dumb script -qfc "$2" /dev/null <"$T/in" >"$T/$1.out" 2>&1 &
	exec 9>"$T/in"
}
typed() { printf '%s\n' "$1" >&"${2:-9}"; }

# seen KIND DESCRIPTOR: types until the first line is told, as the probe takes a moment
seen()
{
	local i

	for ((i = 0; i < 60; i++)); do
		typed ": first-$1" "$2"
		"$EXPECT" --wait "$OUT" 3 "type=shell_command shell.kind=$1 shell.line~first-$1" \
			>/dev/null 2>&1 && return 0
	done
	sed 's/^/# /' "$T/$1.out" | tail -n 5
	return 1
}
told() { "$EXPECT" --wait "$OUT" 60 "type=shell_command shell.kind=$1 shell.line=$2"; }

long=$(printf 'x%.0s' {1..5000})
check "bash: a shell that ran before is seen" seen bash 8
exec 8>&-
open_shell bash "bash --norc --noprofile -i"
check "bash: another one" seen bash 9
typed "echo|cat>'/dev/null';weir=typed"
typed ""
typed "WEIR=ä→ö"
check "bash: a pipeline" told bash "echo|cat>'/dev/null';weir=typed"
check "bash: what starts no program, not only ASCII" told bash "WEIR=ä→ö"
typed ": $long"
check "bash: a long line is cut, and says so" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=shell_command shell.kind=bash truncated.0=shell.line"
typed "exit"
check "bash: its end" told bash exit
exec 9>&-

open_shell zsh "zsh -f -i"
check "zsh: a shell is seen" seen zsh 9
typed "print>/dev/null"
typed "x=äöü→€ƒ"
check "zsh: a line" told zsh "print>/dev/null"
check "zsh: its own encoding is undone" told zsh "x=äöü→€ƒ"
typed "exit"
check "zsh: its end" told zsh exit
exec 9>&-

open_shell dash "dash -i"
check "dash: a shell is seen" seen dash 9
typed "read x"
check "dash: a line" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=shell_command shell.kind=dash shell.line^=read"
typed "not-a-command"
typed ":after"
check "dash: the next one" told dash ":after"
typed "exit"
exec 9>&-
bash -c ':not-typed;:'
sensor_stop shell
check "what a script reads is no command" is "$(count "type=shell_command shell.line=not-a-command")" 0
check "nor is -c" is "$(count "type=shell_command shell.line~not-typed")" 0
check "no line is empty" is "$(count "type=shell_command !shell.line !unreadable")" 0
check "who typed it" [ "$(count "type=shell_command shell.kind=zsh process.name=zsh")" -gt 2 ]
check "on which terminal" is "$(count "type=shell_command !process.tty")" 0
tap "$EXPECT" --complete "$OUT"
plan
