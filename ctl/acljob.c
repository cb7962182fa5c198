/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes one value for the commands of ctl/acl.h. Names come from the system here. */
#include "acl.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/acl/delta.h"
#include "plugins/acl/json.h"
#include "plugins/acl/sid.h"

#define ARENA_MIN	(1u << 20)
#define OUT_SIZE	(32u << 20)	/* touched as far as it is written */
/* An entry of the model for each byte, at worst: "((((". */
#define ARENA_PER_BYTE	(sizeof(struct ace) * 2 + 16)

/* ---- memory -----------------------------------------------------------------------*/

bool aclroom_init(struct aclroom *r)
{
	memset(r, 0, sizeof(*r));
	r->out.p = malloc(OUT_SIZE);
	r->scratch.p = malloc(ARENA_MIN);
	return r->out.p && r->scratch.p && aclroom_reset(r, 0);
}

void aclroom_fini(struct aclroom *r)
{
	free(r->out.p);
	free(r->scratch.p);
	free(r->arena.p);
	free(r->input);
}

bool aclroom_reset(struct aclroom *r, size_t n)
{
	size_t need = ARENA_MIN + n * ARENA_PER_BYTE;

	r->out.len = 0;
	r->out.cap = OUT_SIZE;
	r->out.full = false;
	r->scratch.cap = ARENA_MIN;
	r->scratch.used = r->arena.used = 0;
	if (need > r->arena.cap) {
		free(r->arena.p);
		r->arena.p = malloc(need);
		r->arena.cap = r->arena.p ? need : 0;
	}
	if (n > r->input_cap || !r->input) {
		free(r->input);
		r->input = malloc(n + 1);
		r->input_cap = r->input ? n : 0;
	}
	return r->arena.p && r->input;
}

/* ---- context ------------------------------------------------------------------------*/

static bool take_sid(uint8_t sid[68], const char *text, const uint8_t **to)
{
	uint8_t memory[128] __attribute__((aligned(8)));
	struct acl_arena a = { memory, sizeof(memory), 0, false };
	struct acl_context none = { 0 };
	struct sid s;
	size_t used;

	if (!sid_parse(text, strlen(text), &none, &a, &s, &used) || text[used] || !s.p)
		return false;
	memcpy(sid, s.p, 8 + 4u * s.p[1]);
	*to = sid;
	return true;
}

bool acljob_context(struct acljob *j, const char *key, const char *value)
{
	if (!strcmp(key, "is_dir")) {
		j->ctx.is_dir = !strcmp(value, "1") || !strcmp(value, "true");
		return j->ctx.is_dir || !strcmp(value, "0") || !strcmp(value, "false");
	}
	if (!strcmp(key, "xattr") && strlen(value) < sizeof(j->xattr)) {
		strcpy(j->xattr, value);
		j->ctx.xattr = j->xattr;
		return true;
	}
	if (!strcmp(key, "domain_sid"))
		return take_sid(j->sids[0], value, &j->ctx.domain);
	if (!strcmp(key, "machine_sid"))
		return take_sid(j->sids[1], value, &j->ctx.machine);
	if (!strcmp(key, "forest_sid"))
		return take_sid(j->sids[2], value, &j->ctx.forest);
	return false;
}

/* ---- names ----------------------------------------------------------------------------*/

static bool put_id(void *ctx, struct put *o, uint32_t id, bool group)
{
	const struct group *g = group ? getgrgid(id) : NULL;
	const struct passwd *p = group ? NULL : getpwuid(id);
	const char *name = g ? g->gr_name : p ? p->pw_name : NULL;

	(void)ctx;
	if (name)
		put_escaped(o, name, strlen(name));
	return name;
}

static struct words words_of(struct aclroom *r)
{
	return (struct words){ .put_id = put_id, .scratch = &r->scratch };
}

