/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reference that test_json.c compares with. Clear before fast. */
#include "refjson.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

struct ref {
	const struct weir_schema *schema;
	const struct weir_event *ev;
	bool undo, invalid, cut;
};

/* ---- text ------------------------------------------------------------------*/

/* By decoding to the number and asking how that number must be written. */
static int decode(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int len = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 :
		  p[0] >> 3 == 30 ? 4 : 0;
	uint32_t u;
	int i;

	if (!len || (size_t)len > n)
		return 0;
	u = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		u = u << 6 | (p[i] & 63);
	}
	if (u < least[len] || u > 0x10ffff || (u >= 0xd800 && u < 0xe000))
		return 0;
	return len;
}

bool refjson_is_utf8(const uint8_t *p, size_t n)
{
	int k;

	for (; n; p += k, n -= (size_t)k) {
		k = decode(p, n);
		if (!k)
			return false;
	}
	return true;
}

/* As json-c prints it, but for control characters that it does not escape. */
char *refjson_print(struct json_object *o)
{
	const char *p = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE);
	char *s = malloc(strlen(p) * 6 + 1), *at = s;

	for (; *p; p++) {
		if (*p == 0x7f)
			at += sprintf(at, "\\u007f");
		else if ((uint8_t)p[0] == 0xc2 && (uint8_t)p[1] < 0xa0)
			at += sprintf(at, "\\u%04x", (uint8_t)*++p);
		else
			*at++ = *p;
	}
	*at = 0;
	return s;
}

static struct json_object *text(struct ref *ref, const uint8_t *p, size_t n)
{
	struct json_object *o;
	char *s = malloc(n * 4 + 1), *at = s;
	int k;

	for (; n; p += k, n -= (size_t)k) {
		k = decode(p, n);
		if (!k)
			ref->invalid = true;
		if (!k && ref->undo) {
			at += sprintf(at, "\\x%02x", *p);
		} else {
			memcpy(at, p, (size_t)(k ? k : 1));
			at += k ? k : 1;
			if (ref->undo && *p == '\\')
				*at++ = '\\';
		}
		k = k ? k : 1;
	}
	o = json_object_new_string_len(s, (int)(at - s));
	free(s);
	return o;
}

static struct json_object *texts(struct ref *ref, const uint8_t *p, size_t n)
{
	struct json_object *a = json_object_new_array();
	const uint8_t *end;

	while (n) {
		end = memchr(p, 0, n);
		if (!end)
			end = p + n;
		json_object_array_add(a, text(ref, p, (size_t)(end - p)));
		n -= (size_t)(end - p) + (end < p + n);
		p = end + 1;
	}
	return a;
}

