/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the sensor's JSON lines with what a live test did.
 *
 *	expect --wait FILE SECONDS CONDITIONS ...
 *		until there is an event for each
 *	expect --log FILE SECONDS TEXT
 *		until the file has the text
 *	expect --cases CASES FILE
 *		TAP: exactly the events that the cases want
 *	expect --count FILE CONDITIONS ...
 *		how many events fulfil each
 *	expect --complete FILE
 *		TAP: no number is missing but for those that `lost` tells
 *	expect --owners FILE
 *		TAP: p<pid>. in each file's name is the pid of the process
 *
 * A condition is field=value, field^=beginning, field~part, field>=number,
 * field=* (there) or !field (not there); of a list, field.0 is the first
 * element and field.# their number. CONDITIONS is several, with spaces.
 * CASES are strings that end with NUL: "case", a name, conditions that tell
 * which events belong to it, ""; then for each event "want", conditions, "".
 * Of exec, fork, exit, open and snapshot a case may have more than it wants,
 * as long as it wants none of that type.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int n_run, n_failed;

static bool verdict(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++n_run, what);
	n_failed += !good;
	return good;
}

/* ---- conditions ------------------------------------------------------------*/

/* The value of a field as text, or NULL. */
static const char *field(struct json_object *o, const char *path, size_t len)
{
	static char number[32];
	char key[64];
	size_t n;

	while (o && len) {
		n = 0;
		while (n < len && path[n] != '.')
			n++;
		snprintf(key, sizeof(key), "%.*s", (int)n, path);
		path += n < len ? n + 1 : n;
		len -= n < len ? n + 1 : n;
		if (json_object_is_type(o, json_type_array)) {
			if (!strcmp(key, "#")) {
				snprintf(number, sizeof(number), "%zu",
					 json_object_array_length(o));
				return number;
			}
			o = json_object_array_get_idx(o, strtoul(key, NULL, 10));
		} else if (!json_object_object_get_ex(o, key, &o)) {
			return NULL;
		}
	}
	return o ? json_object_get_string(o) : NULL;
}

static bool holds(struct json_object *o, const char *cond, const char **got)
{
	size_t n = strcspn(cond, "=~^>");
	const char *v = cond + n;
	bool yes;

	if (cond[0] == '!') {
		*got = field(o, cond + 1, strlen(cond + 1));
		return !*got;
	}
	*got = field(o, cond, n);
	if (!*got)
		return false;
	switch (*v) {
	case '^': return !strncmp(*got, v + 2, strlen(v + 2));
	case '>': return strtoll(*got, NULL, 10) >= strtoll(v + 2, NULL, 10);
	case '~': return strstr(*got, v + 1);
	default:
		yes = !strcmp(v, "=*") || (*v && !strcmp(*got, v + 1));
		return yes;
	}
}

/* Conditions in one string, with spaces. */
static bool all_hold(struct json_object *o, const char *conds)
{
	char cond[512];
	const char *got;
	size_t n;

	for (; *conds; conds += n) {
		conds += strspn(conds, " \t");
		n = strcspn(conds, " \t");
		snprintf(cond, sizeof(cond), "%.*s", (int)n, conds);
		if (n && !holds(o, cond, &got))
			return false;
	}
	return true;
}

/* ---- lines --------------------------------------------------------------------*/

struct lines {
	FILE *f;
	char *line;
	size_t cap, len;
};

static bool lines_open(struct lines *l, const char *path)
{
	*l = (struct lines){ .f = fopen(path, "r") };
	if (!l->f)
		fprintf(stderr, "expect: %s: %s\n", path, strerror(errno));
	return l->f;
}

static void lines_close(struct lines *l)
{
	free(l->line);
	fclose(l->f);
}

