/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: configuration texts. Lines "%%" divide the input into a main
 * file and drop-ins. No input may crash, an error must be told if and only if
 * there is one, and the canonical text, read again, must give itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/options.h"
#include "conf/tree.h"
#include "util/macros.h"

#define TEXTS	4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses the string that it has begun when it meets an error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig\n";
}

static const struct weir_option table[] = {
	{ "bool", WEIR_OPT_BOOL, 0, 0, 0, "true", NULL, "d" },
	{ "int", WEIR_OPT_INT, 0, -5, 5, NULL, NULL, "d" },
	{ "size", WEIR_OPT_SIZE, 0, 4096, 1 << 30, "16M", NULL, "d" },
	{ "time", WEIR_OPT_TIME, 0, 0, 0, "3s", NULL, "d" },
	{ "str", WEIR_OPT_STR, WEIR_OPTION_REQUIRED, 0, 0, NULL, NULL, "d" },
	{ "enum", WEIR_OPT_ENUM, 0, 0, 0, "block", "block|drop", "d" },
	{ "list", WEIR_OPT_STRLIST, 0, 0, 0, "a,b", NULL, "d" },
};
static const char *const skip[] = { "plugin", "name", "before", "after", NULL };

static size_t split(const char *p, size_t size, struct conf_bytes *texts)
{
	const char *end = p + size, *at;
	size_t n = 0;

	while (n < TEXTS - 1 && (at = memmem(p, (size_t)(end - p), "\n%%\n", 4))) {
		texts[n++] = (struct conf_bytes){ "text", p, (size_t)(at + 1 - p) };
		p = at + 4;
	}
	texts[n++] = (struct conf_bytes){ "text", p, (size_t)(end - p) };
	return n;
}

static void check_options(const struct conf_node *group)
{
	struct options *o = NULL;
	struct diag d = { 0 };
	int r;

	r = options_read(group, "fuzz", table, ARRAY_LEN(table), skip, &d, &o);
	MUST((r == 0) == (d.n_errors == 0));
	MUST((r == 0) == (o != NULL));
	options_free(o);
	diag_fini(&d);
}

static void check_all(const struct conf_node *node)
{
	const struct conf_node *c;

	MUST(node->line >= 0);
	if (node->type == CONF_GROUP)
		check_options(node);
	if (node->type >= CONF_GROUP)
		CONF_EACH(c, node)
			check_all(c);
}

static void check_canon(const struct conf *c)
{
	char *canon = conf_canon(c->root), *text, *again;
	struct conf_bytes b = { "canon", NULL, 0 };
	struct diag d = { 0 };
	struct conf *c2 = NULL;

	MUST(canon);
	text = malloc(strlen(canon) + 8);
	MUST(text);
	strcpy(text, "r=");
	strcat(text, canon);
	b.p = text;
	b.len = strlen(text);
	/* One level deeper than what was read, so it may be refused for that. */
	if (conf_load_bytes(&b, 1, &d, &c2) == 0) {
		again = conf_canon(conf_lookup(c2, "r"));
		MUST(again && !strcmp(canon, again));
		free(again);
	} else {
		MUST(d.n && strstr(d.items[0].text, "nested too deeply"));
	}
	conf_free(c2);
	diag_fini(&d);
	free(text);
	free(canon);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_bytes texts[TEXTS];
	struct diag d = { 0 };
	struct conf *c = NULL;
	int r;

	r = conf_load_bytes(texts, split((const char *)data, size, texts), &d, &c);
	MUST((r == 0) == (d.n_errors == 0));
	MUST((r == 0) == (c != NULL));
	if (c) {
		check_all(c->root);
		check_canon(c);
	}
	conf_free(c);
	diag_fini(&d);
	return 0;
}
