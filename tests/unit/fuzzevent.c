/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as the sensor has them and some that it has not: whatever the flags say, both
 * engines have to make the same of it.
 */
#include "fuzzevent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <weir/wire.h>

#include "ruleevent.h"

#define FIELDS	64u
#define TEXT	4096u
#define LONG	20000u		/* bytes that are cut off, seldom, but are there first */

static struct match_value values[FIELDS];
static char texts[FIELDS][TEXT + LONG];

/* ---- texts -------------------------------------------------------------------------*/

static size_t base64(const char *in, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, k, len = 0;
	uint32_t bits;

	for (i = 0; i < n; i += 3) {
		for (bits = 0, k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < n ? (uint8_t)in[i + k] : 0);
		for (k = 0; k < 4; k++)
			out[len++] = i + k > n ? '=' : digits[bits >> (18 - 6 * k) & 63];
	}
	return len;
}

/* Some words with up to two bytes before them, of one byte a character or two. */
static size_t put_coded(struct fuzz *f, char *out)
{
	char plain[3 * FUZZ_WORD_MAX], raw[6 * FUZZ_WORD_MAX];
	size_t i, n = 0, before = fuzz_below(f, 3), wide = 1 + fuzz_below(f, 2);
	int len = snprintf(plain, sizeof(plain), "%s%s", fuzz_word(f), fuzz_word(f));

	memset(raw, 'x', before);
	n = before;
	for (i = 0; i < (size_t)len; i++) {
		raw[n++] = plain[i];
		if (wide == 2)
			raw[n++] = 0;
	}
	return base64(raw, n, out);
}

static void swap_case(struct fuzz *f, char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z') && fuzz_once(f, 3))
			text[i] ^= 0x20;
}

static size_t put_piece(struct fuzz *f, char *out)
{
	const char *word;

	switch (fuzz_below(f, 24)) {
	case 0:
		return put_coded(f, out);
	case 1:
		out[0] = (char)fuzz_below(f, 256);	/* also what is no UTF-8 */
		return 1;
	case 2:
		out[0] = '\n';
		return 1;
	case 3:
		return (size_t)sprintf(out, "%g", fuzz_number(f));
	default:
		word = fuzz_word(f);
		strcpy(out, word);
		return strlen(word);
	}
}

static size_t put_text(struct fuzz *f, char *out)
{
	size_t n = 0;
	uint32_t i, pieces = fuzz_below(f, fuzz_once(f, 8) ? 40 : 8);

	if (fuzz_once(f, 200))
		for (; n < LONG; n++)
			out[n] = "ab/ -"[fuzz_below(f, 5)];
	for (i = 0; i < pieces; i++)
		n += put_piece(f, out + n);
	if (fuzz_once(f, 3))
		swap_case(f, out, n);
	return n;
}

static void replace(char *text, size_t n, char from, char to)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (text[i] == from)
			text[i] = to;
}

static void set_text(struct fuzz *f, struct match_value *v, char *at, const struct ruleset_field *field)
{
	size_t n = put_text(f, at), cut = fuzz_once(f, 4) ? fuzz_below(f, 4) : 0;

	cut = cut < n ? cut : n;
	v->flags = MATCH_VALUE_TEXT;
	v->at = (uintptr_t)at + cut;
	v->len = (uint32_t)(n - cut);
	if (v->len && fuzz_once(f, 4))
		v->len -= fuzz_below(f, v->len < 4 ? v->len : 4);
	if (fuzz_once(f, 8))
		v->flags |= MATCH_VALUE_CUT_BEGIN;
	if (fuzz_once(f, 8))
		v->flags |= MATCH_VALUE_CUT_END;
	if (field->kind == WEIR_KIND_STRV && !fuzz_once(f, 4)) {
		v->flags |= MATCH_VALUE_LIST;
		replace(at, n, ' ', 0);
	}
	if (field->keywords)
		replace(at, n, '/', (char)0xff);
	if (fuzz_once(f, 2))
		ruleevent_look_into(v, (const char *)(uintptr_t)v->at, v->len);
}

