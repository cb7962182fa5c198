/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as the runtimes make them, and what is in them. */
#include "conname.h"
#include "tap.h"

#include <stdio.h>

#define ID	"5dda8a9b6a3c8f1e0d7b4c2a9e8f7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c"
#define ID2	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD	"8f1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"
#define POD_	"8f1a2b3c_4d5e_6f70_8192_a3b4c5d6e7f8"
#define NONE	CGPATH_UID_NONE

static const struct {
	const char *path;
	enum cgruntime runtime;
	const char *id, *pod, *slice, *unit, *user_unit, *session;
	uint32_t uid;
} rows[] = {
	/* docker */
	{ "/docker/" ID, CGRUNTIME_DOCKER, ID, "", "", "", "", "", NONE },
	{ "/system.slice/docker-" ID ".scope", CGRUNTIME_DOCKER, ID, "", "", "", "", "", NONE },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
	  CGRUNTIME_DOCKER, ID, "", "", "", "", "", 1000 },
	{ "/docker/" ID "/docker/" ID2, CGRUNTIME_DOCKER, ID2, "", "", "", "", "", NONE },
	{ "/docker/" ID "/init.scope", CGRUNTIME_DOCKER, ID, "", "", "init.scope", "", "", NONE },
	{ "/docker/" ID "/system.slice/sshd.service", CGRUNTIME_DOCKER, ID, "", "system.slice",
	  "sshd.service", "", "", NONE },
	{ "/my-parent/" ID, CGRUNTIME_ANY, ID, "", "", "", "", "", NONE },
	{ "/ecs/a1b2/" ID, CGRUNTIME_ANY, ID, "", "", "", "", "", NONE },
	{ "/ecs/a1b2/0123456789abcdef0123456789abcdef-1234567890", CGRUNTIME_ANY,
	  "0123456789abcdef0123456789abcdef-1234567890", "", "", "", "", "", NONE },
	{ "/system.slice/docker.service", CGRUNTIME_NONE, "", "", "system.slice", "docker.service",
	  "", "", NONE },
	/* Kubernetes */
	{ "/kubepods/burstable/pod" POD "/" ID, CGRUNTIME_ANY, ID, POD, "", "", "", "", NONE },
	{ "/kubepods/besteffort/pod" POD "/" ID, CGRUNTIME_ANY, ID, POD, "", "", "", "", NONE },
	{ "/kubepods/pod" POD "/" ID, CGRUNTIME_ANY, ID, POD, "", "", "", "", NONE },
	{ "/kubepods/burstable/pod" POD "/crio-" ID, CGRUNTIME_CRIO, ID, POD, "", "", "", "", NONE },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	  ".slice/cri-containerd-" ID ".scope", CGRUNTIME_CONTAINERD, ID, POD, "", "", "", "", NONE },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_
	  ".slice/crio-" ID ".scope", CGRUNTIME_CRIO, ID, POD, "", "", "", "", NONE },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/docker-" ID ".scope", CGRUNTIME_DOCKER, ID,
	  POD, "", "", "", "", NONE },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
	  "0123456789abcdef0123456789abcdef.slice/crio-" ID ".scope", CGRUNTIME_CRIO, ID,
	  "0123456789abcdef0123456789abcdef", "", "", "", "", NONE },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope/container",
	  CGRUNTIME_CRIO, ID, POD, "", "", "", "", NONE },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID ".scope", CGRUNTIME_NONE, "",
	  POD, "kubepods-pod" POD_ ".slice", "crio-conmon-" ID ".scope", "", "", NONE },
	{ "/system.slice/containerd.service/kubepods-burstable-pod" POD_
	  ".slice:cri-containerd:" ID, CGRUNTIME_CONTAINERD, ID, POD, "", "", "", "", NONE },
	{ "/docker/" ID "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" POD_
	  ".slice/cri-containerd-" ID2 ".scope", CGRUNTIME_CONTAINERD, ID2, POD, "", "", "", "",
	  NONE },
	{ "/kubepods.slice/kubepods-burstable.slice", CGRUNTIME_NONE, "", "",
	  "kubepods-burstable.slice", "", "", "", NONE },
	/* containerd by hand */
	{ "/default/redis", CGRUNTIME_MAYBE, "redis", "", "", "", "", "", NONE },
	{ "/k8s.io/" ID, CGRUNTIME_ANY, ID, "", "", "", "", "", NONE },
	{ "/system.slice/nerdctl-" ID ".scope", CGRUNTIME_CONTAINERD, ID, "", "", "", "", "", NONE },
	/* podman */
	{ "/machine.slice/libpod-" ID ".scope", CGRUNTIME_PODMAN, ID, "", "", "", "", "", NONE },
	{ "/machine.slice/libpod-" ID ".scope/container", CGRUNTIME_PODMAN, ID, "", "", "", "", "",
	  NONE },
	{ "/machine.slice/libpod-" ID ".scope/container/system.slice/httpd.service",
	  CGRUNTIME_PODMAN, ID, "", "system.slice", "httpd.service", "", "", NONE },
	{ "/machine.slice/libpod-conmon-" ID ".scope", CGRUNTIME_NONE, "", "", "machine.slice",
	  "libpod-conmon-" ID ".scope", "", "", NONE },
	{ "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", CGRUNTIME_PODMAN,
	  ID, "", "", "", "", "", NONE },
	{ "/libpod_parent/libpod-" ID, CGRUNTIME_PODMAN, ID, "", "", "", "", "", NONE },
	{ "/libpod_parent/conmon", CGRUNTIME_MAYBE, "conmon", "", "", "", "", "", NONE },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
	  CGRUNTIME_PODMAN, ID, "", "", "", "", "", 1000 },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_" ID2
	  ".slice/libpod-" ID ".scope/container", CGRUNTIME_PODMAN, ID, "", "", "", "", "", 1000 },
	{ "/system.slice/web.service/libpod-payload-" ID, CGRUNTIME_PODMAN, ID, "", "", "", "", "",
	  NONE },
	/* lxc and lxd */
	{ "/lxc.payload.web", CGRUNTIME_LXC, "web", "", "", "", "", "", NONE },
	{ "/lxc.payload/web", CGRUNTIME_LXC, "web", "", "", "", "", "", NONE },
	{ "/lxc/web", CGRUNTIME_LXC, "web", "", "", "", "", "", NONE },
	{ "/lxc.payload.project_web/system.slice/nginx.service", CGRUNTIME_LXC, "project_web", "",
	  "system.slice", "nginx.service", "", "", NONE },
	{ "/lxc.payload.web/lxc.payload.inner/init.scope", CGRUNTIME_LXC, "inner", "", "",
	  "init.scope", "", "", NONE },
	{ "/lxc.monitor.web", CGRUNTIME_MAYBE, "lxc.monitor.web", "", "", "", "", "", NONE },
	/* systemd-nspawn, and what else is in machine.slice */
	{ "/machine.slice/machine-deb.scope/payload", CGRUNTIME_NSPAWN, "deb", "", "", "", "", "",
	  NONE },
	{ "/machine.slice/machine-my\\x2dweb.scope/payload/system.slice/cron.service",
	  CGRUNTIME_NSPAWN, "my-web", "", "system.slice", "cron.service", "", "", NONE },
	{ "/machine.slice/systemd-nspawn@my\\x2dweb.service/payload/init.scope", CGRUNTIME_NSPAWN,
	  "my-web", "", "", "init.scope", "", "", NONE },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", CGRUNTIME_NONE, "", "",
	  "machine.slice", "machine-qemu\\x2d1\\x2dvm.scope", "", "", NONE },
	/* runc and crun */
	{ "/weir1", CGRUNTIME_MAYBE, "weir1", "", "", "", "", "", NONE },
	{ "/system.slice/runc-weir1.scope", CGRUNTIME_RUNC, "weir1", "", "", "", "", "", NONE },
	{ "/user.slice/crun-box.scope", CGRUNTIME_RUNC, "box", "", "", "", "", "", NONE },
	/* systemd */
	{ "/", CGRUNTIME_NONE, "", "", "", "", "", "", NONE },
	{ "", CGRUNTIME_NONE, "", "", "", "", "", "", NONE },
	{ "/init.scope", CGRUNTIME_NONE, "", "", "", "init.scope", "", "", NONE },
	{ "/system.slice/ssh.service", CGRUNTIME_NONE, "", "", "system.slice", "ssh.service", "", "",
	  NONE },
	{ "/system.slice/ssh.service/sub", CGRUNTIME_NONE, "", "", "system.slice", "ssh.service", "",
	  "", NONE },
	{ "/system.slice/system-getty.slice/getty@tty1.service", CGRUNTIME_NONE, "", "",
	  "system-getty.slice", "getty@tty1.service", "", "", NONE },
	{ "/system.slice/dev-disk-by\\x2duuid-1234.swap", CGRUNTIME_NONE, "", "", "system.slice",
	  "dev-disk-by\\x2duuid-1234.swap", "", "", NONE },
	{ "/system.slice/_cpu.service", CGRUNTIME_NONE, "", "", "system.slice", "cpu.service", "", "",
	  NONE },
	{ "/user.slice/user-1000.slice/session-3.scope", CGRUNTIME_NONE, "", "", "user-1000.slice",
	  "session-3.scope", "", "3", 1000 },
	{ "/user.slice/user-0.slice/session-c1.scope", CGRUNTIME_NONE, "", "", "user-0.slice",
	  "session-c1.scope", "", "c1", 0 },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-a\\x2db-12.scope",
	  CGRUNTIME_NONE, "", "", "user-1000.slice", "user@1000.service", "app-gnome-a\\x2db-12.scope",
	  "", 1000 },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope", CGRUNTIME_NONE, "", "",
	  "user-1000.slice", "user@1000.service", "init.scope", "", 1000 },
	{ "/system.slice/run-r1234.scope", CGRUNTIME_NONE, "", "", "system.slice", "run-r1234.scope",
	  "", "", NONE },
	/* nonsense */
	{ "//", CGRUNTIME_NONE, "", "", "", "", "", "", NONE },
	{ "/.scope", CGRUNTIME_MAYBE, ".scope", "", "", "", "", "", NONE },
	{ "/user-99999999999.slice", CGRUNTIME_NONE, "", "", "user-99999999999.slice", "", "", "",
	  NONE },
	{ "/system.slice/docker-0123.scope", CGRUNTIME_NONE, "", "", "system.slice",
	  "docker-0123.scope", "", "", NONE },
	{ "/machine.slice/machine-a\\x2fb.scope", CGRUNTIME_NONE, "", "", "", "", "", "", NONE },
	{ "/lxc/..", CGRUNTIME_NONE, "", "", "", "", "", "", NONE },
};

