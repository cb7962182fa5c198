#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest is what the other live tests rely on.
n=0 failed=0
check()
{
	local what=$1
	shift
	n=$((n + 1))
	if "$@" >/dev/null 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		failed=1
	fi
}
check "kernel is $WEIR_KERNEL" sh -c 'case $(uname -r) in
	'"$WEIR_KERNEL"'.*) ;; *) exit 1 ;; esac'
check "bpf is an LSM" grep -qw bpf /sys/kernel/security/lsm
check "BTF of the kernel" test -r /sys/kernel/btf/vmlinux
check "bpffs" mountpoint -q /sys/fs/bpf
check "cgroup2" test -e /sys/fs/cgroup/cgroup.procs
check "modules load" modprobe ext4
check "build tree" test -d "$WEIR_BUILD"
check "the results folder takes files" touch "$WEIR_RESULTS/touched"
check "loopback is up" bash -c "exec 3<>/dev/udp/127.0.0.1/9"
echo "1..$n"
exit $failed
