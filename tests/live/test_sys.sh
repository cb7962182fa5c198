#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Memory, mounts, modules, BPF, and operations through io_uring: exactly the
# expected events and fields, and nothing besides.
# shellcheck source=tests/live/lib.sh
[ -n "${T:-}" ] || . "$WEIR_SRC/tests/live/lib.sh"

W=$T/w
mkdir "$W"
cd "$W" || exit 1
for m in dummy padlock-aes; do
	module_file $m >"$W/$m.ko" || exit 1
done
# The parts use them.
# shellcheck disable=SC2034
ok_="outcome=success" no="outcome=failure"

sensor_start sys 'events = [ "exec", "open", "create", "unlink", "rename", "link",
	"symlink", "mkdir", "rmdir", "setxattr", "connect", "mmap_exec",
	"mprotect_exec", "mount", "umount", "module_load", "bpf", "memfd" ]'

. "$WEIR_SRC/tests/live/events_sys.sh"
. "$WEIR_SRC/tests/live/events_mount.sh"
. "$WEIR_SRC/tests/live/events_uring.sh"

sensor_stop sys
check "the operations did what they should" all_done
tap "$EXPECT" --cases "$CASES" "$OUT"
tap "$EXPECT" --complete "$OUT"
check "nothing was lost" is "$(count type=lost)" 0
check "the sensor's own use of BPF is no event" is \
	"$(count 'type=bpf process.name=weird')" 0
plan
