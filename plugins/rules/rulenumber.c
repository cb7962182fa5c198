/* SPDX-License-Identifier: Apache-2.0 */
/* Values of rules, which are texts, as the numbers that fields are. */
#include "rulebuild.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/wire.h>

#include "rulefield.h"

/* The text of a glob without wildcards, in buf; false: it has some, or is longer. */
static bool plain_text(const struct sigma_glob *g, char *buf, size_t size)
{
	if (g->n != 1 || g->parts[0].kind != SIGMA_LITERAL || g->parts[0].len >= size)
		return false;
	memcpy(buf, g->parts[0].text, g->parts[0].len);
	buf[g->parts[0].len] = 0;
	return strlen(buf) == g->parts[0].len;
}

bool rulenumber_decimal(const struct sigma_glob *g, int64_t *out)
{
	char text[24], again[24];

	if (!plain_text(g, text, sizeof(text)))
		return false;
	*out = strtoll(text, NULL, 10);
	snprintf(again, sizeof(again), "%lld", (long long)*out);
	return !strcmp(text, again);
}

bool rulenumber_uid(const char *name, uint32_t *uid)
{
	struct passwd pw, *found;
	char buf[4096];

	if (getpwnam_r(name, &pw, buf, sizeof(buf), &found) || !found)
		return false;
	*uid = found->pw_uid;
	return true;
}

bool rulenumber_user(const struct sigma_glob *g, uint32_t *uid)
{
	char name[64];

	return plain_text(g, name, sizeof(name)) && rulenumber_uid(name, uid);
}

bool rulenumber_address(const struct sigma_glob *g, struct match_test *out)
{
	char text[64];

	if (!plain_text(g, text, sizeof(text)))
		return false;
	if (inet_pton(AF_INET, text, out->addr.byte) == 1) {
		out->value = 4;
		memset(out->mask.byte, 0xff, 4);
	} else if (inet_pton(AF_INET6, text, out->addr.byte) == 1) {
		out->value = 6;
		memset(out->mask.byte, 0xff, 16);
	} else {
		return false;
	}
	out->op = MATCH_TEST_CIDR;
	return true;
}

/* "8:1" as a record has it. */
static bool device_of(const char *text, int64_t *out)
{
	unsigned major, minor;
	int n = 0;

	if (sscanf(text, "%4u:%7u%n", &major, &minor, &n) != 2 || text[n] || major > 0xfff ||
	    minor > 0xfffff)
		return false;
	*out = (int64_t)major << 20 | minor;
	return true;
}

/* The one word between two `*`. */
static bool inner_text(const struct sigma_glob *g, char *buf, size_t size)
{
	const struct sigma_glob inner = { 1, &g->parts[1] };

	return g->n == 3 && g->parts[0].kind == SIGMA_ANY && g->parts[2].kind == SIGMA_ANY &&
	       plain_text(&inner, buf, size);
}

bool rulenumber_behind(const struct rulebuild *b, const struct sigma_test *t, uint32_t field,
		       struct match_test *m)
{
	const struct ruleset_field *f = &b->out->names[field];
	char text[64], *end;
	uint64_t number;

	if (b->conf->lenient)
		return false;
	if (f->kind == WEIR_KIND_FLAGS) {
		m->op = MATCH_TEST_ANY;
		if (!inner_text(&t->glob, text, sizeof(text)) || strchr(text, ' ') ||
		    !rulefield_number(f->values, text, true, &number))
			return false;
		m->value = (int64_t)number;
		return true;
	}
	if (!plain_text(&t->glob, text, sizeof(text)))
		return false;
	switch (f->kind) {
	case WEIR_KIND_DEV:
		return device_of(text, &m->value);
	case WEIR_KIND_MODE:
		m->value = strtoll(text, &end, 8);
		return *text && !*end;
	default:
		/* Some that every event has are plain numbers with names, such as outcome. */
		if (!rulefield_number(f->values, text, false, &number))
			return false;
		m->value = (int64_t)number;
		return true;
	}
}
