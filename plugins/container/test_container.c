/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the enricher `container`: state files as the runtimes write them, and
 * a folder of cgroups, below a made-up root.
 */
#include <weir/plugin.h>

static uint32_t live = WEIR_SETUP_LIVE;
#define FAKE_LIVE	live

#include "../example/fake.h"
#include "confacts.h"
#include "conjson.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern const struct weir_plugin weir_plugin;

#define ID	"5dda8a9b6a3c8f1e0d7b4c2a9e8f7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c"
#define POD	"8f1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"
#define POD_	"8f1a2b3c_4d5e_6f70_8192_a3b4c5d6e7f8"

static char dir[64];
static uint64_t now_ns;		/* the boot clock's, at first */

/* ---- files ---------------------------------------------------------------------*/

static const char *in_dir(const char *name)
{
	static char paths[8][512];
	static unsigned n;
	char *path = paths[n++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void make_parents(const char *name)
{
	char path[512], *at;

	snprintf(path, sizeof(path), "%s", in_dir(name));
	for (at = path + strlen(dir) + 1; (at = strchr(at, '/')); at++) {
		*at = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			fake_fail("cannot make", path);
		*at = '/';
	}
}

static void put(const char *name, const char *text)
{
	int fd;

	make_parents(name);
	fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fake_fail("cannot write", name);
	close(fd);
}

/* A cgroup; its id. */
static uint64_t make_cgroup(const char *path)
{
	char name[512];
	struct stat st;

	snprintf(name, sizeof(name), "cgroup%s/x", path);
	make_parents(name);
	name[strlen(name) - 2] = 0;
	if (stat(in_dir(name), &st))
		fake_fail("no such cgroup", path);
	return st.st_ino;
}

/* ---- instances and events ------------------------------------------------------------*/

static struct fake *open_with(const char *more)
{
	static char options[2048];
	struct fake *f;

	snprintf(options, sizeof(options), "cgroup_dir=%s/cgroup docker_dir=%s/docker "
		 "containerd_dir=%s/containerd podman_dir=%s/podman crio_dir=%s/crio "
		 "runc_dir=%s/runc lxc_dir=%s/lxc machines_dir=%s/machines homes=false %s",
		 dir, dir, dir, dir, dir, dir, dir, dir, more);
	f = fake_open(&weir_plugin, options, NULL);
	if (!f->inst)
		fake_fail("open", f->log);
	return f;
}

static void process_in(struct fake *f, uint64_t cgroup)
{
	fake_begin(f, WEIR_EV_mkdir);
	fake_u64(f, "id", 4711);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "process.cgroup.id", cgroup);
	if (fake_process(f) != WEIR_CONTINUE)
		is_int(1, 0, "goes on");
}

static void tell(struct fake *f, uint16_t type, uint64_t id, const char *path)
{
	fake_begin(f, type);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "cgroup.id", id);
	fake_str(f, "cgroup.path", path);
	fake_process(f);
}

/* Until what the helper was asked for so far has been found out. */
static void settle(struct fake *f, uint64_t lookups)
{
	unsigned i;

	for (i = 0; i < 60000 && fake_count(f, "lookups") < lookups; i++) {
		process_in(f, 0);
		usleep(1000);
	}
	is_int((int)fake_count(f, "lookups"), (int)lookups, "looked up");
}

static const char *const fields[] = { "container.state", "container.reason", "container.runtime",
	"container.id", "container.name", "container.image.name", "container.image.tag",
	"orchestrator.type", "orchestrator.namespace", "orchestrator.pod.name",
	"orchestrator.pod.uid", "systemd.unit", "systemd.slice", "systemd.session" };

/* All that is present, in one line. */
static const char *said(struct fake *f, const struct weir_event *ev)
{
	static char line[2048];
	struct weir_value v;
	size_t at = 0;
	unsigned i;

	line[0] = 0;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		v = fake_get_from(f, ev, fields[i]);
		if (v.status == WEIR_ABSENT)
			continue;
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s=%s", at ? " " : "",
				       strchr(fields[i], '.') + 1,
				       v.status == WEIR_PENDING ? "?" : fake_text_of(f, &v));
	}
	return line;
}

