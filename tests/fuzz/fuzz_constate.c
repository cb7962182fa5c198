/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin `container` takes out of the state files of runtimes: the first
 * byte says whose file it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/container/conjson.h"

#define ID	"5dda8a9b6a3c8f1e0d7b4c2a9e8f7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static void check_value(const struct confacts *c, const struct weir_value *v)
{
	const char *begin = (const char *)c, *at = v->v.p;

	must(v->status != WEIR_ABSENT || !v->len);
	must(v->len <= CONFACTS_LONG);
	must(!v->len || (at > begin && at + v->len <= begin + c->size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static conjson_f *const readers[] = { conjson_docker, conjson_storage, conjson_bundle,
		conjson_runc, conjson_machine };
	static struct confacts_draft d;
	char cgroup[64];
	struct confacts *c;
	unsigned i;

	if (!size)
		return 0;
	memset(&d, 0, offsetof(struct confacts_draft, text));
	readers[data[0] % 5]((const char *)data + 1, size - 1, ID, &d);
	conjson_cgroup((const char *)data + 1, size - 1, cgroup, sizeof(cgroup));
	c = confacts_new(&d, NULL);
	if (!c)
		return 0;
	for (i = 0; i < CONFACT__MAX; i++)
		check_value(c, &c->facts[i]);
	must(c->list.n <= CONFACTS_LABELS);
	for (i = 0; i < c->list.n * 2; i++)
		check_value(c, &c->list.values[i]);
	confacts_unref(c);
	return 0;
}
