/* SPDX-License-Identifier: Apache-2.0 */
/* How values look to people, and what is kept from their terminals. */
#include "human.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- members --------------------------------------------------------------------*/

struct json_object *json_at(struct json_object *o, const char *path)
{
	struct json_object *v;
	char name[64];
	size_t n;

	for (; o; o = v) {
		n = strcspn(path, ".");
		if (n >= sizeof(name) || !json_object_is_type(o, json_type_object))
			return NULL;
		memcpy(name, path, n);
		name[n] = 0;
		if (!json_object_object_get_ex(o, name, &v))
			return NULL;
		if (!path[n])
			return v;
		path += n + 1;
	}
	return NULL;
}

const char *json_text(struct json_object *o, const char *path)
{
	struct json_object *v = json_at(o, path);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

long long json_int(struct json_object *o, const char *path)
{
	struct json_object *v = json_at(o, path);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : 0;
}

/* ---- escapes --------------------------------------------------------------------*/

/* Bytes of the UTF-8 character at s that may be printed; 0: escape a byte. */
static size_t printable(const unsigned char *s, size_t len)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int c = s[0];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2, i;

	if (n == 1)
		return c >= 0x20 && c != 0x7f;
	if (c < 0xc2 || c > 0xf4 || n > len)
		return 0;
	c &= 0x7fu >> n;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* C1 controls; what turns the direction of the text; surrogates. */
	if (c < 0xa0 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	    c == 0x2028 || c == 0x2029 || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	return c >= least[n] ? n : 0;
}

char *human_escape(const char *s, size_t len)
{
	char *out = malloc(4 * len + 1), *q = out;
	size_t n;

	if (!out)
		abort();
	for (; len; s += n, len -= n) {
		n = printable((const unsigned char *)s, len);
		if (n) {
			memcpy(q, s, n);
			q += n;
		} else {
			q += sprintf(q, "\\x%02x", (unsigned char)*s);
			n = 1;
		}
	}
	*q = 0;
	return out;
}

void human_put(FILE *f, const char *s)
{
	char *e = human_escape(s, strlen(s));

	fputs(e, f);
	free(e);
}

void human_error(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	fflush(stdout);
	fputs("weirctl: ", stderr);
	human_put(stderr, s);
	fputc('\n', stderr);
	free(s);
}

size_t human_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* The code of a two-byte character; of others that are not printed U+FFFD. */
static unsigned int code_of(const unsigned char *s, size_t len, size_t *n)
{
	*n = 1;
	if (s[0] == 0x7f)
		return 0x7f;
	if (s[0] == 0xc2 && len > 1 && (s[1] & 0xc0) == 0x80) {
		*n = 2;
		return s[1];
	}
	if (s[0] == 0xe2 && len > 2 && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80) {
		*n = 3;
		return 0x2000u | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	}
	return 0xfffd;
}

void human_json(const char *json, size_t len)
{
	const unsigned char *s = (const unsigned char *)json;
	static int tty = -1;
	size_t n;

	if (tty < 0)
		tty = isatty(STDOUT_FILENO);
	if (!tty) {
		fwrite(json, 1, len, stdout);
		putchar('\n');
		return;
	}
	for (; len; s += n, len -= n) {
		n = *s == '\n' || *s == '\t' ? 1 : printable(s, len);
		if (n)
			fwrite(s, 1, n, stdout);
		else
			printf("\\u%04x", code_of(s, len, &n));
	}
	putchar('\n');
}

void human_json_object(struct json_object *o)
{
	const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE);

	human_json(s, strlen(s));
}

/* ---- values ---------------------------------------------------------------------*/

/* At most three digits and a letter, as ls -h has it. */
static void put_scaled(FILE *f, double x, double step, const char *const *units)
{
	while (units[1] && x >= step - 0.5) {
		x /= step;
		units++;
	}
	fprintf(f, x < 9.95 && x != (double)(long)x ? "%.1f%s" : "%.0f%s", x, *units);
}

static void put_uptime(FILE *f, long long s)
{
	if (s >= 86400)
		fprintf(f, "%lldd %02lldh", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		fprintf(f, "%lldh %02lldm", s / 3600, s / 60 % 60);
	else if (s >= 60)
		fprintf(f, "%lldm %02llds", s / 60, s % 60);
	else
		fprintf(f, "%llds", s);
}

static void put_number(FILE *f, struct json_object *v, enum unit unit)
{
	static const char *const bytes[] = { "", "K", "M", "G", "T", "P", NULL };
	static const char *const times[] = { "ns", "us", "ms", "s", NULL };
	double x = json_object_get_double(v);

	switch (unit) {
	case UNIT_BYTES: put_scaled(f, x, 1024, bytes); break;
	case UNIT_NS: put_scaled(f, x, 1000, times); break;
	case UNIT_US: put_scaled(f, x * 1e3, 1000, times); break;
	case UNIT_MS: put_scaled(f, x * 1e6, 1000, times); break;
	case UNIT_UPTIME: put_uptime(f, json_object_get_int64(v)); break;
	default: fputs(json_object_get_string(v), f);
	}
}

static void put_value(FILE *f, struct json_object *v, enum unit unit);

static void put_members(FILE *f, struct json_object *v, enum unit unit)
{
	struct json_object_iterator it = json_object_iter_begin(v);
	struct json_object_iterator end = json_object_iter_end(v);
	const char *comma = "";

	if (json_object_iter_equal(&it, &end))
		fputs("none", f);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		fputs(comma, f);
		human_put(f, json_object_iter_peek_name(&it));
		fputc(' ', f);
		put_value(f, json_object_iter_peek_value(&it), unit);
		comma = ", ";
	}
}

static void put_value(FILE *f, struct json_object *v, enum unit unit)
{
	size_t i;

	switch (json_object_get_type(v)) {
	case json_type_null:
		break;
	case json_type_boolean:
		fputs(json_object_get_boolean(v) ? "yes" : "no", f);
		break;
	case json_type_int:
	case json_type_double:
		put_number(f, v, unit);
		break;
	case json_type_string:
		human_put(f, json_object_get_string(v));
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(v); i++) {
			fputs(i ? "," : "", f);
			put_value(f, json_object_array_get_idx(v, i), unit);
		}
		break;
	case json_type_object:
		put_members(f, v, unit);
		break;
	}
}

char *human_value(struct json_object *v, enum unit unit)
{
	char *s = NULL;
	size_t len;
	FILE *f = open_memstream(&s, &len);

	if (!f)
		abort();
	put_value(f, v, unit);
	if (fclose(f))
		abort();
	return s;
}
