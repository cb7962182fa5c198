/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of profiles as JSON. What is taken is written, read and written once more: the
 * text is the same; and so it is by way of a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/profile/pjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static struct pprofile *by_file(const struct pprofile *p, uint32_t *saved_s)
{
	struct pprofile *q = NULL;
	struct pformat_error e;
	uint8_t *bytes = NULL;
	size_t len = 0;

	must(!pformat_write(p, *saved_s, &bytes, &len));
	must(!pformat_read(bytes, len, 0, 2, &q, saved_s, &e));
	free(bytes);
	return q;
}

static void check_again(const struct pprofile *p, uint32_t saved_s)
{
	char *text = pjson_write(p, saved_s), *again, why[PJSON_WHY];
	struct pprofile *q = NULL, *r;

	must(text != NULL);
	must(!pjson_read(text, strlen(text), 3, &q, &saved_s, why));
	r = by_file(q, &saved_s);
	again = pjson_write(r, saved_s);
	must(again && !strcmp(text, again));
	free(text);
	free(again);
	pprofile_free(q);
	pprofile_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pprofile *p = NULL;
	char why[PJSON_WHY] = "";
	uint32_t saved_s = 0;
	int r = pjson_read((const char *)data, size, 1, &p, &saved_s, why);

	must(!r || (r == -EINVAL && *why && strlen(why) < sizeof(why)));
	if (r)
		return 0;
	check_again(p, saved_s);
	pprofile_free(p);
	return 0;
}
