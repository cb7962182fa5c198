/* SPDX-License-Identifier: Apache-2.0 */
/* Prints expressions. How deep they are the reader bounds. */
#include "sigmatext.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rulefold.h"

/* What a terminal obeys, and what is no UTF-8, as \xHH. */
static void print_quoted(const char *text, size_t n, FILE *out)
{
	unsigned len, i;
	uint32_t c;

	fputc('"', out);
	for (; n; text += len, n -= len) {
		c = rulefold_get((const uint8_t *)text, n, &len);
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (char)c);
		else if (c != RULEFOLD_BAD && c >= 0x20 && (c < 0x7f || c > 0x9f) &&
			 c != 0x2028 && c != 0x2029)
			fwrite(text, 1, len, out);
		else
			for (i = 0; i < len; i++)
				fprintf(out, "\\x%02x", (uint8_t)text[i]);
	}
	fputc('"', out);
}

/* Bare if nothing in it could be taken for something else. */
static void print_name(const char *name, FILE *out)
{
	const char *p;

	for (p = name; *p; p++)
		if (*p <= 0x20 || *p == 0x7f || strchr("()\"\\<>#", *p))
			break;
	if (*p || p == name)
		print_quoted(name, strlen(name), out);
	else
		fputs(name, out);
}

static void print_glob(const struct sigma_glob *glob, FILE *out)
{
	const struct sigma_part *p;

	if (!glob->n)
		fputs(" \"\"", out);
	for (p = glob->parts; p < glob->parts + glob->n; p++) {
		fputc(' ', out);
		if (p->kind == SIGMA_LITERAL)
			print_quoted(p->text, p->len, out);
		else
			fputc(p->kind == SIGMA_ANY ? '*' : '?', out);
	}
}

static void print_number(const struct sigma_test *t, FILE *out)
{
	if (t->is_integer)
		fprintf(out, " %" PRId64, t->integer);
	else
		fprintf(out, " %.17g", t->number);
}

static void print_regex(const struct sigma_test *t, FILE *out)
{
	fputc(' ', out);
	print_quoted(t->regex, t->regex_len, out);
	if (t->re_flags)
		fprintf(out, " %s%s%s", t->re_flags & SIGMA_RE_I ? "i" : "",
			t->re_flags & SIGMA_RE_M ? "m" : "", t->re_flags & SIGMA_RE_S ? "s" : "");
}

static void print_cidr(const struct sigma_cidr *c, FILE *out)
{
	char addr[INET6_ADDRSTRLEN] = "";

	inet_ntop(c->family == 4 ? AF_INET : AF_INET6, c->addr, addr, sizeof(addr));
	fprintf(out, " %s/%u", addr, c->bits);
}

static const char *word_of(const struct sigma_test *t)
{
	static const char *const ops[SIGMA_OP__MAX] = {
		[SIGMA_TEXT] = "=", [SIGMA_RE] = "re", [SIGMA_CIDR] = "in", [SIGMA_LT] = "<",
		[SIGMA_LTE] = "<=", [SIGMA_GT] = ">", [SIGMA_GTE] = ">=",
		[SIGMA_ABSENT] = "absent", [SIGMA_PRESENT] = "present",
		[SIGMA_FIELDREF] = "ref",
	};
	static const char *const parts[] = {
		[SIGMA_MINUTE] = "minute", [SIGMA_HOUR] = "hour", [SIGMA_DAY] = "day",
		[SIGMA_WEEK] = "week", [SIGMA_MONTH] = "month", [SIGMA_YEAR] = "year",
	};

	if (t->op == SIGMA_TEXT && t->cased)
		return "==";
	if (t->op == SIGMA_FIELDREF && t->cased)
		return "ref-cased";
	return t->op == SIGMA_TIMEPART ? parts[t->part] : ops[t->op];
}

static void print_value(const struct sigma_test *t, FILE *out)
{
	static const char *const scalars[] = { "", " #int", " #float", " #bool" };
	static const char *const positions[] = { "whole", "starts", "ends", "contains" };

	switch (t->op) {
	case SIGMA_TEXT:
		print_glob(&t->glob, out);
		fputs(scalars[t->scalar], out);
		break;
	case SIGMA_RE:
		print_regex(t, out);
		break;
	case SIGMA_CIDR:
		print_cidr(&t->cidr, out);
		break;
	case SIGMA_FIELDREF:
		fprintf(out, " %s ", positions[t->position]);
		print_name(t->other, out);
		break;
	case SIGMA_ABSENT:
	case SIGMA_PRESENT:
		break;
	default:
		print_number(t, out);
	}
}

static void print_test(const struct sigma_test *t, FILE *out)
{
	fprintf(out, "(%s ", word_of(t));
	if (t->keyword)
		fputs("<any>", out);
	else
		print_name(t->field, out);
	print_value(t, out);
	fputc(')', out);
}

void sigma_print(const struct sigma_expr *e, FILE *out)
{
	static const char *const words[] = { [SIGMA_AND] = "and", [SIGMA_OR] = "or",
		[SIGMA_NOT] = "not" };
	uint32_t i;

	if (!e) {
		fputs("()", out);
		return;
	}
	if (e->node == SIGMA_LEAF) {
		print_test(e->test, out);
		return;
	}
	fputc('(', out);
	if (e->node == SIGMA_SELECTION)
		print_name(e->name, out);
	else
		fputs(words[e->node], out);
	for (i = 0; i < e->n; i++) {
		fputc(' ', out);
		sigma_print(e->of[i], out);
	}
	fputc(')', out);
}

char *sigma_text(const struct sigma_expr *e)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	sigma_print(e, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
