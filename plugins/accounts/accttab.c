/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser. glibc's is lenient: blanks before a line, lines that end early,
 * numbers with signs and blanks, and NUL bytes all make entries that work, so
 * they do here. What glibc passes over is passed over and counted. Fields are
 * cut out of a copy; passwords are wiped from it as soon as they are judged.
 */
#include "accttab.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "acctsecret.h"

struct parser {
	enum acct_file file;
	const uint64_t *key;
	struct accttab *tab;
	uint32_t max;
	uint32_t cap;
};

/* ---- fields --------------------------------------------------------------------*/

/* The field that begins at *at, ended by a NUL; empty beyond the line's end. */
static char *next_field(char **at)
{
	char *field = *at, *end = strchrnul(field, ':');

	*at = end + !!*end;
	*end = 0;
	return field;
}

/* As glibc's: 10 digits are enough for everybody. False: it is no number. */
static bool parse_id(const char *text, uint32_t *id)
{
	unsigned long v;
	char *end;

	v = strtoul(text, &end, 10);
	if (end == text || *end)
		return false;
	*id = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	return true;
}

static bool parse_number(const char *text, int64_t *n)
{
	char *end;

	*n = -1;
	if (!*text)
		return true;
	*n = strtol(text, &end, 10);
	return !*end && end != text;
}

/* Judges a password, and wipes it. */
static void take_password(const struct parser *p, struct acct *a, char *text)
{
	size_t len = strlen(text);
	const char *rest = text + strspn(text, "!");

	a->locked = rest != text;
	a->secret = acctsecret(p->key, rest, strlen(rest));
	if (!*text)
		a->password = ACCT_PW_NONE;
	else if (!strcmp(text, "x") && (p->file == ACCT_PASSWD || p->file == ACCT_GROUP))
		a->password = ACCT_PW_ELSEWHERE;
	else if (!*rest || *rest == '*' || !strcmp(rest, "x"))
		a->password = ACCT_PW_UNUSABLE;
	else
		a->password = ACCT_PW_SET;
	if (a->password != ACCT_PW_SET)
		a->secret = 0;
	explicit_bzero(text, len);
}

/* ---- lines ---------------------------------------------------------------------*/

static bool parse_passwd(const struct parser *p, char *at, struct acct *a)
{
	take_password(p, a, next_field(&at));
	if (!parse_id(next_field(&at), &a->id) || !parse_id(next_field(&at), &a->gid))
		return false;
	a->gecos = next_field(&at);
	a->home = next_field(&at);
	a->shell = at;
	return true;
}

static bool parse_shadow(const struct parser *p, char *at, struct acct *a)
{
	unsigned i;

	take_password(p, a, next_field(&at));
	for (i = 0; i < ACCT_NUMBERS; i++)
		if (!parse_number(next_field(&at), &a->numbers[i]))
			return false;
	return true;
}

static bool parse_group(const struct parser *p, char *at, struct acct *a)
{
	take_password(p, a, next_field(&at));
	if (!parse_id(next_field(&at), &a->id))
		return false;
	a->members = at;
	return true;
}

static bool parse_gshadow(const struct parser *p, char *at, struct acct *a)
{
	take_password(p, a, next_field(&at));
	a->admins = next_field(&at);
	a->members = at;
	return true;
}

static bool parse_fields(const struct parser *p, char *line, struct acct *a)
{
	static bool (*const parsers[])(const struct parser *, char *, struct acct *) = {
		[ACCT_PASSWD] = parse_passwd, [ACCT_SHADOW] = parse_shadow,
		[ACCT_GROUP] = parse_group, [ACCT_GSHADOW] = parse_gshadow,
	};
	unsigned i;

	*a = (struct acct){ .gecos = "", .home = "", .shell = "", .members = "", .admins = "",
		.id = ACCT_ID_NONE, .gid = ACCT_ID_NONE, .line = a->line };
	for (i = 0; i < ACCT_NUMBERS; i++)
		a->numbers[i] = -1;
	a->name = next_field(&line);
	return *a->name && parsers[p->file](p, line, a);
}