/* ---- runtimes --------------------------------------------------------------------*/

static const struct {
	const char *cgroup, *file, *text, *said;
	int n_labels;
} runtimes[] = {
	{ "/system.slice/docker-" ID ".scope", "docker/containers/" ID "/config.v2.json",
	  "{\"State\":{\"Running\":true},\"ID\":\"" ID "\",\"Name\":\"/web\",\"Config\":{"
	  "\"Image\":\"registry:5000/team/nginx:1.25@sha256:00\",\"Labels\":{\"app\":\"shop\"}}}",
	  "state=resolved runtime=docker id=" ID " name=web "
	  "image.name=registry:5000/team/nginx image.tag=1.25", 1 },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/cri-containerd-" ID ".scope",
	  "containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
	  "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\","
	  "\"io.kubernetes.cri.container-type\":\"container\","
	  "\"io.kubernetes.cri.image-name\":\"docker.io/library/redis:7\","
	  "\"io.kubernetes.cri.sandbox-name\":\"redis-0\","
	  "\"io.kubernetes.cri.sandbox-namespace\":\"prod\","
	  "\"io.kubernetes.cri.sandbox-uid\":\"" POD "\"}}",
	  "state=resolved runtime=containerd id=" ID " name=app image.name=docker.io/library/redis "
	  "image.tag=7 type=kubernetes namespace=prod pod.name=redis-0 pod.uid=" POD, 0 },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope",
	  "crio/overlay-containers/" ID "/userdata/config.json",
	  "{\"annotations\":{\"io.kubernetes.container.name\":\"app\","
	  "\"io.kubernetes.cri-o.ImageName\":\"quay.io/org/app\","
	  "\"io.kubernetes.cri-o.Labels\":\"{\\\"tier\\\":\\\"db\\\","
	  "\\\"io.kubernetes.pod.name\\\":\\\"db-1\\\"}\","
	  "\"io.kubernetes.pod.namespace\":\"prod\",\"note\":\"x\"}}",
	  "state=resolved runtime=cri-o id=" ID " name=app image.name=quay.io/org/app "
	  "type=kubernetes namespace=prod pod.name=db-1 pod.uid=" POD, 5 },
	{ "/machine.slice/libpod-" ID ".scope/container",
	  "podman/overlay-containers/containers.json",
	  "[{\"id\":\"other\",\"names\":[\"no\"]},{\"id\":\"" ID "\",\"names\":[\"box\"],"
	  "\"metadata\":\"{\\\"image-name\\\":\\\"localhost/box:1.2\\\"}\"}]",
	  "state=resolved runtime=podman id=" ID " name=box image.name=localhost/box image.tag=1.2",
	  0 },
	{ "/lxc.payload.web/system.slice/nginx.service", "lxc/web/config",
	  "lxc.rootfs.path = dir:/x\n",
	  "state=resolved runtime=lxc id=web name=web unit=nginx.service slice=system.slice", 0 },
	{ "/machine.slice/machine-my\\x2dweb.scope/payload", "machines/my-web",
	  "# This is private data. Do not parse.\nNAME=my-web\nCLASS=container\n"
	  "SERVICE=systemd-nspawn\n", "state=resolved runtime=systemd-nspawn id=my-web name=my-web",
	  0 },
	{ "/weir1", "runc/weir1/state.json",
	  "{\"id\":\"weir1\",\"config\":{\"labels\":[\"bundle=/run/b\"],"
	  "\"cgroups\":{\"name\":\"weir1\",\"parent\":\"\",\"path\":\"\"}},"
	  "\"cgroup_paths\":{\"\":\"/sys/fs/cgroup/weir1\"}}",
	  "state=resolved runtime=runc id=weir1 name=weir1", 1 },
	{ "/default/cache", "containerd/io.containerd.runtime.v2.task/default/cache/config.json",
	  "{\"linux\":{\"cgroupsPath\":\"/default/cache\"},\"annotations\":{}}",
	  "state=resolved runtime=containerd id=cache", 0 },
	{ "/user.slice/user-1000.slice/session-3.scope", NULL, NULL,
	  "state=resolved runtime=none unit=session-3.scope slice=user-1000.slice session=3", 0 },
};

