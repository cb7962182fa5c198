/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: mkprofile FILE NAME WRITTEN <LINES
 * Makes a profile of what lines say; words are separated by tabs, times are seconds since
 * 1970. A node stands below the last one that is less deep by one; kinds, access and origin
 * are numbers of ptree.h; without a tag it is only a way to others. In a name, \xHH is a byte.
 *
 *	state	TAG	TYPE	STATE	SINCE
 *	node	DEPTH	KIND	NUMBER	NAME	ACCESS	ORIGIN	[TAG	COUNT	FIRST	LAST]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/profile/pformat.h"

#define WORDS	12u

static struct pprofile *profile;
static uint32_t way[PTREE_DEPTH + 1];

static void fail(const char *what)
{
	fprintf(stderr, "mkprofile: %s\n", what);
	exit(2);
}

static uint32_t number(const char *word)
{
	return word ? (uint32_t)strtoul(word, NULL, 10) : 0;
}

static uint8_t version(const char *tag, uint32_t at_s)
{
	static const struct pprofile_conf conf = { .max_versions = PTREE_VERSIONS };

	return pprofile_version(profile, &conf, tag, (uint32_t)strlen(tag), at_s);
}

static void add_state(char **w)
{
	uint8_t v = version(w[1], number(w[4]));
	enum ptype type = pitem_type_of(w[2]);
	struct pstate *s;
	unsigned is;

	for (is = 0; is < PSTATE_WARMUP && strcmp(pstate_name(is), w[3]); is++)
		;
	if (type == PTYPE__MAX || is == PSTATE_WARMUP)
		fail("no such type or state");
	s = &profile->versions[v].states[type];
	*s = (struct pstate){ .is = (uint8_t)is, .since_s = number(w[4]), .new_s = number(w[4]),
		.n = 7 };
}

static uint32_t unescape(char *s)
{
	char *to = s, *from = s;
	unsigned byte;

	while (*from) {
		if (sscanf(from, "\\x%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return (uint32_t)(to - s);
}

static void add_node(char **w)
{
	struct pkey key = { .kind = (uint8_t)number(w[2]), .number = number(w[3]), .name = w[4],
		.len = unescape(w[4]) };
	uint32_t depth = number(w[1]), ref;
	struct pseen x = { 0 };

	if (!depth || depth > PTREE_DEPTH)
		fail("no such depth");
	ref = ptree_find(&profile->tree, way[depth - 1], &key);
	if (!ref)
		ref = ptree_add(&profile->tree, way[depth - 1], &key);
	way[depth] = ref;
	ptree_mark(&profile->tree, ref, (uint8_t)number(w[6]), (uint8_t)number(w[5]));
	if (!w[7])
		return;
	x.version = version(w[7], number(w[9]));
	x.count = number(w[8]) & PTREE_COUNT_MAX;
	x.first_s = number(w[9]);
	x.last_s = number(w[10]);
	ptree_join(&profile->tree, ref, &x);
}

static void take(char *line)
{
	char *w[WORDS] = { NULL };
	unsigned n = 0;

	line[strcspn(line, "\n")] = 0;
	while (n < WORDS - 1 && (w[n] = strsep(&line, "\t")))
		n++;
	if (n == 5 && !strcmp(w[0], "state"))
		add_state(w);
	else if ((n == 7 || n == 11) && !strcmp(w[0], "node"))
		add_node(w);
	else
		fail("no such line");
}

int main(int argc, char **argv)
{
	char line[8192];
	uint8_t *bytes = NULL;
	size_t len = 0;
	FILE *f;

	if (argc != 4)
		fail("FILE NAME WRITTEN");
	profile = pprofile_new(argv[2], 1, 0, 1, 1700000000);
	way[0] = profile->tree.root;
	while (fgets(line, sizeof(line), stdin))
		take(line);
	f = fopen(argv[1], "w");
	if (!f || pformat_write(profile, number(argv[3]), &bytes, &len) ||
	    fwrite(bytes, 1, len, f) != len || fclose(f))
		fail("it cannot be written");
	free(bytes);
	pprofile_free(profile);
	return 0;
}
