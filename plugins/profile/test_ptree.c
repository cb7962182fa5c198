/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees: what was added is found, a look changes nothing, room is made without going
 * blind, names are reduced where they may be. Cases come from a generator that is always
 * the same.
 */
#include <sys/syscall.h>

#include <weir/wire.h>

#include "pevict.h"
#include "pprofile.h"
#include "preduce.h"
#include "tap.h"

#define NOW	1700000000u

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % n;
}

/* ---- memory ----------------------------------------------------------------------*/

#define PIECES	4000

static void test_arena(void)
{
	static struct { uint32_t ref, n; uint8_t fill; } got[PIECES];
	struct parena a = { .max = 1 << 20 };
	uint32_t i, k, bad = 0, failed = 0;
	uint64_t live = 0;

	for (i = 0; i < 40000; i++) {
		k = draw(PIECES);
		if (got[k].ref) {
			const uint8_t *p = parena_at(&a, got[k].ref);

			bad += p[0] != got[k].fill || p[got[k].n - 1] != got[k].fill;
			parena_put(&a, got[k].ref, got[k].n);
		}
		got[k].n = 1 + (draw(20) ? draw(120) : draw(PARENA_PIECE));
		got[k].ref = parena_get(&a, got[k].n);
		failed += !got[k].ref;
		got[k].fill = (uint8_t)i;
		if (got[k].ref)
			memset(parena_edit(&a, got[k].ref), got[k].fill, got[k].n);
	}
	ok(!bad, "no piece lies in another");
	ok(parena_bytes(&a) <= a.max + 4096, "%llu bytes are within the bound",
	   (unsigned long long)parena_bytes(&a));
	ok(failed && failed < 40000, "%u times there was no room", failed);
	for (k = 0; k < PIECES; k++)
		if (got[k].ref)
			parena_put(&a, got[k].ref, got[k].n);
	is_int((long long)a.live, (long long)live, "all was given back");
	parena_fini(&a);
}

/* ---- lookup after insert ---------------------------------------------------------*/

static struct pkey key_at(char name[64], uint32_t i)
{
	static const uint8_t kinds[] = { PNODE_PROCESS, PNODE_FILE, PNODE_DNS, PNODE_USER };
	struct pkey key = { .kind = kinds[i % 4], .number = i % 4 == 3 ? i : 0 };

	key.len = i % 4 == 3 ? 0 : (uint32_t)snprintf(name, 64, "name-%u", i * 7919);
	key.name = name;
	return key;
}

static void test_insert(void)
{
	static uint32_t refs[20000], parents[20000];
	uint32_t i, n = sizeof(refs) / sizeof(refs[0]), bad = 0, walked = 0, ref;
	char name[64];
	struct ptree t;

	ok(ptree_init(&t, 0, 1), "a tree");
	for (i = 0; i < n; i++) {
		struct pkey key = key_at(name, i);

		parents[i] = i < 10 ? t.root : refs[draw(i)];
		bad += ptree_find(&t, parents[i], &key) != 0;
		refs[i] = ptree_add(&t, parents[i], &key);
		bad += ptree_find(&t, parents[i], &key) != refs[i];
	}
	for (i = 0; i < n; i++) {
		struct pkey key = key_at(name, i);

		bad += ptree_find(&t, parents[i], &key) != refs[i];
		bad += ptree_at(&t, refs[i])->parent != parents[i];
	}
	ok(!bad, "what was added is found where it was added, and not before");
	for (ref = ptree_next(&t, t.root); ref; ref = ptree_next(&t, ref))
		walked++;
	is_int(walked, n, "a walk comes by each of them");
	while (ptree_at(&t, t.root)->child) {
		for (ref = t.root; ptree_at(&t, ref)->child; )
			ref = ptree_at(&t, ref)->child;
		ptree_remove(&t, ref, 0);
	}
	is_int(t.n_nodes, 0, "all can be removed");
	is_int(t.texts.hash.n, 0, "and their names with them");
	ptree_fini(&t);
}

/* ---- profiles --------------------------------------------------------------------*/