/* ---- others ------------------------------------------------------------------------*/

static void set_number(struct fuzz *f, struct match_value *v)
{
	double d = fuzz_number(f);

	v->flags |= MATCH_VALUE_NUMBER;
	v->number = (int64_t)floor(d);
	v->fraction = (uint32_t)((d - floor(d)) * 4294967296.0);
}

static void set_address(struct fuzz *f, struct match_value *v)
{
	v->flags |= MATCH_VALUE_ADDRESS;
	v->family = fuzz_once(f, 3) ? 6 : 4;
	fuzz_address(f, (uint8_t)v->family, v->addr.byte);
}

/* The text of another field, for those that are compared with each other. */
static void set_same(struct fuzz *f, struct match_value *v, char *at, uint32_t i)
{
	const struct match_value *o = &values[fuzz_below(f, i)];

	if (!(o->flags & MATCH_VALUE_TEXT))
		return;
	*v = *o;
	v->at = (uintptr_t)at;
	if (o->len)
		memcpy(at, (const void *)(uintptr_t)o->at, o->len);
	swap_case(f, at, o->len);
}

/* What the kernel has of such a field. */
static bool set_own_kind(struct fuzz *f, struct match_value *v, uint16_t kind)
{
	static const int64_t some[] = { 0755, 04755, 0644, 8 << 20 | 1, 5 };

	switch (kind) {
	case WEIR_KIND_U32:
	case WEIR_KIND_UID:
	case WEIR_KIND_PORT:
		set_number(f, v);
		return true;
	case WEIR_KIND_FLAGS:
		v->number = fuzz_below(f, 256);
		v->flags = MATCH_VALUE_NUMBER;
		return true;
	case WEIR_KIND_MODE:
	case WEIR_KIND_DEV:
		v->number = some[fuzz_below(f, 5)];
		v->flags = MATCH_VALUE_NUMBER;
		return true;
	case WEIR_KIND_IP:
		set_address(f, v);
		return true;
	default:
		return false;
	}
}

static void set(struct fuzz *f, uint32_t i, const struct ruleset_field *field)
{
	struct match_value *v = &values[i];
	uint32_t how = fuzz_below(f, 24);

	*v = (struct match_value){ 0 };
	if (fuzz_once(f, 2) && set_own_kind(f, v, field->kind))
		return;
	if (how < 2)
		return;		/* absent */
	if (how == 2) {
		v->flags = MATCH_VALUE_LATE | MATCH_VALUE_TEXT | MATCH_VALUE_CUT_BEGIN |
			   MATCH_VALUE_CUT_END;
	} else if (how < 5) {
		set_number(f, v);
	} else if (how < 7) {
		set_address(f, v);
	} else if (how < 10 && i) {
		set_same(f, v, texts[i], i);
	} else {
		set_text(f, v, texts[i], field);
	}
	/* One field may be all of it, as in events in JSON. */
	if (how > 2 && fuzz_once(f, 6))
		set_number(f, v);
	if (how > 2 && fuzz_once(f, 6))
		set_address(f, v);
}

const struct match_value *fuzz_event(struct fuzz *f, const struct ruleset *rules)
{
	uint32_t i;

	if (rules->image.n_fields > FIELDS)
		abort();
	for (i = 0; i < rules->image.n_fields; i++)
		set(f, i, &rules->names[i]);
	return values;
}

uint32_t fuzz_type(struct fuzz *f)
{
	static const uint32_t types[] = { WEIR_EV_exec, WEIR_EV_connect, RULESET_ANY_TYPE,
		RULESET_ANY_TYPE };

	if (f->strict && !fuzz_once(f, 8))
		return WEIR_EV_exec;
	return fuzz_once(f, 16) ? fuzz_below(f, 128) : types[fuzz_below(f, 4)];
}
