/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the journal's native format: NAME=value, or, for values with a newline, the name, a newline,
 * the length in 64 bits, little-endian, the value. A name has capitals, digits and
 * underscores, at most 64.
 */
#include "fields.h"

#include <ctype.h>
#include <endian.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "plugins/sink/dgram.h"

#define NAME_MAX_LEN	64u
#define DEPTH_MAX	16

struct making {
	struct dgram_buf *buf;
	char name[NAME_MAX_LEN + 1];
	size_t name_len;
};

static void put(struct dgram_buf *buf, const void *p, size_t n)
{
	memcpy(buf->p + buf->len, p, n);
	buf->len += n;
}

static bool field_put(struct dgram_buf *buf, const char *name, const char *value, size_t len)
{
	const uint64_t size = htole64(len);

	if (!dgram_room(buf, strlen(name) + len + sizeof(size) + 3))
		return false;
	put(buf, name, strlen(name));
	if (memchr(value, '\n', len)) {
		put(buf, "\n", 1);
		put(buf, &size, sizeof(size));
	} else {
		put(buf, "=", 1);
	}
	put(buf, value, len);
	put(buf, "\n", 1);
	return true;
}

/* ---- members -------------------------------------------------------------------*/

/* Appends a member to the name; false: it becomes too long. */
static bool name_add(struct making *m, const char *member)
{
	for (m->name[m->name_len++] = '_'; *member && m->name_len < NAME_MAX_LEN; member++)
		m->name[m->name_len++] = isalnum((unsigned char)*member) ?
					 (char)toupper((unsigned char)*member) : '_';
	m->name[m->name_len] = '\0';
	return !*member;
}

static bool object_put(struct making *m, struct json_object *o, int depth);

/* Elements that are no objects become a field each, of one name. */
static bool value_put(struct making *m, struct json_object *v, int depth)
{
	const char *text;
	size_t i;

	switch (json_object_get_type(v)) {
	case json_type_null:
		return true;
	case json_type_object:
		if (depth < DEPTH_MAX)
			return object_put(m, v, depth + 1);
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(v); i++) {
			struct json_object *e = json_object_array_get_idx(v, i);
			bool nested = json_object_is_type(e, json_type_object) ||
				      json_object_is_type(e, json_type_array);

			text = json_object_to_json_string_ext(
				e, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
			if (nested ? !field_put(m->buf, m->name, text, strlen(text))
				   : !value_put(m, e, depth))
				return false;
		}
		return true;
	case json_type_string:
		return field_put(m->buf, m->name, json_object_get_string(v),
				 (size_t)json_object_get_string_len(v));
	default:
		break;
	}
	text = json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
	return field_put(m->buf, m->name, text, strlen(text));
}

static bool object_put(struct making *m, struct json_object *o, int depth)
{
	const size_t before = m->name_len;
	bool good = true;

	json_object_object_foreach(o, key, v) {
		/* One with a longer name is in the whole line only. */
		if (good && name_add(m, key))
			good = value_put(m, v, depth);
		m->name_len = before;
		m->name[before] = '\0';
	}
	return good;
}

/* ---- an entry ------------------------------------------------------------------*/

static const char *text_at(struct json_object *o, const char *group, const char *name)
{
	struct json_object *v = NULL;

	if (group && !json_object_object_get_ex(o, group, &o))
		return NULL;
	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

/* What journalctl shows: "exec: echo[170]". */
static bool message_put(struct dgram_buf *buf, struct json_object *o)
{
	const char *type = text_at(o, NULL, "type"), *name = text_at(o, "process", "name"),
		   *pid = text_at(o, "process", "pid");
	char text[256];
	int n;

	n = snprintf(text, sizeof(text), "%s%s%s", type ? type : "event", name ? ": " : "",
		     name ? name : "");
	if (n > 0 && pid && (size_t)n < sizeof(text) - 1)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s[%s]", name ? "" : ": ", pid);
	return field_put(buf, "MESSAGE", text, strnlen(text, sizeof(text)));
}

static bool head_put(const struct fields_conf *c, struct dgram_buf *buf)
{
	char priority[12];
	int n = snprintf(priority, sizeof(priority), "%u", c->priority);

	return field_put(buf, "PRIORITY", priority, (size_t)n) &&
	       field_put(buf, "SYSLOG_IDENTIFIER", c->identifier, strlen(c->identifier));
}

bool fields_make(const struct fields_conf *c, struct dgram_buf *buf, const char *line, size_t len)
{
	struct making m = { .buf = buf, .name = "WEIR", .name_len = 4 };
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o;
	bool good;

	if (!tok)
		return false;
	while (len && line[len - 1] == '\n')
		len--;
	o = json_tokener_parse_ex(tok, line, (int)len);
	good = head_put(c, buf);
	if (!json_object_is_type(o, json_type_object))
		good = good && field_put(buf, "MESSAGE", line, len);
	else
		good = good && message_put(buf, o) && object_put(&m, o, 0) &&
		       (!c->json || field_put(buf, "WEIR_JSON", line, len));
	json_object_put(o);
	json_tokener_free(tok);
	return good;
}
