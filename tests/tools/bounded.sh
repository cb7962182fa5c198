#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bounded.sh SECONDS COMMAND...
# Runs a test, or a ring of them, in a session of its own. One that is not done
# in time fails with the stacks of its processes (status 124) and is killed with
# all that it has started. Whatever way it ends, nothing of it stays: a process
# that is left holds the pipe to the test driver, which waits for its end.
set -u
limit=${1:?seconds}
shift
report_max=16

# The processes of the session, and their children where these have their own.
members()
{
	local stat line pid more=1
	local -a f
	local -A found=()

	while [ $more = 1 ]; do
		more=0
		for stat in /proc/[0-9]*/stat; do
			pid=${stat//[!0-9]/}
			[ -z "${found[$pid]:-}" ] && { read -r line <"$stat"; } 2>/dev/null || continue
			# Behind the name: state, parent, group, session.
			read -ra f <<<"${line##*) }"
			[[ ${f[0]} != [ZX] ]] || continue
			if [ "$pid" = "$session" ] || [ "${f[3]}" = "$session" ] ||
				[ -n "${found[${f[1]}]:-}" ]; then
				found[$pid]=1 more=1
			fi
		done
	done
	echo "${!found[@]}"
}

# Where the kernel has each thread of a process.
place()
{
	local task

	echo "process $1: $(tr '\0' ' ' <"/proc/$1/cmdline")"
	for task in "/proc/$1/task"/*; do
		echo "  thread ${task##*/} ($(<"$task/comm")) waits in $(<"$task/wchan")"
		sed 's/^/    /' "$task/stack"
	done
}

# How it came there; of a shell, its children tell.
stack()
{
	case $(readlink "/proc/$1/exe") in
	*/bash|*/dash|*/sh|*/make) return ;;
	esac
	echo "process $1:"
	timeout -k 5 20 env -u DEBUGINFOD_URLS \
		gdb -nx -q -batch -p "$1" -ex 'thread apply all backtrace'
}

# Places while it runs, then stacks, which take longer, while it is stopped.
report()
{
	local list pid places

	read -ra list <<<"$(members)"
	list=("${list[@]:0:$report_max}")
	places=$(for pid in "${list[@]}"; do place "$pid"; done)
	kill -STOP "${list[@]}"
	echo "$places"
	for pid in "${list[@]}"; do
		! command -v gdb >/dev/null || stack "$pid"
	done
}

# All are stopped before one is killed: a script would go on when its child is
# killed, and what has a session of its own is found by its parent only, so that
# one which begins meanwhile would be lost with it.
end_all()
{
	local list stopped

	exec 2>/dev/null
	[ "$expired" ] || kill "$clock"
	while list=$(members) && [ -n "$list" ]; do
		# shellcheck disable=SC2086  # words
		if [ "$list" != "${stopped:-}" ]; then
			kill -STOP $list
			stopped=$list
		else
			kill -KILL $list
		fi
		read -rt 0.02 <> <(:)
	done
}

session='' clock='' expired=''
trap expired=1 USR1
trap 'end_all; exit 143' TERM INT HUP
# A shell without job control has its jobs ignore these two.
env --default-signal=INT,QUIT setsid "$@" <&0 &
session=$!
{ read -rt "$limit" <> <(:); kill -USR1 $$; } >/dev/null 2>&1 &
clock=$!
# By its number: "wait -n" knows nothing of a job that a signal has ended already.
wait "$session"
rc=$?
if [ "$expired" ]; then
	echo
	report </dev/null 2>/dev/null | sed 's/^/# /'
	echo "Bail out! not done after $limit s"
	rc=124
fi
end_all
exit $rc