/* ---- decode ---------------------------------------------------------------------------*/

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Digits in pairs, blanks between them, perhaps 0x before them. */
static bool from_hex(const char *s, size_t n, uint8_t *out, uint32_t *len)
{
	size_t i = n >= 2 && s[0] == '0' && (s[1] | 0x20) == 'x' ? 2 : 0;
	int high = -1, d;

	for (*len = 0; i < n; i++) {
		if (is_blank(s[i]))
			continue;
		d = hex_digit(s[i]);
		if (d < 0)
			return false;
		if (high >= 0)
			out[(*len)++] = (uint8_t)(high << 4 | d);
		high = high >= 0 ? -1 : d;
	}
	return high < 0;
}

/* Bytes of hex are put into the arena, since what is decoded points into them. */
static int decode(const struct acljob *j, struct aclroom *r, const char *text, size_t n,
		  struct acl *a)
{
	struct acl_bytes in = { (const uint8_t *)text, (uint32_t)n };
	uint8_t *bytes;

	if (!acl_kind_is_text(j->kind)) {
		bytes = acl_alloc(&r->arena, n / 2 + 1);
		if (!bytes)
			return acl_no_room(a);
		if (!from_hex(text, n, bytes, &in.len))
			return acl_fault(a, "hex", "the input is not hexadecimal");
		in.p = bytes;
	}
	return acl_decode(j->kind, in, &j->ctx, &r->arena, a);
}

/* The older side of "OLD -> NEW". 0: there is one; -1: none. */
static int decode_was(const struct acljob *j, struct aclroom *r, const char *text, size_t n,
		      struct acl *was)
{
	struct acl_bytes in = { (const uint8_t *)text, (uint32_t)n }, old, new;

	if (j->kind != ACL_MODE || !mode_split(in, &old, &new))
		return -1;
	return acl_decode(ACL_MODE, old, &j->ctx, &r->arena, was);
}

static int finish(struct aclroom *r, struct acl *a, int status)
{
	if (status)
		json_put_fault(&r->out, a);
	return status;
}

int acljob_json(const struct acljob *j, struct aclroom *r, const char *text, size_t n)
{
	struct acl a, was;
	size_t begin = r->out.len;
	int old, status = decode(j, r, text, n, &a);

	if (status)
		return finish(r, &a, status);
	old = decode_was(j, r, text, n, &was);
	if (old > 0)
		return finish(r, &was, old);
	json_put_acl(&r->out, &a, old ? NULL : &was);
	if (!r->out.full)
		return 0;
	r->out.len = begin;
	r->out.full = false;
	return finish(r, &a, acl_no_room(&a));
}

void acljob_put(struct aclroom *r, const struct acl *a)
{
	struct words w = words_of(r);

	words_put(&r->out, a, &w);
}

static void put_items(struct aclroom *r, const char *what, const struct delta *d)
{
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		put_text(&r->out, i ? "; " : what);
		put_mem(&r->out, d->items[i].p, d->items[i].len);
	}
	if (d->more)
		PUT(&r->out, "; and more");
}

int acljob_change(const struct acljob *j, struct aclroom *r, const char *was_text, size_t was_len,
		  const char *text, size_t n)
{
	static char memory[2][16384];
	struct words w = words_of(r);
	struct delta changes, risks;
	struct acl a, was;
	int old, status = decode(j, r, text, n, &a);

	if (status)
		return finish(r, &a, status);
	old = was_text ? decode(j, r, was_text, was_len, &was) :
			 decode_was(j, r, text, n, &was);
	if (old > 0)
		return finish(r, &was, old);
	words_put(&r->out, &a, &w);
	delta_init(&changes, memory[0], sizeof(memory[0]));
	delta_init(&risks, memory[1], sizeof(memory[1]));
	if (!old)
		delta_run(&changes, &was, &a, &w);
	risk_run(&risks, old ? NULL : &was, &a);
	put_items(r, "\nChanges: ", &changes);
	put_items(r, "\nRisk: ", &risks);
	return 0;
}

int acljob_text(const struct acljob *j, struct aclroom *r, const char *text, size_t n)
{
	return acljob_change(j, r, NULL, 0, text, n);
}
