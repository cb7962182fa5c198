/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of the plugin `accounts`, and what it says of two files. The first
 * byte tells which file it is; a line with a single % ends the one and begins
 * the other.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/accounts/acctdiff.h"

#define MAX_ENTRIES	64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static void check_table(const struct accttab *t)
{
	uint32_t i;

	must(t->n + t->n_duplicates <= MAX_ENTRIES);
	for (i = 0; i < t->n; i++) {
		must(t->accts[i].name[0] && !strchr(t->accts[i].name, '\n'));
		must(t->accts[i].name[0] != '+' && t->accts[i].name[0] != '-');
		must(!i || strcmp(t->accts[i - 1].name, t->accts[i].name) < 0);
		must(accttab_find(t, t->accts[i].name) == &t->accts[i]);
	}
}

static void check_diff(void *ctx, const struct acctdiff *d)
{
	uint32_t i;

	must((d->was || d->is) && d->n <= ACCTDIFF_LINES && d->used <= sizeof(d->text));
	for (i = 0; i < d->n; i++) {
		must(d->at[i] < d->used);
		must(strnlen(d->text + d->at[i], ACCTDIFF_LINE) < ACCTDIFF_LINE);
	}
	++*(uint32_t *)ctx;
}

static struct accttab *parse(enum acct_file file, const uint8_t *p, size_t len)
{
	static const uint64_t key[2] = { 1, 2 };
	struct accttab *t = NULL;

	if (accttab_parse(file, (const char *)p, len, MAX_ENTRIES, key, &t) == ACCTTAB_OK)
		check_table(t);
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct acctdiff diff;
	struct accttab *was, *is;
	enum acct_file file;
	const uint8_t *cut;
	uint32_t n = 0;

	if (!size)
		return 0;
	file = data[0] % ACCT__MAX;
	data++;
	size--;
	cut = memmem(data, size, "\n%\n", 3);
	was = parse(file, data, cut ? (size_t)(cut - data) : size);
	is = cut ? parse(file, cut + 3, size - (size_t)(cut + 3 - data)) : NULL;
	acctdiff_run(file, was, is, &diff, check_diff, &n);
	n = 0;
	acctdiff_run(file, is, is, &diff, check_diff, &n);
	must(!n);
	accttab_free(was);
	accttab_free(is);
	return 0;
}