/* The next line, which may not have its end yet. */
static bool lines_next(struct lines *l)
{
	long at = ftell(l->f);
	ssize_t n = getline(&l->line, &l->cap, l->f);

	if (n > 0 && l->line[n - 1] == '\n') {
		l->len = (size_t)n;
		return true;
	}
	clearerr(l->f);
	fseek(l->f, at, SEEK_SET);
	return false;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Only what has the value of the first condition is worth parsing. */
static bool may_hold(const char *line, const char *conds)
{
	const char *eq = strrchr(conds, '=');

	return !eq || eq[1] == '*' || strpbrk(conds, "!>^~") || strstr(line, eq + 1);
}

static int wait_events(int argc, char **argv)
{
	double end = now() + atof(argv[1]);
	struct json_object *o;
	struct lines l;
	int i, left = argc - 2;

	if (!lines_open(&l, argv[0]))
		return 1;
	while (left && now() < end) {
		if (!lines_next(&l)) {
			usleep(20000);
			continue;
		}
		o = NULL;
		for (i = 2; i < argc; i++) {
			if (!argv[i] || !may_hold(l.line, argv[i]))
				continue;
			o = o ? o : json_tokener_parse(l.line);
			if (o && all_hold(o, argv[i])) {
				argv[i] = NULL;
				left--;
			}
		}
		json_object_put(o);
	}
	for (i = 2; i < argc; i++)
		if (argv[i])
			printf("# never seen: %s\n", argv[i]);
	lines_close(&l);
	return left ? 1 : 0;
}

static int wait_log(char **argv)
{
	double end = now() + atof(argv[1]);
	struct lines l;
	bool seen = false;

	if (!lines_open(&l, argv[0]))
		return 1;
	while (!seen && now() < end) {
		if (lines_next(&l))
			seen = strstr(l.line, argv[2]);
		else
			usleep(20000);
	}
	lines_close(&l);
	return seen ? 0 : 1;
}

static int count(int argc, char **argv)
{
	unsigned long *n = calloc((size_t)argc, sizeof(*n));
	struct json_object *o;
	struct lines l;
	int i;

	if (!lines_open(&l, argv[0]))
		return 1;
	while (lines_next(&l)) {
		o = NULL;
		for (i = 1; i < argc; i++) {
			if (!may_hold(l.line, argv[i]))
				continue;
			o = o ? o : json_tokener_parse(l.line);
			n[i] += o && all_hold(o, argv[i]);
		}
		json_object_put(o);
	}
	for (i = 1; i < argc; i++)
		printf("%lu\n", n[i]);
	lines_close(&l);
	free(n);
	return 0;
}

/* ---- cases -----------------------------------------------------------------------*/

#define CONDS_MAX 64

struct event {
	struct json_object *o;
	bool taken, in_scope;
};

static struct event *events;
static size_t n_events;

static bool events_read(const char *path)
{
	struct json_object *o;
	struct lines l;

	if (!lines_open(&l, path))
		return false;
	while (lines_next(&l)) {
		o = json_tokener_parse(l.line);
		if (!o) {
			printf("# not JSON: %s", l.line);
			n_failed++;
			continue;
		}
		if (n_events % 1024 == 0)
			events = realloc(events, (n_events + 1024) * sizeof(*events));
		events[n_events++] = (struct event){ .o = o };
	}
	lines_close(&l);
	return true;
}

struct conds {
	const char *s[CONDS_MAX];
	size_t n;
};

static size_t misses(struct json_object *o, const struct conds *c)
{
	const char *got;
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		n += !holds(o, c->s[i], &got);
	return n;
}

static const char *type_of(struct json_object *o)
{
	const char *t = field(o, "type", 4);

	return t ? t : "";
}

static void event_print(struct json_object *o, const char *why)
{
	printf("# %s %s\n", why, json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void closest_print(struct json_object *o, const struct conds *want)
{
	const char *got;
	size_t i;

	for (i = 0; i < want->n; i++)
		if (!holds(o, want->s[i], &got))
			printf("#   want %s, got %s\n", want->s[i], got ? got : "nothing");
}

/* One event of the scope fulfils the wish, and is taken. */
static bool want_check(const struct conds *want)
{
	struct event *e, *best = NULL;
	size_t i, n, least = CONDS_MAX;

	for (i = 0; i < n_events; i++) {
		e = &events[i];
		if (e->taken || !e->in_scope)
			continue;
		n = misses(e->o, want);
		if (!n) {
			e->taken = true;
			return true;
		}
		if (want->n && !strncmp(want->s[0], "type=", 5) &&
		    strcmp(want->s[0] + 5, type_of(e->o)))
			continue;
		if (n < least) {
			least = n;
			best = e;
		}
	}
	printf("# no event fulfils:");
	for (i = 0; i < want->n; i++)
		printf(" %s", want->s[i]);
	printf("\n");
	if (best) {
		closest_print(best->o, want);
		event_print(best->o, "the closest:");
	}
	return false;
}

static bool is_life(const char *type)
{
	return !strcmp(type, "exec") || !strcmp(type, "fork") || !strcmp(type, "exit") ||
	       !strcmp(type, "open") || !strcmp(type, "snapshot");
}

/* Nothing is left over in the scope. */
static bool rest_check(const char *wanted_types)
{
	bool good = true;
	char word[40];
	size_t i;

	for (i = 0; i < n_events; i++) {
		const char *type = type_of(events[i].o);

		snprintf(word, sizeof(word), " %s ", type);
		if (events[i].taken || !events[i].in_scope ||
		    (is_life(type) && !strstr(wanted_types, word)))
			continue;
		event_print(events[i].o, "nobody wants:");
		good = false;
	}
	return good;
}

static const char *conds_read(const char *p, const char *end, struct conds *c)
{
	for (c->n = 0; p < end && *p; p += strlen(p) + 1)
		if (c->n < CONDS_MAX)
			c->s[c->n++] = p;
	return p < end ? p + 1 : p;
}

static char *file_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;

	*len = 0;
	if (!f)
		return NULL;
	n = getdelim(&text, &cap, EOF, f);
	*len = n < 0 ? 0 : (size_t)n;
	fclose(f);
	return text;
}

static int cases(char **argv)
{
	size_t len;
	char *text = file_read(argv[0], &len), types[512];
	const char *p = text, *end = text + len, *name;
	struct conds scope, want;
	bool good;
	size_t i;

	if (!text || !events_read(argv[1]))
		return 1;
	while (p < end && !strcmp(p, "case")) {
		name = p + 5;
		p = conds_read(name + strlen(name) + 1, end, &scope);
		for (i = 0; i < n_events; i++)
			events[i].in_scope = !misses(events[i].o, &scope);
		good = true;
		strcpy(types, " ");
		while (p < end && !strcmp(p, "want")) {
			p = conds_read(p + 5, end, &want);
			good &= want_check(&want);
			if (want.n && strlen(types) + strlen(want.s[0]) < sizeof(types) - 2) {
				strcat(types, want.s[0] + 5);
				strcat(types, " ");
			}
		}
		good &= rest_check(types);
		verdict(good, name);
	}
	if (p < end)
		verdict(false, "the cases are well formed");
	for (i = 0; i < n_events; i++)
		json_object_put(events[i].o);
	free(events);
	free(text);
	return n_failed ? 1 : 0;
}

/* ---- completeness -----------------------------------------------------------------*/

struct class_state {
	const char *name;
	uint8_t *seen;
	size_t cap;
	uint64_t n, max, twice, lost, unnumbered;
};

static struct class_state *class_of(struct class_state *c, const char *name)
{
	for (; c->name; c++)
		if (name && !strcmp(c->name, name))
			return c;
	return NULL;
}

static void seq_note(struct class_state *c, uint64_t seq)
{
	size_t cap;

	if (seq >= c->cap) {
		cap = (size_t)seq * 2 + 4096;
		c->seen = realloc(c->seen, cap);
		memset(c->seen + c->cap, 0, cap - c->cap);
		c->cap = cap;
	}
	c->twice += c->seen[seq];
	c->seen[seq] = 1;
	c->n++;
	c->max = seq > c->max ? seq : c->max;
}

/* What was never made, for want of room or of a turn, got no number either. */
static void lost_note(struct class_state *all, struct json_object *o)
{
	struct class_state *c = class_of(all, field(o, "lost.class", 10));
	const char *reason, *n = field(o, "lost.count", 10);
	const char *type;
	uint64_t count;

	count = n ? strtoull(n, NULL, 10) : 0;
	type = field(o, "lost.type", 9);
	printf("# lost %llu %s", (unsigned long long)count, type ? type : "events");
	reason = field(o, "lost.reason", 11);
	printf(": %s\n", reason ? reason : "no reason");
	if (!c)
		return;
	if (reason && (!strcmp(reason, "no_scratch") || !strcmp(reason, "missed")))
		c->unnumbered += count;
	else
		c->lost += count;
}

static int complete(const char *path)
{
	struct class_state all[] = {
		{ .name = "critical" }, { .name = "bulk" }, { .name = "user" }, { 0 }
	}, *c;
	struct json_object *o;
	unsigned long bad = 0;
	struct lines l;
	uint64_t gaps;
	char text[200];

	if (!lines_open(&l, path))
		return 1;
	while (lines_next(&l)) {
		const char *seq;

		o = json_tokener_parse(l.line);
		c = o ? class_of(all, field(o, "class", 5)) : NULL;
		seq = c ? field(o, "seq", 3) : NULL;
		if (seq)
			seq_note(c, strtoull(seq, NULL, 10));
		else
			bad++;
		if (o && !strcmp(type_of(o), "lost"))
			lost_note(all, o);
		json_object_put(o);
	}
	verdict(!bad, "every line has a class and a number");
	for (c = all; c->name; c++) {
		gaps = c->n ? c->max + 1 - (c->n - c->twice) : 0;
		snprintf(text, sizeof(text), "%s: %llu delivered, %llu missing, %llu announced",
			 c->name, (unsigned long long)c->n, (unsigned long long)gaps,
			 (unsigned long long)c->lost);
		verdict(gaps == c->lost && !c->twice, text);
		if (c->unnumbered)
			printf("# %s: %llu more were never numbered\n", c->name,
			       (unsigned long long)c->unnumbered);
		free(c->seen);
	}
	lines_close(&l);
	return n_failed ? 1 : 0;
}

/* ---- whose file it is --------------------------------------------------------------*/

/* p<pid>.<round>.<what>: the pid, 0 if it is not such a name. */
static unsigned long owner_of(const char *path)
{
	const char *base = path ? strrchr(path, '/') : NULL;
	char *end;
	unsigned long pid;

	if (!base || base[1] != 'p')
		return 0;
	pid = strtoul(base + 2, &end, 10);
	return *end == '.' ? pid : 0;
}

/* Both names of an operation are of the same round. */
static bool same_round(const char *a, const char *b)
{
	size_t n;

	if (!a || !b || !owner_of(b))
		return true;
	a = strrchr(a, '/');
	b = strrchr(b, '/');
	n = strcspn(a, ".") + 1;
	n += strcspn(a + n, ".") + 1;
	return !strncmp(a, b, n);
}

static int owners(const char *path)
{
	unsigned long pid, n = 0, bad = 0;
	struct json_object *o;
	struct lines l;
	char a[512];

	if (!lines_open(&l, path))
		return 1;
	while (lines_next(&l)) {
		const char *s;

		o = json_tokener_parse(l.line);
		s = o ? field(o, "file.path", 9) : NULL;
		pid = owner_of(s);
		if (pid) {
			snprintf(a, sizeof(a), "%s", s);
			n++;
			s = field(o, "process.pid", 11);
			if (!s || strtoul(s, NULL, 10) != pid ||
			    !same_round(a, field(o, "target.path", 11))) {
				if (bad++ < 5)
					event_print(o, "mixed:");
			}
		}
		json_object_put(o);
	}
	snprintf(a, sizeof(a), "%lu events of named files, %lu with another's data", n, bad);
	verdict(n && !bad, a);
	lines_close(&l);
	return n_failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	int n = argc - 2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (n >= 3 && !strcmp(argv[1], "--wait"))
		return wait_events(n, argv + 2);
	if (n == 3 && !strcmp(argv[1], "--log"))
		return wait_log(argv + 2);
	if (n == 2 && !strcmp(argv[1], "--cases"))
		return cases(argv + 2);
	if (n >= 2 && !strcmp(argv[1], "--count"))
		return count(n, argv + 2);
	if (n == 1 && !strcmp(argv[1], "--complete"))
		return complete(argv[2]);
	if (n == 1 && !strcmp(argv[1], "--owners"))
		return owners(argv[2]);
	fprintf(stderr, "expect: see the beginning of tests/live/expect.c\n");
	return 2;
}
