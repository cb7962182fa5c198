/* SPDX-License-Identifier: Apache-2.0 */
/* File capabilities, revisions 1 to 3. */
#include "formats.h"

#define CAP_BIT(n)	(1ull << (n))
#define EFFECTIVE	1u

/* setuid, setgid, sys_admin, sys_ptrace, sys_module, dac_override, dac_read_search,
 * setfcap, bpf, chown, fowner */
const uint64_t cap_like_root = CAP_BIT(7) | CAP_BIT(6) | CAP_BIT(21) | CAP_BIT(19) |
	CAP_BIT(16) | CAP_BIT(1) | CAP_BIT(2) | CAP_BIT(31) | CAP_BIT(39) | CAP_BIT(0) |
	CAP_BIT(3);

void cap_put_name(struct put *o, unsigned bit)
{
	static const char *const names[] = {
		"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid",
		"setuid", "setpcap", "linux_immutable", "net_bind_service", "net_broadcast",
		"net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
		"sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
		"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
		"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm",
		"block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
	};

	PUT(o, "cap_");
	if (bit < sizeof(names) / sizeof(*names))
		put_text(o, names[bit]);
	else
		put_u64(o, bit);
}

int cap_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
	       struct acl_arena *arena)
{
	static const uint8_t sizes[] = { 0, 12, 20, 24 };
	uint32_t magic, t;

	(void)ctx;
	if (in.len < 4)
		return acl_fault(a, "K1", "no file capabilities");
	magic = le32(in.p);
	if (magic >> 24 < 1 || magic >> 24 > 3)
		return acl_fault(a, "K1", "unknown revision of file capabilities");
	if (in.len != sizes[magic >> 24])
		return acl_fault(a, "K2", "the size of file capabilities is not that of the revision");
	if (magic & 0xffffff & ~EFFECTIVE)
		return acl_fault(a, "K3", "unknown flags of file capabilities");
	a->version = (uint8_t)(magic >> 24);
	a->effective = magic & EFFECTIVE;
	a->aces = acl_alloc(arena, CAP__MAX * sizeof(*a->aces));
	if (!a->aces)
		return acl_no_room(a);
	memset(a->aces, 0, CAP__MAX * sizeof(*a->aces));
	a->n_aces = CAP__MAX;
	for (t = 0; t < CAP__MAX; t++) {
		a->aces[t].type = (uint8_t)t;
		a->aces[t].mask = le32(in.p + 4 + 4 * t);
		if (a->version > 1)
			a->aces[t].mask |= (uint64_t)le32(in.p + 12 + 4 * t) << 32;
	}
	if (a->version == 3) {
		a->has_rootid = true;
		a->rootid = le32(in.p + 20);
	}
	return 0;
}
