/* SPDX-License-Identifier: Apache-2.0 */
/* Those after which the process is another one: namespaces, mounts, rights. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "selftest/deed.h"

#define MOUNT_POINT	"mount"

static const char *do_namespace(void)
{
	return deed_result(unshare(CLONE_NEWNS), "unshare");
}

/* Nothing of it is seen from outside. */
static const char *own_mounts(void)
{
	static bool done;
	const char *why = NULL;

	if (!done)
		why = do_namespace();
	if (!why && !done)
		why = deed_result(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
				  "making mounts private");
	done = !why;
	return why;
}

static const char *do_mount(void)
{
	const char *why = own_mounts();

	if (why)
		return why;
	if (mkdir(MOUNT_POINT, 0700) && errno != EEXIST)
		return deed_failed("mkdir");
	why = deed_result(mount("weir-self-test", MOUNT_POINT, "tmpfs", 0, "size=4k"), "mount");
	if (!why)
		why = deed_result(umount2(MOUNT_POINT, 0), "umount");
	rmdir(MOUNT_POINT);
	return why;
}

/* A right that nothing of the rest needs is given up. */
static const char *do_credentials(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint32_t *set;

	if (syscall(SYS_capget, &head, data))
		return deed_failed("capget");
	set = data[1].effective ? &data[1].effective : &data[0].effective;
	if (!*set)
		return "it has no capability to give up";
	*set &= ~(1u << (31 - __builtin_clz(*set)));
	return deed_result(syscall(SYS_capset, &head, data), "capset");
}

static const char *do_syscall(void)
{
	return deed_result(syscall(SYS_personality, 0xffffffff), "personality");
}

const struct deed deeds_last[] = {
	{ "syscall", do_syscall }, { "capability", do_namespace }, { "namespace", do_namespace }, { "mount", do_mount }, { "umount", do_mount },
	{ "credentials", do_credentials }, { NULL, NULL },
};