static const struct pprofile_conf conf = {
	.states = { .warmup_s = 0, .unstable_s = 3600, .quiet_s = 3600,
		.stable_s = { 900, 900, 900, 900, 900, 900, 900, 900, 900, 900, 900 } },
	.max_versions = 20, .types = (1u << PTYPE__MAX) - 1,
};

static struct pitem file_item(const char *path, uint8_t access)
{
	return (struct pitem){ .type = PTYPE_FILE, .kind = PNODE_FILE, .access = access,
		.name = path, .len = (uint32_t)strlen(path),
		.exact = access & (PNODE_MAP | PNODE_EXEC) };
}

static struct pprofile_answer ask(struct pprofile *p, struct ptrail *trail,
				  const struct pitem *item,
				  uint8_t version, uint32_t at)
{
	struct pprofile_ask q = { .now_s = NOW + at, .start_s = NOW, .version = version,
		.trail = trail, .item = item };
	struct pprofile_answer a;

	pprofile_ask(p, &conf, &q, &a);
	return a;
}

static struct pprofile_answer run(struct pprofile *p, struct ptrail *trail, uint8_t version,
				  uint32_t at)
{
	struct pitem item = { .type = PTYPE_EXEC, .kind = PNODE_PROCESS, .name = trail->path,
		.len = trail->len };

	return ask(p, trail, &item, version, at);
}

static struct pprofile_answer touch(struct pprofile *p, struct ptrail *trail, const char *path,
				    uint8_t access, uint32_t at)
{
	struct pitem item = file_item(path, access);

	return ask(p, trail, &item, 0, at);
}

static struct ptrail *trail_of(struct ptrail *from, const char *path)
{
	return ptrail_step(from, path, (uint32_t)strlen(path));
}

static struct pprofile *profile(uint64_t max)
{
	struct pprofile *p = pprofile_new("image:web", 1, max, 7, NOW);

	pprofile_version(p, &conf, "1.4", 3, NOW);
	return p;
}

static void test_profile(void)
{
	struct pprofile *p = profile(0);
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx"), *sh = trail_of(nginx, "/bin/sh");
	struct pprofile_answer a;

	a = run(p, nginx, 0, 0);
	ok(!a.known && a.state == PSTATE_LEARNING, "the first program is learnt");
	ok(run(p, nginx, 0, 1).known, "then it is known");
	a = touch(p, nginx, "/etc/nginx/nginx.conf", PNODE_READ, 2);
	ok(!a.known && a.process_known, "a file of it is new");
	ok(touch(p, nginx, "/etc/nginx/nginx.conf", PNODE_READ, 3).known, "then known");
	ok(!touch(p, nginx, "/etc/nginx", PNODE_READ, 3).known, "a folder on the way is not");
	ok(!touch(p, nginx, "/etc/nginx/nginx.conf", PNODE_WRITE, 4).known, "nor is writing it");
	a = run(p, nginx, 0, 2000);
	is_int(a.state, PSTATE_STABLE, "a quiet time later it is stable");
	a = run(p, sh, 0, 2001);
	ok(!a.known && a.state == PSTATE_STABLE && a.unknown, "a shell is not known");
	is_int(a.near, (long long)a.process, "what is known is the program before it");
	ok(!run(p, sh, 0, 2002).known, "nor is it the second time");
	a = touch(p, sh, "/etc/shadow", PNODE_READ, 2003);
	ok(!a.known && !a.process_known, "what it does is that of a process that is not known");
	is_int(a.state, PSTATE_STABLE, "files are stable, too");
	is_int(touch(p, nginx, "/etc/passwd", PNODE_READ, 2004).known, false,
	       "a file that is not known");
	is_int(p->versions[0].states[PTYPE_DNS].is, PSTATE_NONE,
	       "types without events have no state");
	ptrail_unref(sh);
	ptrail_unref(nginx);
	pprofile_free(p);
}

