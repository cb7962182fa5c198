/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns records that never happened. Knows the layout from events.def only, so
 * that a new event needs nothing here.
 */
#include "mkrec.h"

#include <stdio.h>
#include <string.h>

#include "util/macros.h"

#define MKREC_TICK	65536u	/* ns of a unit of a key's start time */

struct mkrec_field {
	uint16_t off;
	uint16_t kind;
};

#define EVENT_BASE(name, doc) static const struct mkrec_field mkrec_fields_##name[] = {
#define EVENT(id, name, class, actor, doc) EVENT_BASE(name, doc)
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ offsetof(struct weir_##ev, member), WEIR_KIND_##kind },
#define EVENT_END(name) { 0, WEIR_KIND_NONE } };
#include <weir/events.def>

#define MKREC_CLASS_critical	WEIR_CLASS_CRITICAL
#define MKREC_CLASS_bulk	WEIR_CLASS_BULK
#define MKREC_CLASS_user	WEIR_CLASS_USER

static const struct mkrec_type {
	const struct mkrec_field *fields;
	uint32_t size;
	uint32_t rclass;
} mkrec_table[WEIR_EV_MAX] = {
#define EVENT(id, name, class, actor, doc) \
	[id] = { mkrec_fields_##name, sizeof(struct weir_##name), MKREC_CLASS_##class },
#include <weir/events.def>
};

const uint16_t mkrec_types[] = {
#define EVENT(id, name, class, actor, doc) id,
#include <weir/events.def>
	0
};

static void mkrec_absent(struct mkrec *m, const struct mkrec_field *f)
{
	for (; f->kind != WEIR_KIND_NONE; f++)
		if (f->kind == WEIR_KIND_UID)
			memset(m->rec + f->off, 0xff, sizeof(weir_u32));
}

void *mkrec_init(struct mkrec *m, unsigned type)
{
	struct weir_base *base = (void *)m->rec;

	MUST(type < WEIR_EV_MAX && mkrec_table[type].size);
	memset(m, 0, sizeof(*m));
	m->len = mkrec_table[type].size;
	base->type = (uint16_t)type;
	base->rclass = (uint8_t)mkrec_table[type].rclass;
	mkrec_absent(m, mkrec_fields_base);
	mkrec_absent(m, mkrec_table[type].fields);
	return m->rec;
}

void mkrec_bytes(struct mkrec *m, struct weir_str *s, const void *p, size_t len)
{
	MUST(len <= sizeof(m->rec) - m->len);
	s->off = m->len;
	s->len = (uint32_t)len;
	if (len)
		memcpy(m->rec + m->len, p, len);
	m->len += (uint32_t)len;
}

void mkrec_str(struct mkrec *m, struct weir_str *s, const char *text)
{
	mkrec_bytes(m, s, text, strlen(text));
}

void mkrec_strv(struct mkrec *m, struct weir_str *s, const char *const *texts)
{
	struct weir_str one;

	s->off = m->len;
	for (; *texts; texts++)
		mkrec_bytes(m, &one, *texts, strlen(*texts) + 1);
	s->len = m->len - s->off;
}

size_t mkrec_end(struct mkrec *m)
{
	struct weir_base *base = (void *)m->rec;

	m->len = ALIGN8(m->len);
	base->size = m->len;
	return m->len;
}

uint32_t mkrec_pid(unsigned i)
{
	return i ? 1000 + i : 1;
}

static uint64_t mkrec_start(unsigned i)
{
	return (1000000u + (uint64_t)i * 40) * MKREC_TICK;
}

uint64_t mkrec_key(unsigned i)
{
	return mkrec_start(i) / MKREC_TICK << 22 | mkrec_pid(i);
}

void mkrec_number(struct mkrec *m, uint64_t n)
{
	struct weir_base *base = (void *)m->rec;

	base->id = 0x1700000000000000u + n;
	base->seq = n;
	base->time = 100000000000u + n * 50000;
}

static void mkrec_ids(struct weir_base *b, unsigned i)
{
	b->key = mkrec_key(i);
	b->start = mkrec_start(i);
	b->pid = b->tid = b->ns_pid = mkrec_pid(i);
	b->parent_key = mkrec_key(i / 8);
	b->ppid = mkrec_pid(i / 8);
	b->uid = b->euid = b->suid = b->loginuid = 1000 + i % 3;
	b->gid = b->egid = b->sgid = 1000;
	b->audit_session = 3;
	b->session = mkrec_pid(i / 64);
	b->ns_mnt = 4026531841u;
	b->ns_pid_ino = 4026531836u;
	b->ns_net = 4026531840u;
	b->ns_user = 4026531837u;
	b->ns_uts = 4026531838u;
	b->ns_ipc = 4026531839u;
	b->ns_cgroup = 4026531835u;
	b->cgroup = 4711 + i % 7;
	b->cap_permitted = 0x1ffffffffffu;
}

static const struct mkrec_program {
	const char *comm, *path, *args[5];
} mkrec_programs[] = {
	{ "ls", "/usr/bin/ls", { "ls", "--color=auto", "-l", "/var/log" } },
	{ "python3.11", "/usr/bin/python3.11",
	  { "python3", "-m", "http.server", "8000" } },
	{ "systemd-sysctl", "/usr/lib/systemd/systemd-sysctl",
	  { "/usr/lib/systemd/systemd-sysctl", "--strict", "--prefix", "net" } },
	{ "sh", "/usr/bin/dash", { "sh", "-c", "echo \"$HOME\" && id -u", "sh" } },
	{ "gcc", "/usr/bin/gcc-12", { "gcc", "-O2", "-c", "main.c" } },
};

void mkrec_process(struct mkrec *m, unsigned i)
{
	const struct mkrec_program *p = &mkrec_programs[i % ARRAY_LEN(mkrec_programs)];
	struct weir_base *b = (void *)m->rec;

	mkrec_ids(b, i);
	b->outcome = WEIR_OUTCOME_SUCCESS;
	mkrec_str(m, &b->comm, p->comm);
	mkrec_str(m, &b->tty, "pts/3");
	mkrec_str(m, &b->exe_path, p->path);
	b->exe_ino = 131072 + i % ARRAY_LEN(mkrec_programs);
	b->exe_mtime = 1690000000000000000u;
	b->exe_dev = 8u << 20 | 1;
	b->exe_mode = 0100755;
	b->exe_uid = b->exe_gid = 0;
	b->exe_nlink = 1;
	mkrec_strv(m, &b->args, p->args);
	b->args_size = b->args.len;
	mkrec_str(m, &b->cwd, i % 2 ? "/home/user/project" : "/");
}

static void mkrec_fill(struct mkrec *m, const struct mkrec_field *f)
{
	static const char *const words[] = { "A=1", "", "LANG=C.UTF-8", NULL };
	struct weir_ip ip = { 2, 0, { 192, 0, 2, 7 } };
	char text[32];
	void *at;

	for (; f->kind != WEIR_KIND_NONE; f++) {
		at = m->rec + f->off;
		snprintf(text, sizeof(text), "/tmp/text-%u", f->off);
		if (f->kind == WEIR_KIND_STR || f->kind == WEIR_KIND_BYTES)
			mkrec_str(m, at, text);
		else if (f->kind == WEIR_KIND_STRV)
			mkrec_strv(m, at, words);
		else if (f->kind == WEIR_KIND_IP)
			memcpy(at, &ip, sizeof(ip));
	}
}

size_t mkrec_sample(struct mkrec *m, unsigned type, unsigned i)
{
	mkrec_init(m, type);
	mkrec_number(m, i);
	mkrec_process(m, i);
	mkrec_fill(m, mkrec_table[type].fields);
	return mkrec_end(m);
}

size_t mkrec_exec(struct mkrec *m, unsigned i)
{
	static const char *const env[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin", "LD_LIBRARY_PATH=/opt/lib",
		"SSH_CONNECTION=192.0.2.1 50022 192.0.2.2 22", NULL
	};
	struct weir_exec *e = mkrec_init(m, WEIR_EV_exec);

	mkrec_number(m, i);
	mkrec_process(m, i);
	mkrec_bytes(m, &e->filename, m->rec + e->base.exe_path.off,
		    e->base.exe_path.len);
	mkrec_str(m, &e->prev_path, "/usr/bin/bash");
	e->prev_ino = 131099;
	e->prev_dev = 8u << 20 | 1;
	e->argc = 4;
	mkrec_strv(m, &e->env, env);
	e->envc = 23;
	e->env_size = 1100;
	return mkrec_end(m);
}
