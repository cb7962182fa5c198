/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tables, sorted by name, are walked side by side. What is said of an
 * account is one line for each difference; of passwords only what happened to
 * them.
 */
#include "acctdiff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

__attribute__((format(printf, 2, 3)))
static void say(struct acctdiff *d, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (d->n == ACCTDIFF_LINES - 1) {
		d->n_more++;
		return;
	}
	va_start(ap, fmt);
	n = vsnprintf(d->text + d->used, ACCTDIFF_LINE, fmt, ap);
	va_end(ap);
	d->at[d->n++] = d->used;
	d->used += n < (int)ACCTDIFF_LINE ? (uint32_t)n + 1 : ACCTDIFF_LINE;
}

/* Room for the last line is always left. */
static void finish(struct acctdiff *d)
{
	if (!d->n_more)
		return;
	d->at[d->n++] = d->used;
	d->used += (uint32_t)snprintf(d->text + d->used, ACCTDIFF_LINE, "%u more", d->n_more) + 1;
}

/* ---- single values -------------------------------------------------------------*/

static void say_id(struct acctdiff *d, const char *what, uint32_t was, uint32_t is)
{
	if (!d->was)
		say(d, "%s %u", what, is);
	else if (was != is)
		say(d, "%s %u -> %u", what, was, is);
}

static void say_text(struct acctdiff *d, const char *what, const char *was, const char *is)
{
	if (!d->was && *is)
		say(d, "%s %.200s", what, is);
	else if (d->was && strcmp(was, is))
		say(d, "%s %.110s -> %.110s", what, *was ? was : "none", *is ? is : "none");
}

static const char *number_text(char buf[32], int64_t n, bool is_date)
{
	/* The last day of the year 9999; beyond it a number says more. */
	bool fits = n >= 0 && n <= 2932896;
	time_t t = fits ? (time_t)n * 86400 : 0;
	struct tm tm;

	if (n < 0)
		return "none";
	if (!is_date || !fits || !gmtime_r(&t, &tm) || !strftime(buf, 32, "%Y-%m-%d", &tm))
		snprintf(buf, 32, "%lld", (long long)n);
	return buf;
}

static void say_number(struct acctdiff *d, enum acct_number i)
{
	static const struct { const char *name; bool is_date; } names[] = {
		[ACCT_LAST_CHANGE] = { "last password change", true },
		[ACCT_MIN] = { "minimum password age" }, [ACCT_MAX] = { "maximum password age" },
		[ACCT_WARN] = { "password warning" }, [ACCT_INACTIVE] = { "password inactivity" },
		[ACCT_EXPIRE] = { "account expiry", true },
	};
	const bool is_date = names[i].is_date;
	char was[32], is[32];

	if (d->was->numbers[i] != d->is->numbers[i])
		say(d, "%s %s -> %s", names[i].name, number_text(was, d->was->numbers[i], is_date),
		    number_text(is, d->is->numbers[i], is_date));
}

/* ---- passwords -----------------------------------------------------------------*/

static void say_password(struct acctdiff *d)
{
	static const char *const words[] = {
		[ACCT_PW_NONE] = "password removed: none is needed",
		[ACCT_PW_ELSEWHERE] = "password moved to the shadow file",
		[ACCT_PW_UNUSABLE] = "password unusable",
		[ACCT_PW_SET] = "password set",
	};
	const struct acct *was = d->was, *is = d->is;

	if (!was && is->password == ACCT_PW_NONE)
		say(d, "password empty: none is needed");
	else if (was ? was->password != is->password : is->password != ACCT_PW_ELSEWHERE)
		say(d, "%s", words[is->password]);
	else if (was && was->secret != is->secret)
		say(d, "password changed");
	if (was ? was->locked != is->locked : is->locked)
		say(d, "password %s", is->locked ? "locked" : "unlocked");
}

static bool is_same_password(const struct acct *a, const struct acct *b)
{
	return a->password == b->password && a->secret == b->secret;
}

static void say_ages(struct acctdiff *d)
{
	unsigned i;

	if (d->was->numbers[ACCT_LAST_CHANGE] && !d->is->numbers[ACCT_LAST_CHANGE])
		say(d, "password expired");
	else if (is_same_password(d->was, d->is))
		say_number(d, ACCT_LAST_CHANGE);
	for (i = ACCT_MIN; i < ACCT_NUMBERS; i++)
		say_number(d, i);
}

/* ---- lists of names ------------------------------------------------------------*/