static const char *text(const struct cgtext *t)
{
	static char bufs[8][CGPATH_MAX];
	static unsigned n;
	char *buf = bufs[n++ % 8];

	snprintf(buf, CGPATH_MAX, "%.*s", (int)t->len, t->len ? t->p : "");
	return buf;
}

static void check_row(unsigned i)
{
	struct conname name = { .runtime = CGRUNTIME_NONE };
	struct cgpath p;
	char pod[64];
	bool is;

	cgpath_parse(rows[i].path, strlen(rows[i].path), &p);
	is = conname_make(&p, &name);
	is_int(is, rows[i].runtime != CGRUNTIME_NONE, "%s", rows[i].path);
	if (is) {
		snprintf(pod, sizeof(pod), "%.*s", (int)name.pod_len, name.pod);
		is_int(name.runtime, rows[i].runtime, " runtime");
		is_str(name.id, rows[i].id, " id");
		is_str(pod, rows[i].pod, " pod");
	}
	is_str(text(&p.slice), rows[i].slice, " slice");
	is_str(text(&p.unit), rows[i].unit, " unit");
	is_str(text(&p.user_unit), rows[i].user_unit, " unit of a user");
	is_str(text(&p.session), rows[i].session, " session");
	is_int((long long)p.uid, (long long)rows[i].uid, " uid");
}

int main(void)
{
	static char longest[CGPATH_MAX + 2];
	struct cgpath a, b;
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i);
	memset(longest, 'a', sizeof(longest) - 1);
	cgpath_parse(longest, CGPATH_MAX + 1, &a);
	is_int(a.runtime, CGRUNTIME_NONE, "a path that is too long");
	cgpath_parse("/a/box", 6, &a);
	cgpath_parse("/b/box", 6, &b);
	ok(a.scope != b.scope, "what may be a container is told apart by its folder");
	is_str(cgruntime_name(CGRUNTIME_CRIO), "cri-o", "runtimes have names");
	is_str(cgruntime_name(CGRUNTIME_ANY), "", "if they are known");
	return done_testing();
}
