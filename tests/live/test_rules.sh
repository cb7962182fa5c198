#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sigma rules in the kernel: what they match, what they refuse and whom they kill, judged
# by the effect: the file is not there, the program said nothing, the process is dead.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

grep -q '\bbpf\b' /sys/kernel/security/lsm || skip_all "no BPF LSM"
EPERM=1
EVENTS='"exec", "fork", "exit", "open", "create", "unlink", "rename", "link", "symlink",
	"mkdir", "rmdir", "truncate", "chmod", "chown", "setxattr", "removexattr",
	"connect", "bind", "listen", "mprotect_exec", "mount", "umount", "signal", "ptrace", "bpf"'
mkdir "$T/rules" "$T/no" "$T/yes"
STAGES="{ plugin = \"rules\"; paths = [ \"$T/rules\" ]; never = [ \"$T/protected\" ]; }, "

# rule TYPE ACTION CONDITION...: a rule on our own names; its id is TYPE-ACTION.
rule()
{
	local c

	{
		printf 'title: %s %s\nid: %s-%s\nlevel: high\ntags: [attack.execution, attack.t1059]\n' \
			"$2" "$1" "$1" "$2"
		printf 'logsource: { category: %s, service: weir }\ndetection:\n  s:\n' "$1"
		for c in "${@:3}"; do
			printf '    %s\n' "$c"
		done
		printf '  condition: s\nweir: { action: %s%s }\n' "$2" "${MORE:-}"
	} >"$T/rules/${NAME:-$1-$2}.yml"
}

for t in open create unlink rename link symlink mkdir rmdir truncate chmod chown setxattr \
	removexattr; do
	rule $t block "file.path|startswith: $T/no/" "process.args|contains: $t"
done
rule connect block "destination.port: 4711"
rule bind block "source.port: 4712"
rule listen block "process.args|contains: nolisten"
rule mprotect_exec block "process.args|contains: noprotect"
rule mount block "file.path: $T/mnt"
rule umount block "process.args|contains: noumount"
rule signal block "target.process.name: victim"
rule ptrace block "target.process.name: victim"
rule bpf block "process.args|contains: nobpf"
rule exec block "Image|endswith: /blocked-program"
NAME=exec-argv rule exec block "CommandLine|contains: '--evil'"
sed -i 's/^id: .*/id: exec-argv/' "$T/rules/exec-argv.yml"
rule exec kill "Image|endswith: /killed-program"
rule mkdir block_kill "file.path|startswith: $T/no/", "process.args|contains: die-too"
rule unlink block_kill_parent "file.path|startswith: $T/no/" "process.args|contains: parent"
rule mkdir observe "file.path|endswith: /SEEN"
rule mkdir exclude "file.path|endswith: /unheard"
MORE=', dry_run: true' NAME=dry rule rmdir block "file.path: $T/yes/dry"
sed -i 's/^id: .*/id: dry/' "$T/rules/dry.yml"
MORE=', budget: { per_minute: 3 }' NAME=budget rule mkdir block "file.path|contains: /budget-"
sed -i 's/^id: .*/id: budget/' "$T/rules/budget.yml"
MORE=', scope: { uid: 4242 }' NAME=scope rule mkdir block "file.path|contains: /scope-"
sed -i 's/^id: .*/id: scope/' "$T/rules/scope.yml"
printf 'title: bad\nlogsource: { category: exec, service: weir }\ndetection:\n  s: { nofield: x }\n  condition: s\n' \
	>"$T/rules/bad.yml"

cp "$ACT" "$T/no/open"
for f in unlink rename link chmod chown setxattr removexattr truncate; do
	echo content >"$T/no/$f"
done
setfattr -n user.x -v y "$T/no/removexattr" 2>/dev/null || "$ACT" x setxattr "$T/no/removexattr" user.x y
mkdir "$T/no/rmdir" "$T/mnt" "$T/yes/dry"
chmod 777 "$T/yes"
printf '#!/bin/sh\necho ran\n' >"$T/script"
cp /bin/true "$T/killed-program"
cp /bin/echo "$T/blocked-program"
printf '#!/bin/sh\necho ran\n' >"$T/blocked-script"
cp "$ACT" "$T/protected"
chmod 755 "$T"/*program "$T"/*script
sensor_start rules

check "the rules are in the kernel" "$EXPECT" --wait "$OUT" $DEADLINE \
	"type=ruleset ruleset.generation>=1 ruleset.kernel>=20 ruleset.refused=1 ruleset.errors.#=1"

# ---- blocked, by effect
# denied WHAT OPERATION ...: fails with EPERM, and is told as blocked.
denied()
{
	local rc=0 what=$1

	shift
	"$ACT" "$what" "$@" || rc=$?
	is "$rc" $EPERM
}
# told TYPE RULE TAG: the event of the refusal.
told()
{
	"$EXPECT" --wait "$OUT" $DEADLINE "type=$1 process.args.1=$3 outcome=blocked error=EPERM \
rule.id=$2 rule.done.0=blocked rules.0.place=kernel rules.0.action~block"
}
blocked()
{
	check "$1 is refused" denied "$1" "${@:2}"
	check "$1: it is told" told "$1" "$1-block" "$1"
}
blocked open open "$T/no/open" rd
blocked create open "$T/no/create" wr+creat 600
blocked unlink unlink "$T/no/unlink"
blocked rename rename "$T/no/rename" "$T/yes/rename"
blocked link link "$T/no/link" "$T/yes/link"
blocked symlink symlink target "$T/no/symlink"
blocked mkdir mkdir "$T/no/mkdir" 755
blocked rmdir rmdir "$T/no/rmdir"
blocked truncate truncate "$T/no/truncate" 0
blocked chmod chmod "$T/no/chmod" 4777
blocked chown chown "$T/no/chown" 4242 4242
blocked setxattr setxattr "$T/no/setxattr" user.x y
blocked removexattr removexattr "$T/no/removexattr" user.x
check "nothing of it was done" [ ! -e "$T/no/create" -a -e "$T/no/unlink" -a -e "$T/no/rename" \
	-a ! -e "$T/yes/link" -a ! -e "$T/no/symlink" -a ! -e "$T/no/mkdir" -a -d "$T/no/rmdir" \
	-a -s "$T/no/truncate" -a ! -u "$T/no/chmod" -a "$(stat -c %u "$T/no/chown")" = 0 ]
sensor_stop rules
plan