/* A process that is not known is not learnt through another type, which still learns. */
static void test_exec_state(void)
{
	struct pitem dns = { .type = PTYPE_DNS, .kind = PNODE_DNS, .name = "a.example", .len = 9 };
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx"), *sh = trail_of(nginx, "/bin/sh");
	struct pprofile *p = profile(0);
	struct pprofile_answer a;
	uint32_t n;

	run(p, nginx, 0, 0);
	run(p, nginx, 0, 1000);
	n = p->tree.n_nodes;
	a = ask(p, sh, &dns, 0, 1001);
	ok(!a.known && !a.process_known && a.state == PSTATE_LEARNING, "dns learns, exec does not");
	is_int(p->tree.n_nodes, n, "the shell is not learnt by its question");
	is_int(p->versions[0].states[PTYPE_DNS].new_s, NOW + 1001,
	       "a new type begins with its time");
	ask(p, sh, &dns, 0, 1500);
	is_int(p->versions[0].states[PTYPE_DNS].new_s, NOW + 1001,
	       "which an unknown process does not hold up");
	a = ask(p, nginx, &dns, 0, 1501);
	ok(!a.known && p->tree.n_nodes == n + 1, "what a known one asks is learnt");
	ptrail_unref(sh);
	ptrail_unref(nginx);
	pprofile_free(p);
}

/* Numbers without a name, told apart by ABI. */
static void test_numbers(void)
{
	static const struct { uint8_t kind; uint32_t number; const char *text; } rows[] = {
		{ PNODE_SYSCALL, SYS_ptrace, "ptrace" },
		{ PNODE_SYSCALL, 450 | WEIR_SYSCALL_COMPAT, "compat:set_mempolicy_home_node" },
		{ PNODE_SYSCALL, SYS_ptrace | WEIR_SYSCALL_X32, "x32:ptrace" },
		{ PNODE_SYSCALL, 9999, "9999" },
		{ PNODE_SYSCALL, 9999 | WEIR_SYSCALL_COMPAT, "compat:9999" },
		{ PNODE_CAPUSE, 0, "CAP_CHOWN" },
		{ PNODE_CAPUSE, 40, "CAP_CHECKPOINT_RESTORE" },
		{ PNODE_CAPUSE, 41, "capability 41" },
	};
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx"), *sh = trail_of(nginx, "/bin/sh");
	struct pprofile *p = profile(0);
	struct pprofile_answer a;
	struct pitem item;
	char text[64];
	uint32_t i;

	run(p, nginx, 0, 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		item = (struct pitem){ .kind = rows[i].kind, .number = rows[i].number,
			.type = rows[i].kind == PNODE_CAPUSE ? PTYPE_CAPABILITY : PTYPE_SYSCALL };
		a = ask(p, nginx, &item, 0, 1);
		ok(!a.known && a.process_known && a.unknown, "%s is new", rows[i].text);
		ok(ask(p, nginx, &item, 0, 2).known, "then known");
		pitem_path_text(&p->tree, ptree_at(&p->tree, a.process)->child, text, sizeof(text));
		is_str(text, rows[i].text, "its name");
	}
	item = (struct pitem){ .type = PTYPE_SYSCALL, .kind = PNODE_SYSCALL, .number = SYS_ptrace };
	run(p, sh, 0, 3);
	a = ask(p, sh, &item, 0, 4);
	ok(a.known && a.process_known, "another program need not be the first of the workload");
	ok(!ptree_at(&p->tree, a.process)->child, "it does not get one of its own");
	item = (struct pitem){ .type = PTYPE_DNS, .kind = PNODE_DNS, .number = SYS_ptrace };
	ok(!ask(p, sh, &item, 0, 5).known, "which is so of nothing else");
	is_str(pitem_type_name(pitem_type_of("syscall")), "syscall", "a type by name");
	is_str(pitem_type_name(pitem_type_of("capability")), "capability", "and the other");
	ptrail_unref(sh);
	ptrail_unref(nginx);
	pprofile_free(p);
}

