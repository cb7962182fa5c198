/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: mkstory FILE <STORY
 * Makes a capture of what the lines of a story say; words are separated by tabs. Each
 * event is a millisecond after the one before. Processes are numbers from 1 to 999.
 *
 *	fork	PARENT	CHILD
 *	exec	PROCESS	EXE	ARG...
 *	env	NAME=VALUE...		of the next exec
 *	shell	PROCESS	LINE
 *	exit	PROCESS
 *	cgroup	ID	PATH
 *	in	PROCESS	ID		what it and its later children do, they do in that cgroup, as root
 *	create	PROCESS	PATH	MODE	(octal)
 *	ask	PROCESS	NAME		of DNS
 *	wait	MILLISECONDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mkrec.h"
#include "source/capture.h"

#define WORDS		64u
#define PROCESSES	1000u

static struct mkrec rec;
static unsigned parents[PROCESSES];
static unsigned long cgroups[PROCESSES];	/* 0: as of mkrec_process() */
static char programs[PROCESSES][256];		/* "": the same */
static char env[4096];
static const char *env_words[WORDS];

static void fail(const char *what, const char *word)
{
	fprintf(stderr, "mkstory: %s: %s\n", what, word ? word : "");
	exit(2);
}

static unsigned process(const char *word)
{
	unsigned long n = word ? strtoul(word, NULL, 10) : 0;

	if (!n || n >= PROCESSES)
		fail("no process", word);
	return (unsigned)n;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct weir_base *begin(unsigned type, unsigned n)
{
	struct weir_base *b = mkrec_init(&rec, type);

	mkrec_process(&rec, n);
	b->parent_key = mkrec_key(parents[n]);
	b->ppid = mkrec_pid(parents[n]);
	b->args = (struct weir_str){ 0, 0 };
	if (cgroups[n]) {
		b->cgroup = cgroups[n];
		b->euid = 0;
	}
	if (*programs[n]) {
		mkrec_str(&rec, &b->exe_path, programs[n]);
		mkrec_str(&rec, &b->comm, base_name(programs[n]));
	}
	return b;
}

static void make_fork(const char *const *w)
{
	unsigned parent = process(w[1]), child = process(w[2]);
	struct weir_fork *f = (void *)begin(WEIR_EV_fork, parent);

	f->child_key = mkrec_key(child);
	f->child_parent_key = mkrec_key(parent);
	f->child_pid = mkrec_pid(child);
	parents[child] = parent;
	cgroups[child] = cgroups[parent];
	memcpy(programs[child], programs[parent], sizeof(programs[child]));
}

static void make_exec(const char *const *w)
{
	struct weir_base *b;
	struct weir_exec *e;
	unsigned n = process(w[1]);

	if (!w[2])
		fail("no program", w[1]);
	snprintf(programs[n], sizeof(programs[n]), "%s", w[2]);
	b = begin(WEIR_EV_exec, n);
	e = (void *)b;
	mkrec_str(&rec, &e->filename, w[2]);
	mkrec_strv(&rec, &b->args, w + 3);
	if (*env_words)
		mkrec_strv(&rec, &e->env, env_words);
	*env_words = NULL;
}

static void make_shell(const char *const *w)
{
	struct weir_shell_command *s = (void *)begin(WEIR_EV_shell_command, process(w[1]));

	if (!w[2])
		fail("no line", w[1]);
	mkrec_str(&rec, &s->shell_line, w[2]);
}

static void make_cgroup(const char *const *w)
{
	struct weir_cgroup_mkdir *c = (void *)begin(WEIR_EV_cgroup_mkdir, 1);

	if (!w[1] || !w[2])
		fail("no cgroup", w[1]);
	c->cgroup_id = strtoul(w[1], NULL, 10);
	mkrec_str(&rec, &c->cgroup_path, w[2]);
}

static void make_create(const char *const *w)
{
	struct weir_create *c = (void *)begin(WEIR_EV_create, process(w[1]));

	if (!w[2] || !w[3])
		fail("no path or no mode", w[1]);
	mkrec_str(&rec, &c->path, w[2]);
	c->create_mode = (uint32_t)strtoul(w[3], NULL, 8);
}

static void make_ask(const char *const *w)
{
	struct weir_dns_query *q = (void *)begin(WEIR_EV_dns_query, process(w[1]));

	if (!w[2])
		fail("no name", w[1]);
	mkrec_str(&rec, &q->dns_name, w[2]);
	q->dns_type = 1;
}

static unsigned split(char *line, const char **words)
{
	unsigned n = 0;
	char *word;

	for (word = strtok(line, "\t\n"); word && n < WORDS - 1; word = strtok(NULL, "\t\n"))
		words[n++] = word;
	words[n] = NULL;
	return n;
}

/* False: it is no event. */
static int make(char *line, uint64_t *time)
{
	const char *w[WORDS];

	if (!split(line, w))
		return 0;
	if (!strcmp(w[0], "fork")) {
		make_fork(w);
	} else if (!strcmp(w[0], "exec")) {
		make_exec(w);
	} else if (!strcmp(w[0], "shell")) {
		make_shell(w);
	} else if (!strcmp(w[0], "exit")) {
		begin(WEIR_EV_exit, process(w[1]));
	} else if (!strcmp(w[0], "cgroup")) {
		make_cgroup(w);
	} else if (!strcmp(w[0], "create")) {
		make_create(w);
	} else if (!strcmp(w[0], "ask")) {
		make_ask(w);
	} else if (!strcmp(w[0], "in")) {
		cgroups[process(w[1])] = strtoul(w[2] ? w[2] : "0", NULL, 10);
		return 0;
	} else if (!strcmp(w[0], "wait")) {
		*time += strtoul(w[1] ? w[1] : "0", NULL, 10) * 1000000u;
		return 0;
	} else {
		fail("no such line", w[0]);
	}
	return 1;
}

static void keep_env(const char *line)
{
	snprintf(env, sizeof(env), "%s", line + 4);
	split(env, env_words);
}

int main(int argc, char **argv)
{
	static const struct capture_info info = {
		.host = { "0123456789abcdef0123456789abcdef", "mkstory",
			  "00000000-0000-4000-8000-000000000000" },
		.kernel = "6.1", .wall_ns = 1700000000000000000,
	};
	uint64_t seq[WEIR_CLASS_MAX] = { 0 }, n = 0, time = 100000000000u;
	struct weir_base *b = (void *)rec.rec;
	struct capture_writer *w;
	char line[4096];

	if (argc != 2 || capture_writer_new(&w, argv[1], &info)) {
		fprintf(stderr, "usage: mkstory FILE <STORY\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "env\t", 4)) {
			keep_env(line);
		} else if (make(line, &time)) {
			b->seq = seq[b->rclass]++;
			b->id = 0x1700000000000000u + (n++ << 2);
			b->time = time += 1000000;
			capture_write_record(w, rec.rec, mkrec_end(&rec));
		}
	}
	return capture_writer_close(w) ? 1 : 0;
}
