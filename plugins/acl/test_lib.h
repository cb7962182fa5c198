/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this folder share: values from text and hex, results as text. */
#pragma once

#include <stdlib.h>

#include "delta.h"
#include "formats.h"
#include "json.h"
#include "nt.h"
#include "tap.h"

static uint8_t test_memory[4 << 20], test_scratch[1 << 20];
static struct acl_arena test_arena = { test_memory, sizeof(test_memory), 0, false };
static struct acl_arena test_room = { test_scratch, sizeof(test_scratch), 0, false };

__attribute__((unused)) static const struct words test_words = { .scratch = &test_room };

static int test_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Blanks do not count. In the arena. */
__attribute__((unused)) static struct acl_bytes test_hex(const char *hex)
{
	uint8_t *p = acl_alloc(&test_arena, strlen(hex) / 2 + 1);
	uint32_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		p[n++] = (uint8_t)(test_digit(hex[0]) << 4 | test_digit(hex[1]));
		hex++;
	}
	return (struct acl_bytes){ p, n };
}

__attribute__((unused)) static struct acl_bytes test_text(const char *text)
{
	return (struct acl_bytes){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

/* An exact copy, behind which a sanitizer sees the end. To free(). */
__attribute__((unused)) static uint8_t *test_exact(struct acl_bytes b)
{
	uint8_t *p = malloc(b.len ? b.len : 1);

	if (!p)
		abort();
	if (b.len)
		memcpy(p, b.p, b.len);
	return p;
}

__attribute__((unused)) static struct acl test_sddl(const char *text)
{
	struct acl_context ctx = { 0 };
	struct acl a;

	if (acl_decode(ACL_SDDL, test_text(text), &ctx, &test_arena, &a))
		tap_diag("%s: %s: %s", text, a.rule, a.why);
	return a;
}

/* Valid until the call after next. */
static char test_out[2][1 << 18];
static unsigned test_turn;

static struct put test_begin(void)
{
	struct put o;

	test_turn ^= 1;
	put_init(&o, test_out[test_turn], sizeof(test_out[0]) - 1);
	return o;
}

static const char *test_end(struct put *o)
{
	o->p[o->len] = 0;
	return o->p;
}

__attribute__((unused)) static const char *test_json(const struct acl *a, const struct acl *was)
{
	struct put o = test_begin();

	json_put_acl(&o, a, was);
	return test_end(&o);
}

__attribute__((unused)) static const char *test_in_words(const struct acl *a)
{
	struct put o = test_begin();

	words_put(&o, a, &test_words);
	return test_end(&o);
}

__attribute__((unused)) static const char *test_as_sddl(const struct acl *a)
{
	struct put o = test_begin();

	if (!sddl_put(&o, a, &test_room))
		PUT(&o, "no memory");
	return test_end(&o);
}

/* The rule that the value breaks, "" if none. */
__attribute__((unused)) static const char *test_rule(enum acl_kind kind, struct acl_bytes in,
						     const struct acl_context *ctx)
{
	static struct acl a;
	uint8_t *exact = test_exact(in);
	int r;

	in.p = exact;
	r = acl_decode(kind, in, ctx, &test_arena, &a);
	free(exact);
	return r ? a.rule : "";
}