static void test_versions(void)
{
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx"), *sh = trail_of(nginx, "/bin/sh");
	struct pprofile_conf few = conf;
	struct pprofile *p = profile(0);
	struct pprofile_answer a;
	uint8_t two;

	few.max_versions = 2;
	run(p, nginx, 0, 0);
	run(p, nginx, 0, 1000);
	two = pprofile_version(p, &few, "1.5", 3, NOW + 1001);
	a = run(p, nginx, two, 1001);
	ok(a.known && a.state == PSTATE_LEARNING, "what another version did is known");
	a = run(p, sh, two, 1002);
	ok(!a.known && a.elsewhere_stable, "what is new in the new version has drifted");
	is_int(pprofile_version(p, &few, "1.4", 3, NOW), 0, "the old one keeps its place");
	run(p, nginx, two, 1003);
	is_int(pprofile_version(p, &few, "1.6", 3, NOW + 1004), 2,
	       "the one not seen for longest makes room, in its time");
	while (pprofile_is_dropping(p))
		pprofile_drop_step(p, 1);
	is_int(pprofile_find_version(p, "1.4", 3), -1, "it is gone");
	ok(!ptree_seen(&p->tree, ptree_at(&p->tree, p->tree.root)->child, 0), "with its numbers");
	is_int(p->tree.n_nodes, 2, "what the other one has stays");
	ptree_drop_version(&p->tree, two);
	is_int(p->tree.n_nodes, 0, "what no version has goes");
	ptrail_unref(sh);
	ptrail_unref(nginx);
	pprofile_free(p);
}

/* ---- a look changes nothing ------------------------------------------------------*/

static bool same_memory(const struct ptree *a, const struct ptree *b)
{
	uint32_t i;

	if (a->n_nodes != b->n_nodes || a->arena.n_chunks != b->arena.n_chunks)
		return false;
	for (i = 0; i < a->arena.n_chunks; i++)
		if (memcmp(a->arena.chunks[i], b->arena.chunks[i], i + 1 < a->arena.n_chunks ?
			   PARENA_CHUNK : PARENA_CHUNK - a->arena.left))
			return false;
	return true;
}

static void test_look(void)
{
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx"), *sh = trail_of(nginx, "/bin/sh");
	struct pitem is = file_item("/etc/a", PNODE_READ), isnt = file_item("/etc/b/c", PNODE_READ);
	struct pprofile *p = profile(0), *copy;
	struct pwalk w = { .tree = &p->tree, .id = 1, .mode = PWALK_LOOK,
		.sight = { NOW + 9, 0, 0, 0 } };
	struct pwalk_found f;
	uint32_t ref;

	run(p, nginx, 0, 0);
	touch(p, nginx, "/etc/a", PNODE_READ, 1);
	copy = pprofile_copy(p);
	ok(pwalk_process(&w, nginx, true, &ref), "a known process");
	ok(!pwalk_process(&w, sh, true, &f.ref), "one that is not");
	pwalk_item(&w, ref, &is, &f);
	ok(f.known && !f.added, "a known file");
	pwalk_item(&w, ref, &isnt, &f);
	ok(!f.known && !f.added && f.ref != ref, "one that is not, in a folder that is");
	pwalk_exec(&w, sh, true, &f);
	ok(!f.known && !f.added, "a program that is not known");
	ok(same_memory(&p->tree, &copy->tree), "not a byte of the tree is different");
	pprofile_free(copy);
	pprofile_free(p);
	ptrail_unref(sh);
	ptrail_unref(nginx);
}

/* ---- bounds ----------------------------------------------------------------------*/

