/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds libyaml. After an error the file is read on at its next line that begins with
 * `---`, which is a document's begin wherever it stands. libyaml looks far ahead, so it
 * gets no document that is no UTF-8.
 */
#include "yamlfile.h"

#include <stdlib.h>
#include <string.h>

#include "rulefold.h"
#include "yamlbuild.h"

#define BROKEN	1000u	/* documents of a file that are no YAML, before all are left */

struct yamlfile {
	struct yamlbuild build;
	const char *bytes;
	size_t len;
	size_t at, stop;	/* what libyaml reads */
	size_t bad;		/* the first byte that is no text, at or after `at` */
	uint32_t n_broken;
	yaml_parser_t parser;
	bool is_parsing, is_over;
};

/* ---- where to go on --------------------------------------------------------------*/

/* Offset of a character, of which libyaml tells the number. */
static size_t offset_of(const struct yamlfile *f, size_t n_chars)
{
	size_t at = f->at;

	for (; at < f->stop; at++) {
		if (((uint8_t)f->bytes[at] & 0xc0) == 0x80)
			continue;
		if (!n_chars--)
			break;
	}
	return at;
}

/* Line ends as libyaml counts them. */
static uint32_t count_lines(const char *p, const char *end)
{
	uint32_t n = 0;

	for (; p < end; p++)
		n += *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n')) ||
		     (end - p > 1 && !memcmp(p, "\xc2\x85", 2)) ||
		     (end - p > 2 && (!memcmp(p, "\xe2\x80\xa8", 3) ||
				      !memcmp(p, "\xe2\x80\xa9", 3)));
	return n;
}

static bool begins_document(const char *p, const char *end)
{
	return end - p >= 3 && !memcmp(p, "---", 3) &&
	       (end - p == 3 || strchr(" \t\r\n", p[3]));
}

static bool is_text(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c != RULEFOLD_BAD && c != 0x7f && (c < 0x80 || c > 0x9f || c == 0x85) &&
	       c != 0xfffe && c != 0xffff;
}

/* Where the document begins in which the first byte is that is no text; or the end. */
static size_t find_stop(struct yamlfile *f)
{
	const char *p, *end = f->bytes + f->len;
	unsigned n;

	if (f->bad < f->at)
		f->bad = f->at;
	while (f->bad < f->len &&
	       is_text(rulefold_get((const uint8_t *)f->bytes + f->bad, f->len - f->bad, &n)))
		f->bad += n;
	if (f->bad == f->len)
		return f->len;
	for (p = f->bytes + f->bad; p > f->bytes + f->at; p--)
		if (p[-1] == '\n' && begins_document(p, end))
			break;
	return (size_t)(p - f->bytes);
}

static bool start_parser(struct yamlfile *f)
{
	if (!yaml_parser_initialize(&f->parser))
		return false;
	f->is_parsing = true;
	f->stop = find_stop(f);
	yaml_parser_set_encoding(&f->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&f->parser, (const unsigned char *)f->bytes + f->at,
				     f->stop - f->at);
	return true;
}

/* Leaves what is wrong behind; `from` is where, at or after f->at. */
static bool skip_document(struct yamlfile *f, size_t from)
{
	const char *end = f->bytes + f->len, *p = f->bytes + (from > f->at ? from - 1 : f->at);
	const struct ruleplace file = { f->build.name, 0, 0 };

	yaml_parser_delete(&f->parser);
	f->is_parsing = false;
	while (f->n_broken < BROKEN && p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		if (begins_document(++p, end)) {
			f->build.line += count_lines(f->bytes + f->at, p);
			f->at = (size_t)(p - f->bytes);
			f->n_broken++;
			return start_parser(f);
		}
	}
	if (f->n_broken == BROKEN)
		rulediag_error(f->build.diags, &file, NULL, "more than %u documents are no "
			       "YAML: the rest is left out", BROKEN);
	f->is_over = true;
	return true;
}

static struct ruleplace place_at(const struct yamlfile *f, size_t offset)
{
	const char *begin = f->bytes + f->at, *p = f->bytes + offset;
	uint32_t col = 1;

	while (p > begin && p[-1] != '\n')
		col += ((uint8_t)*--p & 0xc0) != 0x80;
	return (struct ruleplace){ f->build.name, f->build.line + count_lines(begin, p) + 1, col };
}

/* ---- what is wrong ---------------------------------------------------------------*/

static bool syntax_error(struct yamlfile *f)
{
	const yaml_parser_t *p = &f->parser;
	struct ruleplace at = yamlbuild_place(&f->build, &p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		return false;
	rulediag_error(f->build.diags, &at, NULL, "no YAML: %s%s%s", p->context ? p->context : "",
		       p->context ? ", " : "", p->problem ? p->problem : "it cannot be read");
	/* Nobody knows how far ahead it was. */
	if (p->error == YAML_READER_ERROR) {
		f->is_over = true;
		return true;
	}
	return skip_document(f, offset_of(f, p->problem_mark.index));
}

/* At the end of what libyaml got. */
static bool skip_bad_bytes(struct yamlfile *f)
{
	struct ruleplace at = place_at(f, f->bad);

	rulediag_error(f->build.diags, &at, NULL, "the byte %#x is no UTF-8, or no text: write "
		       "the file in UTF-8", (uint8_t)f->bytes[f->bad]);
	return skip_document(f, f->bad);
}

/* ---- files -----------------------------------------------------------------------*/

struct yamlfile *yamlfile_open(struct rulearena *a, struct rulediags *diags,
			       const char *name, const void *bytes, size_t n)
{
	struct yamlfile *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->build.arena = a;
	f->build.diags = diags;
	f->build.name = name;
	f->bytes = bytes;
	f->len = n;
	if (n > YAMLFILE_BYTES) {
		rulediag_error(diags, &(struct ruleplace){ name, 0, 0 }, NULL, "a file has at "
			       "most %u MiB: divide it", YAMLFILE_BYTES >> 20);
		f->is_over = true;
	} else if (!start_parser(f)) {
		free(f);
		return NULL;
	}
	return f;
}

/* After an event that could not be taken. */
static bool give_up(struct yamlfile *f, size_t n_chars)
{
	if (yamlbuild_is_full(&f->build)) {
		f->is_over = true;
		return true;
	}
	yamlbuild_close(&f->build);
	return skip_document(f, offset_of(f, n_chars));
}

int yamlfile_next(struct yamlfile *f, const struct yamltree **out)
{
	bool is_end = false, is_good = true, is_last;
	yaml_event_t e;

	yamlbuild_begin(&f->build);
	while (!f->is_over && !is_end && is_good) {
		if (!yaml_parser_parse(&f->parser, &e)) {
			yamlbuild_close(&f->build);
			is_good = false;
			if (!syntax_error(f))
				return -1;
			break;
		}
		is_good = yamlbuild_take(&f->build, &e);
		is_end = e.type == YAML_DOCUMENT_END_EVENT;
		if (f->build.arena->failed || (!is_good && !give_up(f, e.start_mark.index))) {
			yaml_event_delete(&e);
			return -1;
		}
		is_last = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
		if (is_last && f->stop == f->len)
			f->is_over = true;
		else if (is_last && !skip_bad_bytes(f))
			return -1;
		else if (is_last)
			is_good = false;
	}
	if (f->build.arena->failed)
		return -1;
	if (!is_end && is_good)
		return 0;
	*out = f->build.root;
	return 1;
}

void yamlfile_close(struct yamlfile *f)
{
	if (f->is_parsing)
		yaml_parser_delete(&f->parser);
	free(f);
}
