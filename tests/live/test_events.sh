#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each operation once, with known arguments: exactly the expected events and
# fields, and nothing besides.
# shellcheck source=tests/live/lib.sh
[ -n "${T:-}" ] || . "$WEIR_SRC/tests/live/lib.sh"

W=$T/w X=$T/ext
mkdir "$W" "$X"
modprobe -a loop ext4
truncate -s 16M "$T/image"
mke2fs -q -F -b 4096 -t ext4 -O ^has_journal "$T/image"
mount -o loop,acl,user_xattr "$T/image" "$X"
cd "$W" || exit 1
ns() { stat -L -c %i "/proc/self/ns/$1"; }
ns_fields() { local f; for f in mnt pid net user uts ipc cgroup; do echo "process.namespaces.$f=$(ns $f)"; done; }
# The parts use them.
# shellcheck disable=SC2034
ok_="outcome=success" no="outcome=failure"

sensor_start events 'events = [ "exec", "fork", "exit", "open", "create",
	"unlink", "rename", "link", "symlink", "mkdir", "rmdir", "truncate",
	"chmod", "chown", "setxattr", "removexattr", "set_acl", "chattr", "connect",
	"accept", "bind", "listen" ]' 'env = [ "WEIR_LIVE", "LD_PRELOAD" ]'

. "$WEIR_SRC/tests/live/events_proc.sh"
. "$WEIR_SRC/tests/live/events_file.sh"
. "$WEIR_SRC/tests/live/events_perm.sh"
. "$WEIR_SRC/tests/live/events_net.sh"

sensor_stop events
check "the operations did what they should" all_done
tap "$EXPECT" --cases "$CASES" "$OUT"
tap "$EXPECT" --complete "$OUT"
check "nothing was lost" is "$(count type=lost)" 0
cd / && umount "$X"
plan
