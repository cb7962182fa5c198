/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the list of findings and its two forms. */
#include "findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *finding_severity_name(enum finding_severity severity)
{
	static const char *const names[] = { "ok", "warning", "error" };

	return names[severity];
}

void finding_add(struct findings *f, enum finding_severity severity,
		 const char *check, const char *fmt, ...)
{
	struct finding *items;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->counts[severity]++;
	if (f->n == f->cap) {
		items = realloc(f->items, (f->cap * 2 + 16) * sizeof(*items));
		if (!items)
			return;
		f->items = items;
		f->cap = f->cap * 2 + 16;
	}
	f->items[f->n] = (struct finding){ severity, check, strdup(text) };
	f->n += f->items[f->n].text != NULL;
}

/* What comes from a file may hold anything; a terminal must not. */
static void text_print(FILE *out, const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*s);
		else
			fputc(*s, out);
}

void findings_print(FILE *out, const struct findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		fprintf(out, "%s: ", finding_severity_name(f->items[i].severity));
		text_print(out, f->items[i].text);
		fputc('\n', out);
	}
}

/* Bytes that are not ASCII go out as Latin-1, so that it is JSON in any case. */
void json_print(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < 0x20 || *s >= 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fputc(*s, out);
	}
	fputc('"', out);
}

void findings_print_json(FILE *out, const struct findings *f)
{
	size_t i;

	fputc('[', out);
	for (i = 0; i < f->n; i++) {
		fprintf(out, "%s{\"check\":\"%s\",\"severity\":\"%s\",\"text\":", i ? "," : "",
			f->items[i].check, finding_severity_name(f->items[i].severity));
		json_print(out, f->items[i].text);
		fputc('}', out);
	}
	fputc(']', out);
}

void findings_fini(struct findings *f)
{
	while (f->n)
		free(f->items[--f->n].text);
	free(f->items);
	*f = (struct findings){ 0 };
}
