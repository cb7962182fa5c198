/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this folder share: rules from text, results as text. */
#pragma once

#include <stdlib.h>

#include "sigma.h"
#include "sigmatext.h"
#include "tap.h"

/* `%admins%` is two texts, `%nets%` two networks, `%none%` an empty list. */
__attribute__((unused))
static bool test_expand(void *arg, const char *name, struct sigma_words *out)
{
	static const char *const admins[] = { "root", "a*m" };
	static const char *const nets[] = { "10.0.0.0/8", "fe80::/10" };

	(void)arg;
	if (!strcmp(name, "admins"))
		*out = (struct sigma_words){ 2, admins };
	else if (!strcmp(name, "nets"))
		*out = (struct sigma_words){ 2, nets };
	else if (!strcmp(name, "none"))
		*out = (struct sigma_words){ 0 };
	else
		return false;
	return true;
}

/* A set of one file, linked, with these limits (0: the defaults). */
__attribute__((unused))
static struct sigma_set *test_limits(const char *text, size_t n, uint32_t max_rules,
				     uint32_t max_values)
{
	struct sigma_conf conf = { test_expand, NULL, max_rules, max_values };
	struct sigma_set *set = sigma_new(&conf);
	/* An exact copy, behind which a sanitizer sees the end. */
	char *copy = malloc(n ? n : 1);

	if (!set || !copy)
		abort();
	memcpy(copy, text, n);
	if (sigma_read(set, "t.yml", copy, n) < 0 || sigma_link(set))
		abort();
	free(copy);
	return set;
}

__attribute__((unused)) static struct sigma_set *test_set(const char *text)
{
	return test_limits(text, strlen(text), 0, 0);
}

/* "3:9: error: text" of the first of a level; "" if there is none. Valid until the next call. */
__attribute__((unused))
static const char *test_diag(const struct sigma_set *set, enum rulediag_level level)
{
	static char buf[2048];
	uint32_t i;

	for (i = 0; i < set->diags.n; i++)
		if (set->diags.items[i].level == level) {
			rulediag_format(&set->diags.items[i], buf, sizeof(buf));
			return buf;
		}
	return "";
}

__attribute__((unused)) static void test_tell(const struct sigma_set *set)
{
	char buf[2048];
	uint32_t i;

	for (i = 0; i < set->diags.n; i++) {
		rulediag_format(&set->diags.items[i], buf, sizeof(buf));
		tap_diag("%s", buf);
	}
}

/* A rule around what is below `detection`, each of whose lines begins with two blanks. */
__attribute__((unused)) static struct sigma_set *test_detection(const char *detection)
{
	char text[16384];

	snprintf(text, sizeof(text), "title: t\nlogsource: {category: c}\ndetection:\n%s\n",
		 detection);
	return test_set(text);
}