static struct json_object *base64(const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *s = calloc(1, n * 2 + 8), *at = s;
	struct json_object *o;
	uint32_t acc = 0, bits = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		acc = (acc << 8 | p[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			*at++ = digits[acc >> (bits - 6) & 63];
	}
	if (bits)
		*at++ = digits[acc << (6 - bits) & 63];
	while ((at - s) % 4)
		*at++ = '=';
	o = json_object_new_string(s);
	free(s);
	return o;
}

/* ---- numbers ---------------------------------------------------------------*/

__attribute__((format(printf, 1, 2)))
static struct json_object *string(const char *fmt, ...)
{
	char s[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, sizeof(s), fmt, ap);
	va_end(ap);
	return json_object_new_string(s);
}

static struct json_object *moment(int64_t ns)
{
	time_t sec = ns / 1000000000;
	long rest = ns % 1000000000;
	struct tm tm;
	char s[64];

	if (rest < 0) {
		rest += 1000000000;
		sec--;
	}
	gmtime_r(&sec, &tm);
	strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S", &tm);
	return string("%s.%09ldZ", s, rest);
}

static struct json_object *number(uint64_t u)
{
	return u > 1ull << 53 ? string("%" PRIu64, u) :
	       json_object_new_int64((int64_t)u);
}

static struct json_object *integer(int64_t i)
{
	return i > 1ll << 53 || i < -(1ll << 53) ? string("%" PRId64, i) :
	       json_object_new_int64(i);
}

static struct json_object *name(const struct weir_value_name *names, const char *set,
				uint64_t u)
{
	if (!u && set && (!strcmp(set, "errno") || !strcmp(set, "signal")))
		return NULL;
	for (; names && names->name; names++) {
		if (names->number == u)
			return json_object_new_string(names->name);
		if (!u && !names[1].name)
			return NULL;
	}
	return string("unknown(%" PRIu64 ")", u);
}

static struct json_object *flags(const struct weir_value_name *names, uint64_t u)
{
	struct json_object *a = json_object_new_array();
	const struct weir_value_name *n;
	uint64_t rest = 0, bit;

	for (bit = 1; bit; bit <<= 1) {
		for (n = names; n && n->name && n->number != bit; n++)
			;
		if ((u & bit) && n && n->name)
			json_object_array_add(a, json_object_new_string(n->name));
		else
			rest |= u & bit;
	}
	if (rest)
		json_object_array_add(a, string("0x%" PRIx64, rest));
	return a;
}

static struct json_object *address(const struct weir_ip *ip)
{
	char s[INET6_ADDRSTRLEN];

	if (!ip || (ip->family != 2 && ip->family != 10))
		return NULL;
	inet_ntop((int)ip->family, ip->addr, s, sizeof(s));
	return json_object_new_string(s);
}

/* ---- values ----------------------------------------------------------------*/

static struct json_object *plain(struct ref *ref, uint32_t kind,
				 const struct weir_value_name *names, const char *set,
				 const struct weir_value *v)
{
	uint64_t u = v->v.u;

	ref->cut |= v->status == WEIR_TRUNCATED;
	if (names && kind <= WEIR_KIND_U32)
		kind = WEIR_KIND_ENUM;
	switch (kind) {
	case WEIR_KIND_U64:
		return number(u);
	case WEIR_KIND_KEY:
		return u ? string("%" PRIu64, u) : NULL;
	case WEIR_KIND_HEX:
		return string("0x%" PRIx64, u);
	case WEIR_KIND_TIME:
		return u ? moment((int64_t)(u + (uint64_t)ref->ev->wall_ns)) : NULL;
	case WEIR_KIND_TIMEW:
		return u ? moment((int64_t)u) : NULL;
	case WEIR_KIND_MODE:
		return u ? string("%o", (uint32_t)u) : NULL;
	case WEIR_KIND_DEV:
		return u ? string("%u:%u", (uint32_t)u >> 20, (uint32_t)u & 0xfffff) : NULL;
	case WEIR_KIND_ENUM:
		return name(names, set, u);
	case WEIR_KIND_FLAGS:
		return flags(names, u);
	case WEIR_KIND_UID:
		return (uint32_t)u == UINT32_MAX ? NULL :
		       json_object_new_int64((uint32_t)u);
	case WEIR_KIND_PORT:
		return u ? json_object_new_int64((uint32_t)u) : NULL;
	case WEIR_KIND_STR:
		return text(ref, v->v.p, v->len);
	case WEIR_KIND_STRV:
		return texts(ref, v->v.p, v->len);
	case WEIR_KIND_BYTES:
		return base64(v->v.p, v->len);
	case WEIR_KIND_IP:
		return address(v->v.p);
	case WEIR_KIND_BOOL:
		return json_object_new_boolean(u != 0);
	case WEIR_KIND_I64:
		return integer(v->v.i);
	default:
		return json_object_new_int64((uint32_t)u);
	}
}

static const struct weir_value_name *set_names(struct ref *ref, const char *set)
{
	uint32_t i;

	for (i = 0; set && i < ref->schema->n_fields; i++)
		if (ref->schema->fields[i].value_names && ref->schema->fields[i].def.values &&
		    !strcmp(ref->schema->fields[i].def.values, set))
			return ref->schema->fields[i].value_names;
	return NULL;
}

static void put(struct json_object *root, const char *path, struct json_object *v)
{
	const char *dot = strchr(path, '.');
	struct json_object *inner;
	char head[128];

	if (!dot) {
		json_object_object_add(root, path, v);
		return;
	}
	snprintf(head, sizeof(head), "%.*s", (int)(dot - path), path);
	if (!json_object_object_get_ex(root, head, &inner)) {
		inner = json_object_new_object();
		json_object_object_add(root, head, inner);
	}
	put(inner, dot + 1, v);
}

static struct json_object *row(struct ref *ref, const struct weir_field *f,
			       const struct weir_value *values)
{
	struct json_object *o = json_object_new_object(), *v;
	const struct weir_column *c;
	uint32_t i;

	for (i = 0; i < f->def.n_cols; i++) {
		c = &f->def.cols[i];
		if (!weir_present(&values[i]))
			continue;
		v = plain(ref, c->kind, set_names(ref, c->values), c->values, &values[i]);
		if (v)
			put(o, c->name, v);
	}
	return o;
}

static struct json_object *value(struct ref *ref, const struct weir_field *f,
				 const struct weir_value *v)
{
	const struct weir_list *list = v->v.list;
	struct json_object *a, *e;
	uint32_t i;

	if (f->def.kind != WEIR_KIND_LIST && f->def.kind != WEIR_KIND_RECORDS)
		return plain(ref, f->def.kind, f->value_names, f->def.values, v);
	ref->cut |= v->status == WEIR_TRUNCATED;
	a = json_object_new_array();
	for (i = 0; i < list->n; i++) {
		if (f->def.kind == WEIR_KIND_RECORDS) {
			json_object_array_add(a, row(ref, f, list->values + i * list->n_cols));
			continue;
		}
		e = weir_present(&list->values[i]) ?
		    plain(ref, f->def.elem_kind, f->value_names, f->def.values,
			  &list->values[i]) : NULL;
		if (e)
			json_object_array_add(a, e);
	}
	return a;
}

/* ---- the object ------------------------------------------------------------*/

static void list_add(struct json_object *root, const char *list, const char *what)
{
	struct json_object *a;

	if (!json_object_object_get_ex(root, list, &a)) {
		a = json_object_new_array();
		json_object_object_add(root, list, a);
	}
	json_object_array_add(a, json_object_new_string(what));
}

static bool readable(struct ref *ref, struct json_object *root,
		     const struct weir_field *f, const struct weir_value *v)
{
	switch (v->status) {
	case WEIR_PENDING:
		list_add(root, "pending", f->def.name);
		return false;
	case WEIR_TIMEOUT:
		list_add(root, "timed_out", f->def.name);
		return false;
	case WEIR_ERROR:
		list_add(root, "unreadable", f->def.name);
		return f->handle.slot < ref->schema->n_wire && v->len;
	case WEIR_SKIPPED:
		list_add(root, "skipped", f->def.name);
		return false;
	default:
		return v->status != WEIR_ABSENT;
	}
}

static void field(struct ref *ref, struct json_object *root, const struct weir_field *f)
{
	struct weir_value v = weir_get(ref->ev, f->handle);
	struct json_object *o;

	if (!readable(ref, root, f, &v))
		return;
	ref->undo = ref->invalid = ref->cut = false;
	o = value(ref, f, &v);
	if (ref->invalid) {
		json_object_put(o);
		ref->undo = true;
		o = value(ref, f, &v);
		list_add(root, "escaped", f->def.name);
	}
	if (!o)
		return;
	if (ref->cut)
		list_add(root, "truncated", f->def.name);
	put(root, f->def.name, o);
}

struct json_object *refjson_make(const struct weir_schema *schema,
				 const struct weir_event *ev,
				 const struct weir_host_id *host)
{
	struct ref ref = { schema, ev, false, false, false };
	struct json_object *root = json_object_new_object();
	bool actor = schema->types[ev->type].actor;
	const struct weir_field *f;
	uint32_t i;

	put(root, "host.id", json_object_new_string(host->id));
	put(root, "host.name", json_object_new_string(host->name));
	put(root, "host.boot", json_object_new_string(host->boot));
	for (i = 0; i < schema->n_fields; i++) {
		f = &schema->fields[i];
		if (!actor && f->handle.slot < schema->n_wire &&
		    !strncmp(f->def.name, "process.", 8))
			continue;
		field(&ref, root, f);
	}
	return root;
}
