/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: reloader SOCKET CONF N VARIANT...
 * Puts one variant after the other in the place of CONF, by rename, and asks
 * for a reload each time, N in all. A variant whose name ends with .bad must be
 * refused, and the digest in force must stay; any other must be taken. Prints
 * how long answers took, and what the sensor's memory and descriptors did
 * between the first quarter and the end, as NAME=NUMBER lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct run {
	FILE *in;
	int fd;
	int pid;
	char digest[64];
	double max_ms, max_pause_us;
	unsigned n_wrong, n_draining;
};

static void die(const char *what)
{
	fprintf(stderr, "reloader: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void copy_over(const char *from, const char *to)
{
	char tmp[4096], buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	ssize_t n;

	snprintf(tmp, sizeof(tmp), "%s.new", to);
	out = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (in < 0 || out < 0)
		die(from);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			die(tmp);
	close(in);
	close(out);
	if (rename(tmp, to))
		die(to);
}

static struct json_object *ask(struct run *r, const char *command)
{
	char text[128], *line = NULL;
	struct json_object *o;
	size_t cap = 0;
	int n;

	n = snprintf(text, sizeof(text), "{\"id\":1,\"command\":\"%s\"}\n", command);
	if (write(r->fd, text, (size_t)n) != n || getline(&line, &cap, r->in) < 0)
		die(command);
	o = json_tokener_parse(line);
	free(line);
	return o;
}

static struct json_object *get(struct json_object *o, const char *name)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, name, &v);
	return v;
}

static void wrong(struct run *r, const char *variant, struct json_object *o)
{
	if (!r->n_wrong++)
		fprintf(stderr, "reloader: %s: %s\n", variant, json_object_to_json_string(o));
}

static void judge(struct run *r, const char *variant, struct json_object *o)
{
	size_t len = strlen(variant);
	bool bad = len > 4 && !strcmp(variant + len - 4, ".bad");
	struct json_object *result = get(o, "result");
	const char *digest = json_object_get_string(get(result, "digest"));
	double pause = json_object_get_double(get(result, "pause_us"));

	if (json_object_get_boolean(get(o, "ok")) == bad || !digest)
		wrong(r, variant, o);
	else if (bad && *r->digest && strcmp(r->digest, digest))
		wrong(r, variant, o);
	snprintf(r->digest, sizeof(r->digest), "%s", digest ? digest : "");
	if (pause > r->max_pause_us)
		r->max_pause_us = pause;
	if (json_object_array_length(get(result, "draining")))
		r->n_draining++;
}

static long rss_kib(const struct run *r)
{
	char path[64];
	long size, rss = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", r->pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%ld %ld", &size, &rss) != 2)
		rss = 0;
	if (f)
		fclose(f);
	return rss * (sysconf(_SC_PAGESIZE) / 1024);
}

static int n_fds(const struct run *r)
{
	char path[64];
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", r->pid);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void meet(struct run *r, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct json_object *o;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->fd < 0 || connect(r->fd, (struct sockaddr *)&un, sizeof(un)))
		die(path);
	r->in = fdopen(r->fd, "r");
	o = ask(r, "status");
	r->pid = json_object_get_int(get(get(o, "result"), "pid"));
	json_object_put(o);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 4 ? (unsigned)atoi(argv[3]) : 0, i;
	int n_variants = argc - 4, fds = 0;
	struct run r = { 0 };
	struct json_object *o;
	long rss = 0;
	double t;

	if (!n) {
		fprintf(stderr, "usage: reloader SOCKET CONF N VARIANT...\n");
		return 2;
	}
	meet(&r, argv[1]);
	for (i = 0; i < n; i++) {
		if (i == n / 4) {
			rss = rss_kib(&r);
			fds = n_fds(&r);
		}
		copy_over(argv[4 + i % (unsigned)n_variants], argv[2]);
		t = now_ms();
		o = ask(&r, "reload");
		t = now_ms() - t;
		if (t > r.max_ms)
			r.max_ms = t;
		judge(&r, argv[4 + i % (unsigned)n_variants], o);
		json_object_put(o);
	}
	printf("reloads=%u\nwrong=%u\nmax_ms=%.1f\nmax_pause_us=%.1f\ndraining=%u\nrss_growth_kib=%ld\nfd_growth=%d\n",
	       n, r.n_wrong, r.max_ms, r.max_pause_us, r.n_draining, rss_kib(&r) - rss,
	       n_fds(&r) - fds);
	return r.n_wrong != 0;
}
