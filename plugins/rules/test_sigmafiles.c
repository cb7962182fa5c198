/* SPDX-License-Identifier: Apache-2.0 */
/* All rules below $WEIR_SIGMA_RULES have to load: those that are public, for example. */
#include <ftw.h>

#include "test_lib.h"

static struct sigma_set *set;
static int n_files, n_unread;

static int read_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	size_t n = strlen(path);
	char *bytes;
	FILE *f;

	(void)at;
	if (kind != FTW_F || n < 4 || strcmp(path + n - 4, ".yml"))
		return 0;
	f = fopen(path, "re");
	bytes = malloc((size_t)st->st_size + 1);
	if (!f || !bytes)
		abort();
	n = fread(bytes, 1, (size_t)st->st_size, f);
	fclose(f);
	n_files++;
	if (sigma_read(set, path, bytes, n)) {
		n_unread++;
		tap_diag("%s is refused", path);
	}
	free(bytes);
	return 0;
}

int main(void)
{
	const struct sigma_conf conf = { 0 };
	const char *folder = getenv("WEIR_SIGMA_RULES");
	uint32_t i, n_refused = 0;

	if (!folder) {
		tap_skip("rules of a folder", "WEIR_SIGMA_RULES names none");
		return done_testing();
	}
	set = sigma_new(&conf);
	if (!set)
		abort();
	ok(!nftw(folder, read_file, 16, FTW_PHYS), "%s can be read", folder);
	ok(n_files > 0, "there are %d files", n_files);
	is_int(n_unread, 0, "all documents are read");
	is_int(sigma_link(set), 0, "they are linked");
	for (i = 0; i < set->n_rules; i++) {
		n_refused += set->rules[i]->refused;
		if (!set->rules[i]->refused && !set->rules[i]->expr)
			n_refused++;
	}
	ok(set->n_rules > 0, "there are %u rules", set->n_rules);
	is_int(n_refused, 0, "none is refused");
	is_int(set->diags.n_errors, 0, "no errors");
	test_tell(set);
	sigma_free(set);
	return done_testing();
}