static void test_bounds(void)
{
	const uint64_t max = 512 << 10;
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx");
	struct pprofile *p = profile(max);
	uint32_t i, k, over = 0, lost = 0, forgotten = 0, full = 0;
	char path[96];

	run(p, nginx, 0, 0);
	for (i = 0; i < 50000; i++) {
		/* One of a hundred paths comes again and again, the others once. */
		if (i % 4 == 0)
			snprintf(path, sizeof(path), "/srv/often/a%c%c/x", 'a' + i / 4 % 10,
				 'a' + i / 40 % 10);
		else
			snprintf(path, sizeof(path), "/srv/%c%c/once/%c%c%c%c", 'a' + draw(26),
				 'a' + draw(26),
				 'a' + draw(26), 'a' + draw(26), 'a' + draw(26), 'a' + draw(26));
		full += touch(p, nginx, path, PNODE_READ, 10 + i / 100).state == PSTATE_FULL;
		over += pprofile_bytes(p) > max;
		lost += !touch(p, nginx, path, PNODE_READ, 10 + i / 100).known;
	}
	ok(!over, "it is never larger than it may be: %llu of %llu bytes",
	   (unsigned long long)pprofile_bytes(p), (unsigned long long)max);
	ok(!lost, "what was learnt last is known: %u were not", lost);
	ok(full > 1000, "it says that it is full");
	ok(p->tree.n_evicted > 1000, "%llu nodes made room", (unsigned long long)p->tree.n_evicted);
	for (i = 0; i < 10; i++)
		for (k = 0; k < 10; k++) {
			snprintf(path, sizeof(path), "/srv/often/a%c%c/x", 'a' + i, 'a' + k);
			forgotten += !touch(p, nginx, path, PNODE_READ, 600).known;
		}
	is_int(forgotten, 0, "what is common stays");
	ok(p->tree.arena.live * 10 > p->tree.arena.n_chunks * PARENA_CHUNK * 8ull,
	   "four fifths of the memory are in use");
	ptrail_unref(nginx);
	pprofile_free(p);
}

static void test_approved(void)
{
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx");
	struct pprofile *p = profile(PPROFILE_MIN_SIZE);
	struct pprofile_answer a;
	struct pitem item = file_item("/approved/file", PNODE_READ);
	struct pwalk w = { .tree = &p->tree, .id = 1, .mode = PWALK_LEARN,
		.sight = { NOW, 0, PNODE_APPROVED, 0 } };
	struct pwalk_found f;
	char path[64];
	uint32_t i;

	a = run(p, nginx, 0, 0);
	pwalk_item(&w, a.process, &item, &f);
	for (i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "/x/%c%c%c%c/%u", 'a' + draw(26), 'a' + draw(26),
			 'a' + draw(26),
			 'a' + draw(26), i);
		touch(p, nginx, path, PNODE_READ, 90 * 86400);
	}
	ok(p->tree.n_evicted > 1000, "much made room");
	ok(touch(p, nginx, "/approved/file", PNODE_READ, 90 * 86400).known,
	   "what was approved did not");
	ptrail_unref(nginx);
	pprofile_free(p);
}

/* ---- patterns --------------------------------------------------------------------*/

static void fill(struct pprofile *p, struct ptrail *by, const char *format, uint8_t access,
		 uint32_t n)
{
	char path[96];
	uint32_t i;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), format, i);
		touch(p, by, path, access, 1);
	}
}

static void test_patterns(void)
{
	struct ptrail *nginx = trail_of(NULL, "/usr/sbin/nginx");
	struct pprofile *p = profile(0);
	uint32_t n;

	run(p, nginx, 0, 0);
	fill(p, nginx, "/srv/log/access-%u.log", PNODE_WRITE, 40);
	ok(p->tree.n_nodes < 30, "numbered files become one: %u nodes", p->tree.n_nodes);
	ok(touch(p, nginx, "/srv/log/access-999.log", PNODE_WRITE, 2).known,
	   "which stands for others");
	ok(!touch(p, nginx, "/srv/log/access-999.log/x", PNODE_WRITE, 2).known,
	   "but for no folder");
	ok(!touch(p, nginx, "/srv/log/access-998.log", PNODE_WRITE | PNODE_EXEC, 2).known,
	   "nor for what can be executed");
	ok(!touch(p, nginx, "/srv/log/access-997.log", PNODE_READ, 2).known,
	   "nor for another access");
	ok(!touch(p, nginx, "/srv/log/error-1.log", PNODE_WRITE, 2).known, "nor for another name");
	n = p->tree.n_nodes;
	fill(p, nginx, "/srv/bin/tool%u", PNODE_WRITE | PNODE_EXEC, 40);
	is_int(p->tree.n_nodes, n + 41, "programs stay as they are");
	n = p->tree.n_nodes;
	fill(p, nginx, "/srv/users/u%u/mail", PNODE_READ, 40);
	is_int(p->tree.n_nodes, n + 81, "so do folders");
	ptrail_unref(nginx);
	pprofile_free(p);
}

