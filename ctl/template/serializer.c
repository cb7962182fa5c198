/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serializer `@NAME@`: an event as one line of name=value, with the fields of
 * all stages before it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/plugin.h>

enum { OPT_MAX_TEXT };

static const struct weir_option @NAME@_options[] = {
	[OPT_MAX_TEXT] = { "max_text", WEIR_OPT_SIZE, 0, 16, 65536, "1K", NULL,
		"Bytes of a text that are printed." },
};

struct @NAME@ {
	const struct weir_host *host;
	const struct weir_schema *schema;	/* as long as the instance */
	uint32_t max_text;
};

/* Appends; all or nothing. */
static int put(const struct @NAME@ *x, struct weir_buf *out, const void *p, size_t n)
{
	if (out->cap - out->len < n && x->host->grow(out, n))
		return -1;
	memcpy(out->p + out->len, p, n);
	out->len += n;
	return 0;
}

static int put_text(const struct @NAME@ *x, struct weir_buf *out, const char *text)
{
	return put(x, out, text, strlen(text));
}

/* In quotes, with what a line cannot have as \xNN. */
static int put_quoted(const struct @NAME@ *x, struct weir_buf *out, const struct weir_value *v)
{
	const unsigned char *p = v->v.p;
	uint32_t i, len = v->len < x->max_text ? v->len : x->max_text;
	char one[8];
	int r = put_text(x, out, "\"");

	for (i = 0; i < len && r == 0; i++) {
		if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
			snprintf(one, sizeof(one), "%c", p[i]);
		else
			snprintf(one, sizeof(one), "\\x%02x", p[i]);
		r = put_text(x, out, one);
	}
	return r ? r : put_text(x, out, "\"");
}

/* Kinds that it does not know are passed over: a later version may bring some. */
static int put_value(const struct @NAME@ *x, struct weir_buf *out, const struct weir_value *v)
{
	char number[32];

	if (v->kind == WEIR_KIND_STR || v->kind == WEIR_KIND_BYTES || v->kind == WEIR_KIND_STRV)
		return put_quoted(x, out, v);
	if (v->kind == WEIR_KIND_IP || v->kind == WEIR_KIND_LIST ||
	    v->kind == WEIR_KIND_RECORDS || v->kind >= WEIR_KIND_MAX)
		return put_text(x, out, "...");
	if (v->kind == WEIR_KIND_I64)
		snprintf(number, sizeof(number), "%" PRId64, v->v.i);
	else
		snprintf(number, sizeof(number), "%" PRIu64, v->v.u);
	return put_text(x, out, number);
}

static int put_field(const struct @NAME@ *x, struct weir_buf *out,
		     const struct weir_field *f, const struct weir_event *ev)
{
	struct weir_value v = weir_get(ev, f->handle);

	if (!weir_present(&v))
		return 0;
	if (put_text(x, out, " ") || put_text(x, out, f->def.name) || put_text(x, out, "="))
		return -1;
	return put_value(x, out, &v);
}

static const char *type_name(const struct weir_schema *s, uint16_t type)
{
	return type < s->n_types && s->types[type].name ? s->types[type].name : "event";
}

static int @NAME@_encode(void *inst, const struct weir_event *ev, struct weir_buf *out)
{
	const struct @NAME@ *x = inst;
	size_t start = out->len;
	uint32_t i;
	int r;

	r = put_text(x, out, type_name(x->schema, ev->type));
	for (i = 0; i < x->schema->n_fields && r == 0; i++)
		r = put_field(x, out, &x->schema->fields[i], ev);
	if (r == 0)
		r = put_text(x, out, "\n");
	if (r)
		out->len = start;
	return r;
}

static void @NAME@_close(void *inst)
{
	free(inst);
}

static int @NAME@_open(const struct weir_setup *s, void **inst)
{
	struct @NAME@ *x = calloc(1, sizeof(*x));

	if (!x) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
		return -1;
	}
	x->host = s->host;
	x->schema = s->schema;
	x->max_text = (uint32_t)s->options[OPT_MAX_TEXT].v.i;
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE(@NAME@, WEIR_PLUGIN_SERIALIZER, "0.1.0", "Apache-2.0",
	.summary = "Prints an event as a line of name=value.",
	.options = @NAME@_options,
	.n_options = WEIR_N_OF(@NAME@_options),
	.open = @NAME@_open,
	.close = @NAME@_close,
	.encode = @NAME@_encode);