static enum accttab_result next_acct(struct parser *p, struct acct **a)
{
	struct accttab *t = p->tab;
	uint32_t cap = p->cap ? p->cap * 2 : 64;

	if (t->n == p->cap) {
		*a = reallocarray(t->accts, cap, sizeof(**a));
		if (!*a)
			return ACCTTAB_NO_MEMORY;
		t->accts = *a;
		p->cap = cap;
	}
	*a = &t->accts[t->n];
	return ACCTTAB_OK;
}

/* False: not an entry. What it holds is not kept, for it may be a password. */
static bool take_line(struct parser *p, char *line, struct acct *a)
{
	bool good;

	while (isspace((unsigned char)*line))
		line++;
	if (!*line || *line == '#')
		return false;
	if (*line == '+' || *line == '-') {
		p->tab->n_nis++;
		return false;
	}
	good = parse_fields(p, line, a);
	p->tab->n_malformed += !good;
	return good;
}

static enum accttab_result parse_line(struct parser *p, char *line, size_t len, uint32_t number)
{
	const size_t seen = strlen(line);
	enum accttab_result r;
	struct acct *a;

	p->tab->n_nul += seen != len;
	explicit_bzero(line + seen, len - seen);
	r = next_acct(p, &a);
	if (r != ACCTTAB_OK)
		return r;
	a->line = number;
	if (!take_line(p, line, a))
		explicit_bzero(line, seen);
	else if (p->tab->n++ == p->max)
		return ACCTTAB_TOO_MANY;
	return ACCTTAB_OK;
}

/* ---- the table -----------------------------------------------------------------*/

static int by_name_and_line(const void *a, const void *b)
{
	const struct acct *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : x->line < y->line ? -1 : x->line > y->line;
}

/* The first of a name is the one that counts. */
static void sort_and_unite(struct accttab *t)
{
	uint32_t i, n = 0;

	if (t->n)
		qsort(t->accts, t->n, sizeof(t->accts[0]), by_name_and_line);
	for (i = 0; i < t->n; i++)
		if (!n || strcmp(t->accts[n - 1].name, t->accts[i].name))
			t->accts[n++] = t->accts[i];
	t->n_duplicates = t->n - n;
	t->n = n;
}

static enum accttab_result parse_lines(struct parser *p)
{
	char *at = p->tab->text, *end = at + p->tab->text_len, *stop;
	enum accttab_result r = ACCTTAB_OK;
	uint32_t number = 0;

	for (; at < end && r == ACCTTAB_OK; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		*stop = 0;
		r = parse_line(p, at, (size_t)(stop - at), ++number);
	}
	return r;
}

enum accttab_result accttab_parse(enum acct_file file, const char *text, size_t len,
				  uint32_t max, const uint64_t key[2], struct accttab **tab)
{
	struct accttab *t = calloc(1, sizeof(*t));
	struct parser p = { .file = file, .key = key, .tab = t, .max = max };
	enum accttab_result r = ACCTTAB_NO_MEMORY;

	if (t)
		t->text = malloc(len + 1);
	if (t && t->text) {
		memcpy(t->text, text, len);
		t->text[len] = 0;
		t->text_len = len;
		r = parse_lines(&p);
	}
	if (r != ACCTTAB_OK) {
		accttab_free(t);
		return r;
	}
	sort_and_unite(t);
	*tab = t;
	return ACCTTAB_OK;
}

static int name_cmp(const void *name, const void *acct)
{
	return strcmp(name, ((const struct acct *)acct)->name);
}

const struct acct *accttab_find(const struct accttab *t, const char *name)
{
	return t && t->n ? bsearch(name, t->accts, t->n, sizeof(t->accts[0]), name_cmp) : NULL;
}

struct accttab *accttab_free(struct accttab *t)
{
	if (t) {
		if (t->text)
			explicit_bzero(t->text, t->text_len);
		free(t->text);
		free(t->accts);
	}
	free(t);
	return NULL;
}
