#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A kernel without the BPF LSM: all events come nonetheless, through fentry.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

"$WEIR_BUILD/weird" --check-kernel >"$T/kernel" 2>&1 || :
says() { grep -q "$1" "$T/kernel" || { sed 's/^/# /' "$T/kernel"; false; }; }
if grep -qw bpf /sys/kernel/security/lsm; then
	skip_all "this kernel has it"
fi
check "--check-kernel says that BPF is no LSM" says 'BPF LSM *not active'
check "--check-kernel says what a hook is replaced with" says '^chmod .*/security_path_chmod'
check "--check-kernel says that nothing can be blocked" says 'chmod .*cannot block'
. "$WEIR_SRC/tests/live/test_events.sh"
