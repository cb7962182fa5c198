#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A kernel without the BPF LSM: the same events of credentials, namespaces,
# signals, tracing and cgroups.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

if grep -qw bpf /sys/kernel/security/lsm; then
	skip_all "this kernel has it"
fi
. "$WEIR_SRC/tests/live/test_cred.sh"
