# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A part of test_events.sh: processes.

case_ "every field of the process"
mapfile -t fields < <(ns_fields)
run mkdir base 700
want mkdir "file.path=$W/base" "process.args.#=5" "process.args.0=$ACT" \
	"process.args.2=mkdir" "process.args.3=base" "process.args.4=700" \
	"process.name=act" "process.exe.path=$ACT" "process.exe.inode=$(inode "$ACT")" \
	"process.exe.dev=$(device "$ACT")" process.exe.mode=100755 \
	process.exe.uid=0 process.exe.gid=0 process.exe.nlink=1 \
	"process.cwd=$W" process.uid=0 process.gid=0 process.euid=0 \
	process.egid=0 process.suid=0 process.sgid=0 "process.parent.pid=$$" \
	"process.args_size=$((${#ACT} + 1 + ${#TAG} + 1 + 6 + 5 + 4))" \
	'process.key=*' 'process.start=*' 'process.pid>=2' \
	'process.capabilities.effective^=0x1ff' '!process.loginuid' \
	'!process.tty' 'process.parent.key=*' process.parent.name=bash \
	process.lineage=complete 'process.cgroup.id=1' class=bulk \
	"process.session=$(ps -o sid= $$ | tr -d ' ')" "${fields[@]}"

case_ "the identity of another user"
mkdir -m 777 other
run as 1234 mkdir other/d 755
want mkdir process.uid=1234 process.gid=1234 process.euid=1234 \
	process.egid=1234 process.suid=1234 process.sgid=1234 \
	process.capabilities.effective=0x0 $ok_

case_ "exec of a static program"
WEIR_LIVE=yes LD_PRELOAD='' run nothing
want exec "exec.filename=$ACT" exec.argc=3 "process.exe.path=$ACT" \
	process.name=act exec.env.#=2 exec.env~WEIR_LIVE=yes \
	exec.previous.path=/usr/bin/bash 'exec.previous.inode=*' '!exec.script.path' \
	'exec.flags.#=0' "process.args.#=3" class=critical $ok_
want exit '!exit.signal' exit.code=0

case_ "exec of a dynamic program"
"$ACT" - exec /bin/true true "$TAG"
want exec exec.filename=/bin/true process.exe.path=/usr/bin/true \
	process.args.0=true "exec.previous.path=$ACT" exec.argc=2

case_ "exec with an environment of one"
"$ACT" - exec-env "$ACT" WEIR_LIVE=1 act "$TAG" nothing
want exec exec.envc=1 exec.env_size=12 exec.env.#=1 exec.env.0=WEIR_LIVE=1

case_ "exec of a script"
printf '#!%s %s\n' "$ACT" "$TAG" >script
chmod 744 script
"$ACT" - exec ./script x nothing || :
want exec "exec.filename=./script" "exec.script.path=$W/script" \
	"exec.script.inode=$(inode script)" "exec.script.dev=$(device script)" \
	exec.script.mode=100744 exec.script.uid=0 exec.flags.0=script \
	exec.flags.#=1 "process.exe.path=$ACT" process.args.#=4 \
	process.args.2=./script process.args.3=nothing process.name=script

case_ "exec of a script by a script"
printf '#!%s/script\n' "$W" >outer
printf '#!%s %s\n' "$ACT" "$TAG" >script
chmod 755 outer
"$ACT" - exec "$W/outer" x 2>/dev/null || :
want exec "exec.filename=$W/outer" "exec.script.path=$W/outer" \
	"exec.script.inode=$(inode outer)" "process.exe.path=$ACT" process.args.#=4

case_ "execveat of a descriptor"
"$ACT" - execat "$ACT" act "$TAG" nothing
want exec 'exec.filename^=/dev/fd/' "process.exe.path=$ACT" process.args.0=act \
	'exec.flags~by_descriptor'

case_ "exec of a memfd"
"$ACT" - memfd "$ACT" secret act "$TAG" nothing
want exec 'process.exe.path~memfd:secret' process.exe.nlink=0 \
	'exec.flags~unlinked' 'exec.flags~memfd'