struct slice {
	const char *p;
	size_t len;
};

static int slice_cmp(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	int r = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);

	return r ? r : x->len < y->len ? -1 : x->len > y->len;
}

/* Sorted, without empty ones and repetitions; NULL: none, or no memory. */
static struct slice *split(const char *text, size_t *n)
{
	struct slice *s;
	size_t i, max = 1;
	const char *at;

	for (at = text; *at; at++)
		max += *at == ',';
	s = *text ? calloc(max, sizeof(*s)) : NULL;
	for (*n = 0, at = text; s && *at; at += s[*n].len + !!at[s[*n].len], *n += s[*n].len > 0)
		s[*n] = (struct slice){ at, strcspn(at, ",") };
	if (*n)
		qsort(s, *n, sizeof(*s), slice_cmp);
	for (max = *n, *n = 0, i = 0; i < max; i++)
		if (!*n || slice_cmp(&s[*n - 1], &s[i]))
			s[(*n)++] = s[i];
	return s;
}

static void say_names(struct acctdiff *d, const char *what, const char *was, const char *is)
{
	size_t n_old, n_new, i = 0, j = 0;
	struct slice *old = split(was, &n_old), *new = split(is, &n_new);
	int r;

	while (i < n_old || j < n_new) {
		r = i == n_old ? 1 : j == n_new ? -1 : slice_cmp(&old[i], &new[j]);
		if (r < 0)
			say(d, "%s removed: %.*s", what, (int)(old[i].len & 0xfff), old[i].p);
		if (r > 0)
			say(d, "%s added: %.*s", what, (int)(new[j].len & 0xfff), new[j].p);
		i += r <= 0;
		j += r >= 0;
	}
	free(old);
	free(new);
}

/* ---- accounts ------------------------------------------------------------------*/

static const struct acct nobody = { .name = "", .gecos = "", .home = "", .shell = "",
	.members = "", .admins = "", .id = ACCT_ID_NONE, .gid = ACCT_ID_NONE };

static void describe_passwd(struct acctdiff *d, const struct acct *was)
{
	say_id(d, "uid", was->id, d->is->id);
	say_id(d, "gid", was->gid, d->is->gid);
	say_password(d);
	say_text(d, "gecos", was->gecos, d->is->gecos);
	say_text(d, "home", was->home, d->is->home);
	say_text(d, "shell", was->shell, d->is->shell);
}

static void describe_shadow(struct acctdiff *d, const struct acct *was)
{
	(void)was;
	if (!d->was)
		say(d, "shadow entry added");
	say_password(d);
	if (d->was)
		say_ages(d);
}

static void describe_group(struct acctdiff *d, const struct acct *was)
{
	say_id(d, "gid", was->id, d->is->id);
	say_password(d);
	say_names(d, "member", was->members, d->is->members);
}

static void describe_gshadow(struct acctdiff *d, const struct acct *was)
{
	if (!d->was)
		say(d, "shadow entry added");
	say_password(d);
	say_names(d, "administrator", was->admins, d->is->admins);
	say_names(d, "shadow member", was->members, d->is->members);
}

static void describe(enum acct_file file, struct acctdiff *d)
{
	static void (*const describers[])(struct acctdiff *, const struct acct *) = {
		[ACCT_PASSWD] = describe_passwd, [ACCT_SHADOW] = describe_shadow,
		[ACCT_GROUP] = describe_group, [ACCT_GSHADOW] = describe_gshadow,
	};

	d->n = d->used = d->n_more = 0;
	if (d->is)
		describers[file](d, d->was ? d->was : &nobody);
	else if (file == ACCT_SHADOW || file == ACCT_GSHADOW)
		say(d, "shadow entry removed");
	finish(d);
}

void acctdiff_run(enum acct_file file, const struct accttab *was, const struct accttab *is,
		  struct acctdiff *d, acctdiff_f *fn, void *ctx)
{
	uint32_t i = 0, j = 0, n_old = was ? was->n : 0, n_new = is ? is->n : 0;
	int r;

	while (i < n_old || j < n_new) {
		r = i == n_old ? 1 : j == n_new ? -1 :
		    strcmp(was->accts[i].name, is->accts[j].name);
		d->was = r <= 0 ? &was->accts[i++] : NULL;
		d->is = r >= 0 ? &is->accts[j++] : NULL;
		describe(file, d);
		if (d->n || !d->was || !d->is)
			fn(ctx, d);
	}
}