static void clean(void)
{
	char command[256];

	snprintf(command, sizeof(command), "find %s -mindepth 1 -delete", dir);
	if (system(command))
		fake_fail("cannot remove", dir);
}

/* An unknown cgroup of a known container, then the same again. */
static void test_runtime(unsigned i)
{
	struct weir_value labels;
	struct fake *f;
	uint64_t id;

	make_cgroup("/empty.slice");
	f = open_with("");
	id = make_cgroup(runtimes[i].cgroup);
	if (runtimes[i].file)
		put(runtimes[i].file, runtimes[i].text);
	process_in(f, id);
	is_str(said(f, &f->ev), "state=pending runtime=? id=?", "%s", runtimes[i].cgroup);
	is_str(said(f, &fake_wait_sent(f, 0)->ev), runtimes[i].said, "amended");
	labels = fake_get_from(f, &fake_sent(f, 0)->ev, "container.labels");
	is_int(labels.status == WEIR_PRESENT ? (int)labels.v.list->n : 0, runtimes[i].n_labels,
	       "labels");
	process_in(f, id);
	is_str(said(f, &f->ev), runtimes[i].said, "the second event has it at once");
	is_str(fake_text(f, "process.cgroup.path"), runtimes[i].cgroup, "with the path");
	is_int((int)fake_count(f, "misses"), 1, "after one miss");
	fake_close(f);
	clean();
}

/* ---- what events tell ------------------------------------------------------------*/

static void test_learnt(void)
{
	struct fake *f;

	put("docker/containers/" ID "/config.v2.json", "{\"Name\":\"/web\",\"Config\":{}}");
	make_cgroup("/empty.slice");
	f = open_with("");
	tell(f, WEIR_EV_cgroup_mkdir, 77777, "/docker/" ID);
	settle(f, 1);
	process_in(f, 77777);
	is_str(said(f, &f->ev), "state=resolved runtime=docker id=" ID " name=web",
	       "a container is known before its first process");
	is_int((int)f->n_sent, 0, "nothing is amended");
	tell(f, WEIR_EV_cgroup_mkdir, 77778, "/docker/" ID "/init.scope");
	process_in(f, 77778);
	is_str(said(f, &f->ev), "state=resolved runtime=docker id=" ID " name=web unit=init.scope",
	       "a cgroup within it, at once");
	fake_begin(f, WEIR_EV_cgroup_mkdir);
	fake_u64(f, "cgroup.id", 77779);
	fake_u64(f, "cgroup.hierarchy", 3);
	fake_str(f, "cgroup.path", "/system.slice/a.service");
	fake_process(f);
	tell(f, WEIR_EV_cgroup_rmdir, 77777, "/docker/" ID);
	tell(f, WEIR_EV_cgroup_rmdir, 77778, "/docker/" ID "/init.scope");
	now_ns += 59000000000u;
	process_in(f, 77777);
	is_str(fake_text(f, "container.name"), "web", "a removed one is known for a while");
	now_ns += 2000000000u;
	process_in(f, 77777);
	is_str(fake_text(f, "container.state"), "pending", "and then forgotten");
	is_int((int)fake_count(f, "containers"), 0, "with its container");
	is_int((int)fake_count(f, "made"), 2, "the other hierarchy does not count");
	is_str(said(f, &fake_wait_sent(f, 0)->ev), "state=unknown reason=cgroup not found",
	       "an id that there is not is told so");
	process_in(f, 77777);
	is_str(said(f, &f->ev), "state=unknown reason=cgroup not found", "and remembered");
	fake_close(f);
	clean();
}