case_ "exec of a thread that is not the first"
"$ACT" - thread-exec "$ACT" act "$TAG" nothing >/dev/null
want exec 'exec.flags~non_leader' "process.exe.path=$ACT" 'process.args.0=act' \
	"exec.previous.path=$ACT"
want exit exit.code=0

case_ "exec of a hard link"
ln "$ACT" "$T/act-link"
"$T/act-link" "$TAG" nothing
want exec "process.exe.path=$T/act-link" "process.exe.inode=$(inode "$ACT")" \
	process.exe.nlink=2
rm "$T/act-link"

case_ "exec of a deleted file"
cp "$ACT" "$T/gone"
exec 8<"$T/gone"
rm "$T/gone"
"$ACT" - exec /proc/self/fd/8 gone "$TAG" nothing
exec 8<&-
want exec exec.filename=/proc/self/fd/8 process.exe.nlink=0 "exec.flags~unlinked" \
	'process.exe.path~/gone'

case_ "exec of a set-uid program"
cp "$ACT" "$T/suid"
chown 65534:65534 "$T/suid"
chmod 6755 "$T/suid"
"$ACT" - as 1000 exec "$T/suid" suid "$TAG" nothing
want exec process.uid=1000 process.euid=65534 process.egid=65534 process.gid=1000 \
	process.suid=65534 process.exe.mode=106755 process.exe.uid=65534 \
	process.exe.gid=65534 'exec.flags.0=secure' exec.flags.#=1

case_ "exec with 40 KB of arguments"
"$ACT" - exec-long "$ACT" 400 "$TAG"
want exec exec.argc=403 truncated.#=1 truncated.0=process.args \
	"process.args_size=$((${#ACT} + 1 + ${#TAG} + 1 + 8 + 400 * 100))" \
	'process.args.3^=000000x' 'process.args.300^=000297x' 'process.args.#>=320'
want exit exit.code=0 'truncated~process.args'

case_ "exec with arguments that are not text"
"$ACT" - exec "$ACT" act "$TAG" nothing $'a\nb' $'\xff\\' '"' ''
want exec process.args.#=7 $'process.args.3=a\nb' 'process.args.4=\xff\\' \
	'process.args.5="' 'process.args.6=' escaped.0=process.args

case_ "an exec that fails leaves nothing"
fails 2 exec /nowhere x "$TAG"
fails 13 exec /etc/passwd x "$TAG"
echo text >notexec
chmod 755 notexec
fails 8 exec notexec x "$TAG"
want exec 'exec.filename=*' 'process.args.2=exec' 'process.args.3=/nowhere'
want exec 'exec.filename=*' 'process.args.2=exec' 'process.args.3=/etc/passwd'
want exec 'exec.filename=*' 'process.args.2=exec' "process.args.3=notexec"

case_ "fork, and the child's exit"
child=$(run fork 7)
want fork "child.pid=$child" "child.ns_pid=$child" 'child.key=*' 'child.start=*' \
	process.name=act 'child.parent.key=*'
want exit "process.pid=$child" exit.code=7 '!exit.signal'
want exit exit.code=0

case_ "vfork"
child=$(run vfork 9)
want fork "child.pid=$child"
want exit "process.pid=$child" exit.code=9
want exit exit.code=0

case_ "clone of a brother"
child=$(run clone-parent)
want fork "child.pid=$child"
want exit "process.pid=$child" exit.code=0
want exit exit.code=0

case_ "an exit code"
fails 77 exit 77
want exit exit.code=77 '!exit.signal' 'exit.core_dumped=0' class=critical $ok_

case_ "killed by a signal"
(fails 137 kill 9) 2>/dev/null
want exit exit.signal=SIGKILL 'exit.core_dumped=0' exit.code=0

case_ "the exit of the first thread is not the process's"
fails 5 thread-exit 5
want exit exit.code=5

case_ "another parent"
parent=$("$ACT" "$TAG" orphan "$ACT" act "$TAG" nothing)
want exec "process.args.0=act" process.original_parent.pid="$parent" \
	"process.original_parent.exe.path=$ACT" process.lineage=complete
want exec process.args.2=orphan '!process.original_parent.pid'
