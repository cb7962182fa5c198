/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and joining values. */
#include "varvalue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX	64u	/* of a value that is no string, its NUL included */

static const char *const type_names[VAR_TYPE__MAX] = {
	"bool", "int", "string", "ip", "bool[]", "int[]", "string[]", "ip[]",
};

int varvalue_type(const char *word, size_t len)
{
	unsigned i;

	for (i = 0; i < VAR_TYPE__MAX; i++)
		if (strlen(type_names[i]) == len && !memcmp(type_names[i], word, len))
			return (int)i;
	return -1;
}

const char *varvalue_type_name(uint8_t type)
{
	return type < VAR_TYPE__MAX ? type_names[type] : "";
}

/* ---- one text --------------------------------------------------------------------*/

static bool read_int(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return end != text && !*end && !errno && (*text == '-' || (*text >= '0' && *text <= '9'));
}

static bool canonical_ip(const char *text, char out[TEXT_MAX])
{
	struct in6_addr a;

	if (inet_pton(AF_INET, text, &a) == 1)
		return inet_ntop(AF_INET, &a, out, TEXT_MAX) != NULL;
	return inet_pton(AF_INET6, text, &a) == 1 && inet_ntop(AF_INET6, &a, out, TEXT_MAX) != NULL;
}

/* Of all types but strings. */
static bool canonical(uint8_t type, const char *text, size_t len, char out[TEXT_MAX])
{
	char in[TEXT_MAX];
	int64_t n;

	if (!len || len >= TEXT_MAX || memchr(text, 0, len))
		return false;
	memcpy(in, text, len);
	in[len] = 0;
	switch (type) {
	case VAR_BOOL:
		if (strcmp(in, "true") && strcmp(in, "false"))
			return false;
		strcpy(out, in);
		return true;
	case VAR_INT:
		if (!read_int(in, &n))
			return false;
		snprintf(out, TEXT_MAX, "%lld", (long long)n);
		return true;
	default:
		return canonical_ip(in, out);
	}
}

/* ---- lists -----------------------------------------------------------------------*/

static uint32_t item_len(const struct varvalue *v, uint32_t at)
{
	return (uint32_t)strnlen(v->bytes + at, v->len - at) + 1;
}

static uint32_t n_items(const struct varvalue *v)
{
	uint32_t at, n = 0;

	for (at = 0; at < v->len; at += item_len(v, at))
		n++;
	return n;
}

static bool has_item(const struct varvalue *v, const char *text, size_t len)
{
	uint32_t at;

	for (at = 0; at < v->len; at += item_len(v, at))
		if (item_len(v, at) == len + 1 && !memcmp(v->bytes + at, text, len))
			return true;
	return false;
}

static void drop_first(struct varvalue *v)
{
	uint32_t n = item_len(v, 0);

	memmove(v->bytes, v->bytes + n, v->len - n);
	v->len -= n;
	v->cut = true;
}

static enum varvalue_result add_item(struct varvalue *v, const char *text, size_t len,
				     uint32_t max_items)
{
	uint8_t type = v->type & (uint8_t)~VAR_LIST;
	char plain[TEXT_MAX];

	if (type != VAR_STRING) {
		if (!canonical(type, text, len, plain))
			return VARVALUE_MALFORMED;
		text = plain;
		len = strlen(plain);
	}
	if (len >= v->max) {
		len = v->max - 1;
		v->cut = true;
	}
	if (has_item(v, text, len))
		return VARVALUE_OK;
	while (v->len && (v->len + len + 1 > v->max || n_items(v) >= max_items))
		drop_first(v);
	memcpy(v->bytes + v->len, text, len);
	v->bytes[v->len + len] = 0;
	v->len += (uint32_t)len + 1;
	return VARVALUE_OK;
}

/* By commas; nothing at all is no item. */
static enum varvalue_result add_items(struct varvalue *v, const char *text, size_t len,
				      uint32_t max_items)
{
	enum varvalue_result r = VARVALUE_OK;
	const char *comma;
	size_t n;

	while (len && r == VARVALUE_OK) {
		comma = memchr(text, ',', len);
		n = comma ? (size_t)(comma - text) : len;
		r = add_item(v, text, n, max_items);
		n += comma != NULL;
		text += n;
		len -= n;
	}
	return r;
}

/* ---- values ----------------------------------------------------------------------*/

static void join(struct varvalue *v, const char *text, size_t len)
{
	size_t room = v->max - v->len;

	v->cut |= len > room;
	len = len < room ? len : room;
	memcpy(v->bytes + v->len, text, len);
	v->len += (uint32_t)len;
}

enum varvalue_result varvalue_parse(struct varvalue *v, const char *text, size_t len,
				    uint32_t max_items)
{
	char plain[TEXT_MAX];

	v->len = 0;
	v->cut = false;
	if (len && memchr(text, 0, len))
		return VARVALUE_MALFORMED;
	if (v->type & VAR_LIST)
		return add_items(v, text, len, max_items);
	if (v->type != VAR_STRING) {
		if (!canonical(v->type, text, len, plain))
			return VARVALUE_MALFORMED;
		text = plain;
		len = strlen(plain);
	}
	join(v, text, len);
	return VARVALUE_OK;
}

static enum varvalue_result add_int(struct varvalue *v, const char *text, size_t len)
{
	char old[TEXT_MAX], more[TEXT_MAX];
	long long sum;
	int64_t a, b;

	if (!canonical(VAR_INT, text, len, more))
		return VARVALUE_MALFORMED;
	if (v->len >= sizeof(old))
		return VARVALUE_MISMATCH;
	memcpy(old, v->bytes, v->len);
	old[v->len] = 0;
	if (!read_int(old, &a) || !read_int(more, &b))
		return VARVALUE_MISMATCH;
	if (__builtin_add_overflow(a, b, &sum))
		sum = b < 0 ? INT64_MIN : INT64_MAX;
	snprintf(old, sizeof(old), "%lld", sum);
	v->len = 0;
	join(v, old, strlen(old));
	return VARVALUE_OK;
}

enum varvalue_result varvalue_append(struct varvalue *v, uint8_t type, const char *text,
				     size_t len, uint32_t max_items)
{
	if (len && memchr(text, 0, len))
		return VARVALUE_MALFORMED;
	if (v->type & VAR_LIST && type == (v->type & ~VAR_LIST))
		return add_item(v, text, len, max_items);
	if (type != v->type)
		return VARVALUE_MISMATCH;
	if (type & VAR_LIST)
		return add_items(v, text, len, max_items);
	if (type == VAR_INT)
		return add_int(v, text, len);
	if (type != VAR_STRING)
		return VARVALUE_MISMATCH;
	join(v, text, len);
	return VARVALUE_OK;
}