/* The runtime's file comes later than the event. */
static void test_late(void)
{
	struct fake *f;
	uint64_t id = make_cgroup("/docker/" ID);

	f = open_with("");
	process_in(f, id);
	is_str(said(f, &f->ev), "state=pending runtime=docker id=" ID
	       " name=? image.name=? image.tag=?", "a container without a file waits");
	process_in(f, id);
	put("docker/containers/" ID "/config.v2.json", "{\"Name\":\"/late\"}");
	is_str(said(f, &fake_wait_sent(f, 0)->ev), "state=resolved runtime=docker id=" ID " name=late",
	       "until there is one");
	is_str(said(f, &fake_wait_sent(f, 1)->ev), "state=resolved runtime=docker id=" ID " name=late",
	       "each of its events");
	process_in(f, id);
	is_int((int)fake_count(f, "lookups"), 1, "which are answered by one look-up");
	fake_close(f);
	clean();
}

static void test_unknown(void)
{
	static const struct { const char *text, *reason; } rows[] = {
		{ NULL, "no state file" },
		{ "{\"Name\":", "state file malformed" },
		{ "{\"Name\":\"/x\",\"y\":\"a long text that is more than the size that is read\"}",
		  "state file not readable" },
	};
	struct fake *f;
	char want[256];
	uint64_t id;
	unsigned i;

	for (i = 0; i < 3; i++) {
		make_cgroup("/empty.slice");
		if (rows[i].text)
			put("docker/containers/" ID "/config.v2.json", rows[i].text);
		f = open_with("max_size=40");
		id = make_cgroup("/docker/" ID);
		process_in(f, id);
		snprintf(want, sizeof(want), "state=unknown reason=%s runtime=docker id=" ID,
			 rows[i].reason);
		is_str(said(f, &fake_wait_sent(f, 0)->ev), want, "%s", rows[i].reason);
		process_in(f, id);
		is_str(said(f, &f->ev), want, "and remembered");
		unlink(in_dir("docker/containers/" ID "/config.v2.json"));
		put("docker/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}");
		now_ns += 61000000000u;
		process_in(f, id);
		settle(f, 2);
		process_in(f, id);
		is_str(fake_text(f, "container.name"), "web", "until it is asked for again");
		fake_close(f);
		clean();
	}
	make_cgroup("/empty.slice");
	put("secret", "{\"Name\":\"/secret\"}");
	make_parents("docker/containers/" ID "/config.v2.json");
	if (symlink("../../../secret", in_dir("docker/containers/" ID "/config.v2.json")))
		fake_fail("symlink", "config.v2.json");
	f = open_with("");
	id = make_cgroup("/docker/" ID);
	process_in(f, id);
	is_str(said(f, &fake_wait_sent(f, 0)->ev), "state=unknown reason=state file not readable "
	       "runtime=docker id=" ID, "a link that leads out is not followed");
	fake_close(f);
	clean();
}

static void test_replay(void)
{
	struct fake *f;

	put("docker/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}");
	live = 0;
	f = open_with("");
	live = WEIR_SETUP_LIVE;
	tell(f, WEIR_EV_cgroup_mkdir, 5, "/docker/" ID);
	tell(f, WEIR_EV_cgroup_mkdir, 6, "/system.slice/cron.service");
	process_in(f, 5);
	is_str(said(f, &f->ev), "state=unknown reason=replay runtime=docker id=" ID,
	       "in a replay the path has to do");
	process_in(f, 6);
	is_str(said(f, &f->ev), "state=resolved runtime=none unit=cron.service slice=system.slice",
	       "which is enough for a unit");
	process_in(f, 7);
	is_str(said(f, &f->ev), "state=unknown reason=replay", "what was not told is unknown");
	is_int((int)f->n_emitted, 0, "nothing is amended");
	fake_close(f);
	clean();
}