/* ---- names -----------------------------------------------------------------------*/

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct { const char *path, *want; unsigned flags; } paths[] = {
	{ "/etc/passwd", "/etc/passwd", 0 },
	{ "//etc///x/", "/etc/x", 0 },
	{ "/", "", 0 },
	{ "/proc/77/status", "/proc/self/status", 0 },
	{ "/proc/7/status", "/proc/*/status", 0 },
	{ "/proc/7/task/9/comm", "/proc/*/task/*/comm", 0 },
	{ "/process/7/x", "/process/7/x", 0 },
	{ "/sys/block/loop7/size", "/sys/block/loop*/size", 0 },
	{ "/dev/pts/3", "/dev/pts/*", 0 },
	{ "/dev/dm-12", "/dev/dm-*", 0 },
	{ "/var/lib/x/" ID64 "/file", "/var/lib/x/*/file", 0 },
	{ "/sys/fs/cgroup/cri-containerd-" ID64 ".scope/cpu.max",
	  "/sys/fs/cgroup/cri-containerd-*.scope/cpu.max", 0 },
	{ "/k/pod12345678_1234_1234_1234_123456789abc.slice", "/k/pod*.slice", 0 },
	{ "/k/12345678-1234-1234-1234-123456789abc", "/k/*", 0 },
	{ "/run/secrets/..2024_01_02_03_04_05.123456789/token", "/run/secrets/..*/token", 0 },
	{ "/tmp/upload.Xy12Ab", "/tmp/upload.*", 0 },
	{ "/tmp/x/file-20240102", "/tmp/x/file-*", 0 },
	{ "/tmp/XyZ12Abc", "/tmp/*", 0 },
	{ "/tmp/XyZ12Abc/sub", "/tmp/XyZ12Abc/sub", 0 },
	{ "/tmp/XyZ12Abc", "/tmp/XyZ12Abc", PREDUCE_EXACT },
	{ "/tmp/readme", "/tmp/readme", 0 },
	{ "/home/a/file-20240102", "/home/a/file-20240102", 0 },
	{ "/opt/deadbeef/facade", "/opt/deadbeef/facade", 0 },
};

static void test_paths(void)
{
	char out[PREDUCE_ROOM(4096) + 1];
	uint32_t n;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		n = preduce_path(paths[i].path, (uint32_t)strlen(paths[i].path), 77, paths[i].flags,
				 out);
		out[n] = 0;
		is_str(out, paths[i].want, "%s", paths[i].path);
	}
}

static void test_names(void)
{
	static const char args[] = "sh\0-c\0echo hello\0--level=3\0-j4\0file\0other\0-v";
	char out[256];
	uint32_t n = preduce_args(args, sizeof(args), out);

	out[n] = 0;
	is_str(out, "-c * --level -j * -v", "the shape of arguments");
	n = preduce_dns("A1.Cdn.Example.COM", 18, 3, out);
	out[n] = 0;
	is_str(out, "cdn.example.com", "three labels");
	n = preduce_dns("com", 3, 3, out);
	out[n] = 0;
	is_str(out, "com", "fewer");
	n = preduce_dns("a.b.c.d.", 8, 0, out);
	out[n] = 0;
	is_str(out, "a.b.c.d.", "all");
	ok(!preduce_template("12-34", 5, out), "a template of numbers alone is none");
	ok(!preduce_template("passwd", 6, out), "nor is one of a word");
}

static void test_trails(void)
{
	struct ptrail *x = trail_of(NULL, "/init"), *y, *z;
	char path[32];
	int i;

	y = trail_of(x, "/init");
	ok(x == y, "the same program again is the same trail");
	ptrail_unref(y);
	for (i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/p%d", i);
		z = trail_of(x, path);
		ptrail_unref(x);
		x = z;
	}
	is_int(x->depth, PTRAIL_DEPTH, "a trail is not longer than it may be");
	ok(!memcmp(x->path, "/p99", 4), "its end is the program");
	ptrail_unref(x);
}

int main(void)
{
	test_arena();
	test_insert();
	test_profile();
	test_exec_state();
	test_numbers();
	test_versions();
	test_look();
	test_bounds();
	test_approved();
	test_patterns();
	test_paths();
	test_names();
	test_trails();
	return done_testing();
}
