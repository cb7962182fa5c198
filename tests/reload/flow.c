/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: flow [--exact]
 * Reads the sensor's JSON lines and accounts for every event: no number of a
 * class is missing or comes twice (neighbours from two processors may change
 * places: each takes its number before it has room in the ring); an event is
 * amended at most once by a chain (--exact: each exec once), and the
 * amendments of a process come in the order of its events. Prints what it saw
 * as NAME=NUMBER lines; status 1 if something is wrong.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES		3
#define EVENTS_MAX	(1u << 24)
#define KEYS		(1u << 20)

struct seen {
	uint64_t first_id, next[CLASSES];
	uint64_t n_lines, n_exec, n_amended, n_lost, n_config, n_refused, n_stage;
	uint64_t numbered[CLASSES];
	uint64_t gaps, swapped, repeated, disorder, twice, unknown;
	uint64_t max_state;	/* of the toy that hands its state over */
};

static uint8_t amended[EVENTS_MAX], there[CLASSES][EVENTS_MAX];
static struct { uint64_t key, id; } last[KEYS];
static struct seen s;

/* The text behind "NAME": in the line, from `at` on. */
static const char *member(const char *at, const char *name)
{
	char quoted[64];
	const char *p;

	snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	p = strstr(at, quoted);
	return p ? p + strlen(quoted) : NULL;
}

static uint64_t number(const char *at, const char *name)
{
	const char *p = at ? member(at, name) : NULL;

	return p ? strtoull(*p == '"' ? p + 1 : p, NULL, 10) : 0;
}

static bool is(const char *p, const char *word)
{
	return p && !strncmp(p, word, strlen(word));
}

static void numbered(const char *line)
{
	static const char *const classes[CLASSES] = { "\"critical\"", "\"bulk\"", "\"user\"" };
	const char *class = member(line, "class");
	uint64_t seq = number(line, "seq");
	unsigned i;

	for (i = 0; i < CLASSES && !is(class, classes[i]); i++)
		;
	if (i == CLASSES || seq >= EVENTS_MAX) {
		s.unknown++;
		return;
	}
	s.repeated += there[i][seq];
	s.swapped += seq < s.next[i] && !there[i][seq];
	s.numbered[i] += !there[i][seq];
	there[i][seq] = 1;
	if (seq >= s.next[i])
		s.next[i] = seq + 1;
}

static void amendment(const char *line)
{
	uint64_t id = number(member(line, "ref"), "id"), key, n, h;

	key = number(member(line, "process"), "key");
	n = (id - s.first_id) >> 2;
	s.n_amended++;
	if (id < s.first_id || n >= EVENTS_MAX) {
		s.unknown++;
		return;
	}
	s.twice += amended[n];
	amended[n] = 1;
	h = key * 0x9e3779b97f4a7c15ull >> 44;
	while (last[h].key && last[h].key != key)
		h = (h + 1) % KEYS;
	s.disorder += last[h].key == key && id < last[h].id;
	last[h].key = key;
	last[h].id = id;
}

static void take(const char *line)
{
	const char *type = member(line, "type");
	uint64_t state = number(line, "flaky.n");

	s.n_lines++;
	numbered(line);
	if (is(type, "\"exec\"")) {
		if (!s.n_exec++)
			s.first_id = number(line, "id");
		if (!state)
			state = number(member(line, "flaky"), "n");
		if (state > s.max_state)
			s.max_state = state;
	} else if (is(type, "\"amendment\"")) {
		amendment(line);
	} else if (is(type, "\"lost\"")) {
		s.n_lost += number(member(line, "lost"), "count");
	} else if (is(type, "\"config\"")) {
		s.n_config++;
		s.n_refused += is(member(line, "outcome"), "\"failure\"");
	} else if (is(type, "\"stage\"")) {
		s.n_stage++;
	}
}

int main(int argc, char **argv)
{
	bool exact = argc > 1 && !strcmp(argv[1], "--exact");
	char *line = NULL;
	size_t cap = 0;
	unsigned i;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		if (line[n - 1] != '\n')
			s.unknown++;
		take(line);
	}
	free(line);
	for (i = 0; i < CLASSES; i++)
		s.gaps += s.next[i] - s.numbered[i];
	printf("lines=%llu\nexec=%llu\namended=%llu\nlost=%llu\nconfig=%llu\nrefused=%llu\n",
	       (unsigned long long)s.n_lines, (unsigned long long)s.n_exec,
	       (unsigned long long)s.n_amended, (unsigned long long)s.n_lost,
	       (unsigned long long)s.n_config, (unsigned long long)s.n_refused);
	printf("stage=%llu\nstate=%llu\ngaps=%llu\nswapped=%llu\nrepeated=%llu\ndisorder=%llu\ntwice=%llu\nunknown=%llu\n",
	       (unsigned long long)s.n_stage, (unsigned long long)s.max_state,
	       (unsigned long long)s.gaps, (unsigned long long)s.swapped,
	       (unsigned long long)s.repeated,
	       (unsigned long long)s.disorder, (unsigned long long)s.twice,
	       (unsigned long long)s.unknown);
	return s.gaps || s.repeated || s.disorder || s.twice || s.unknown ||
	       (exact && s.n_amended != s.n_exec);
}