static void test_bounds(void)
{
	struct fake *f;
	char path[96];
	unsigned i;

	live = 0;
	f = open_with("max_cgroups=100 max_memory=64K");
	live = WEIR_SETUP_LIVE;
	for (i = 1; i <= 10000; i++) {
		snprintf(path, sizeof(path), "/docker/%064x", i);
		tell(f, WEIR_EV_cgroup_mkdir, i, path);
		now_ns += 1000000;
		if (i % 3 == 0)
			tell(f, WEIR_EV_cgroup_rmdir, i - 1, path);
	}
	ok(fake_count(f, "cgroups") <= 100, "cgroups are bounded");
	ok(fake_count(f, "memory") <= 64 << 10, "so is memory");
	ok(fake_count(f, "containers") <= fake_count(f, "cgroups"), "and containers");
	process_in(f, 10000);
	is_str(fake_text(f, "container.runtime"), "docker", "the last one is known");
	fake_close(f);
}

/* The helper sends an amendment, and does nothing else until fake_release(). */
static void hold(struct fake *f)
{
	f->hold = true;
	process_in(f, make_cgroup("/hold.slice"));
	fake_wait_held(f);
}

static void test_adopt(void)
{
	struct fake *old, *new, *other;
	uint64_t id;

	make_cgroup("/empty.slice");
	put("docker/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}");
	old = open_with("");
	new = open_with("keep_dead=5s");
	other = open_with("max_cgroups=99");
	hold(old);
	id = make_cgroup("/docker/" ID);
	tell(old, WEIR_EV_cgroup_mkdir, id, "/docker/" ID);
	process_in(old, id);
	is_str(fake_text(old, "container.state"), "pending", "while something is asked for");
	tell(old, WEIR_EV_cgroup_mkdir, 42, "/system.slice/cron.service");
	is_int(fake_adopt(other, old), -1, "another size begins cold");
	is_int(fake_adopt(new, old), 0, "the same size takes over");
	process_in(new, 42);
	is_str(fake_text(new, "systemd.unit"), "cron.service", "what was known");
	process_in(new, id);
	is_str(fake_text(new, "container.state"), "pending", "what was asked for is asked anew");
	fake_release(old, 2);
	is_str(said(old, &fake_wait_sent(old, 1)->ev), "state=resolved runtime=docker id=" ID " name=web",
	       "the old one answers what it was asked");
	fake_wait_sent(new, 0);
	process_in(new, id);
	is_str(fake_text(new, "container.name"), "web", "and the new one, too");
	is_int(fake_adopt(old, new), 0, "and back");
	process_in(old, 42);
	is_str(fake_text(old, "systemd.unit"), "cron.service", "is possible");
	fake_close(other);
	fake_close(old);
	fake_close(new);
	clean();
}

static void test_busy(void)
{
	struct fake *f;

	make_cgroup("/empty.slice");
	f = open_with("max_waiting=1");
	hold(f);
	process_in(f, make_cgroup("/a.slice"));
	is_str(fake_text(f, "container.state"), "pending", "one may wait");
	process_in(f, make_cgroup("/b.slice"));
	is_str(said(f, &f->ev), "state=unknown reason=busy", "two may not");
	process_in(f, make_cgroup("/empty.slice"));
	is_str(said(f, &f->ev), "state=resolved runtime=none slice=empty.slice",
	       "what is known is said");
	is_int((int)fake_count(f, "skipped"), 1, "what was skipped is counted");
	fake_release(f, 2);
	is_str(said(f, &fake_wait_sent(f, 1)->ev), "state=resolved runtime=none slice=a.slice",
	       "who waits gets an answer");
	fake_close(f);
	clean();
}

