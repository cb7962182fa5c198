/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the making of chains for tests, and the folder of their plugins. */
#include "toychain.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/chain.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "plugin/loader.h"
#include "util/macros.h"

static char top[PATH_MAX];

static const char *const names[] = {
	"toyrich", "toyneed", "toyplain", "toyclash", "toyfuture", "toycode", "toysink",
};

static bool copy(const char *name)
{
	const char *build = getenv("WEIR_BUILD");
	char from[PATH_MAX], to[PATH_MAX + 64], buf[4096];
	FILE *in, *out;
	size_t n;

	snprintf(from, sizeof(from), "%.3000s/tests/unit/plugins/.libs/%s.so",
		 build ? build : ".", name);
	snprintf(to, sizeof(to), "%s/%s.so", top, name);
	in = fopen(from, "re");
	if (!in)
		return false;
	out = fopen(to, "we");
	MUST(out);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		MUST(fwrite(buf, 1, n, out) == n);
	fclose(in);
	return fclose(out) == 0 && chmod(to, 0755) == 0;
}

bool toychain_setup(void)
{
	const char *tmp = getenv("TMPDIR");
	char where[PATH_MAX];
	size_t i;

	snprintf(where, sizeof(where), "%.3000s/weir-toys-XXXXXX", tmp ? tmp : "/tmp");
	MUST(mkdtemp(where) && realpath(where, top) && chmod(top, 0755) == 0);
	for (i = 0; i < ARRAY_LEN(names); i++)
		if (!copy(names[i]))
			return false;
	return true;
}

void toychain_teardown(void)
{
	char path[PATH_MAX + 64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s.so", top, names[i]);
		unlink(path);
	}
	rmdir(top);
}

/* The caller frees it. */
static char *expand(struct toychain *t, const char *text)
{
	size_t room = strlen(text) * 24 + 1, n = 0;
	char *out = malloc(room);

	MUST(out);
	for (; *text; text++) {
		if (*text == '@' && text[1] >= '0' && text[1] <= '9')
			n += (size_t)snprintf(out + n, room - n, "0x%llxL",
				(unsigned long long)(uintptr_t)&t->toys[*++text - '0']);
		else
			out[n++] = *text;
	}
	out[n] = 0;
	return out;
}

static void errors_take(struct toychain *t, struct diag *d)
{
	size_t i, n = 0;

	t->errors[0] = 0;
	for (i = 0; i < d->n && n + 2 < sizeof(t->errors); i++) {
		diag_format(&d->items[i], t->errors + n, sizeof(t->errors) - n - 2);
		n += strlen(t->errors + n);
		t->errors[n++] = '\n';
		t->errors[n] = 0;
	}
	diag_fini(d);
}

int toychain_make(struct toychain *t, const char *main, const char *dropin)
{
	const char *const dirs[] = { top };
	char *texts[2] = { expand(t, main), dropin ? expand(t, dropin) : NULL };
	struct conf_bytes bytes[2] = {
		{ "weir.conf", texts[0], strlen(texts[0]) },
		{ "conf.d/10.conf", texts[1], texts[1] ? strlen(texts[1]) : 0 },
	};
	struct chain_conf cc = { .dirs = dirs, .n_dirs = 1, .host = &t->host };
	struct diag d = { 0 };
	int r;

	t->chain = NULL;
	t->conf = NULL;
	t->host = (struct weir_host_id){ "0123456789abcdef", "toys", "boot" };
	t->loader = cc.loader = loader_new(chain_reserved);
	MUST(t->loader);
	r = conf_load_bytes(bytes, dropin ? 2 : 1, &d, &t->conf);
	if (!r) {
		cc.stages = conf_lookup(t->conf, "sync");
		r = chain_build(&cc, &d, &t->chain);
	}
	if (!r)
		r = chain_open(t->chain, &d);
	if (r)
		t->chain = chain_free(t->chain);
	errors_take(t, &d);
	free(texts[0]);
	free(texts[1]);
	return r;
}

void toychain_fini(struct toychain *t)
{
	t->chain = chain_free(t->chain);
	t->conf = conf_free(t->conf);
	t->loader = loader_free(t->loader);
}