/* What is still asked for in close is answered with what there is. */
static void test_close(void)
{
	struct fake *f;

	make_cgroup("/empty.slice");
	f = open_with("");
	process_in(f, make_cgroup("/docker/" ID));
	f->plugin->close(f->inst);
	f->inst = NULL;
	is_int((int)f->n_sent, 1, "an answer comes in close");
	is_str(fake_text_in(fake_sent(f, 0), "container.state"), "unknown", "which knows nothing");
	fake_close(f);
	clean();
}

/* ---- drafts ----------------------------------------------------------------------*/

static void test_images(void)
{
	static const struct { const char *ref, *image, *tag; } rows[] = {
		{ "nginx", "nginx", NULL },
		{ "nginx:1.25", "nginx", "1.25" },
		{ "host:5000/nginx", "host:5000/nginx", NULL },
		{ "host:5000/a/nginx:1@sha256:00", "host:5000/a/nginx", "1" },
		{ "nginx@sha256:00", "nginx", NULL },
		{ "sha256:0123", "sha256:0123", NULL },
		{ "nginx:", "nginx", NULL },
		{ "@sha256:00", "@sha256", "00" },
	};
	static struct confacts_draft d;
	struct confacts *c;
	char tag[64], image[64];
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&d, 0, sizeof(d));
		confacts_add_image(&d, rows[i].ref, strlen(rows[i].ref));
		c = confacts_new(&d, NULL);
		snprintf(image, sizeof(image), "%.*s", (int)c->facts[CONFACT_IMAGE].len,
			 (const char *)c->facts[CONFACT_IMAGE].v.p);
		snprintf(tag, sizeof(tag), "%.*s", (int)c->facts[CONFACT_TAG].len,
			 c->facts[CONFACT_TAG].len ? (const char *)c->facts[CONFACT_TAG].v.p : "");
		is_str(image, rows[i].image, "%s", rows[i].ref);
		is_str(*tag ? tag : NULL, rows[i].tag, " tag");
		confacts_unref(c);
	}
}

static void test_many_labels(void)
{
	static struct confacts_draft d;
	static char json[65536];
	struct confacts *c;
	size_t at;
	unsigned i;

	at = (size_t)snprintf(json, sizeof(json), "{\"Config\":{\"Labels\":{\"long\":\"%02000d\"", 1);
	for (i = 0; i < 500; i++)
		at += (size_t)snprintf(json + at, sizeof(json) - at, ",\"l%u\":\"%u\"", i, i);
	at += (size_t)snprintf(json + at, sizeof(json) - at, "}}}");
	is_int(conjson_docker(json, at, ID, &d), 0, "500 labels");
	c = confacts_new(&d, NULL);
	is_int((int)c->list.n, CONFACTS_LABELS, "no more than fit");
	is_int(c->labels.status, WEIR_TRUNCATED, "said to be cut");
	is_int(c->list.values[1].status, WEIR_TRUNCATED, "as is a long one");
	is_int((int)c->list.values[1].len, CONFACTS_LONG, "to what fits");
	confacts_unref(c);
	memset(json, '[', 100);
	is_int(conjson_storage(json, 100, ID, &d), -1, "nested too deep");
	is_int(conjson_docker("7", 1, ID, &d), -1, "a number is no file of a runtime");
	is_int(conjson_machine("CLASS=vm\n", 9, "x", &d), -1, "a virtual machine is no container");
}

int main(void)
{
	struct timespec t;
	unsigned i;

	clock_gettime(CLOCK_BOOTTIME, &t);
	now_ns = (uint64_t)t.tv_sec * 1000000000u;
	snprintf(dir, sizeof(dir), "/tmp/test_container.XXXXXX");
	if (!mkdtemp(dir))
		fake_fail("mkdtemp", dir);
	test_images();
	test_many_labels();
	for (i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		test_runtime(i);
	test_learnt();
	test_late();
	test_unknown();
	test_replay();
	test_bounds();
	test_adopt();
	test_busy();
	test_close();
	rmdir(dir);
	return done_testing();
}
