/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and makes texts with wildcards. Nothing is kept. */
#include "sigmaglob.h"

#include <string.h>

bool sigmaglob_begin(struct sigmaglob *g, struct rulearena *a, size_t n_parts, size_t len)
{
	*g = (struct sigmaglob){ .arena = a };
	g->parts = rulearena_get(a, n_parts, sizeof(*g->parts));
	g->text = rulearena_get(a, len, 1);
	return g->parts && g->text;
}

void sigmaglob_literal(struct sigmaglob *g, const void *text, size_t len)
{
	struct sigma_part *last = g->n ? &g->parts[g->n - 1] : NULL;

	if (!len)
		return;
	if (!last || last->kind != SIGMA_LITERAL) {
		last = &g->parts[g->n++];
		*last = (struct sigma_part){ SIGMA_LITERAL, 0, g->text };
	}
	memcpy(g->text, text, len);
	g->text += len;
	last->len += (uint32_t)len;
}

void sigmaglob_wildcard(struct sigmaglob *g, enum sigma_part_kind kind)
{
	if (kind != SIGMA_ANY || !g->n || g->parts[g->n - 1].kind != SIGMA_ANY)
		g->parts[g->n++] = (struct sigma_part){ .kind = kind };
}

void sigmaglob_put(struct sigmaglob *g, const struct sigma_part *part)
{
	if (part->kind == SIGMA_LITERAL)
		sigmaglob_literal(g, part->text, part->len);
	else
		sigmaglob_wildcard(g, part->kind);
}

struct sigma_glob sigmaglob_end(const struct sigmaglob *g)
{
	return (struct sigma_glob){ g->n, g->parts };
}

/*
 * One pass: \* \? and \\ are the second byte; a backslash before any other, and at the
 * end, is itself.
 */
bool sigmaglob_parse(struct rulearena *a, const char *text, size_t len,
		     struct sigma_glob *out)
{
	size_t i, n_wild = 0;
	struct sigmaglob g;

	for (i = 0; i < len; i++)
		n_wild += text[i] == '*' || text[i] == '?';
	if (!sigmaglob_begin(&g, a, 2 * n_wild + 1, len))
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] == '*')
			sigmaglob_wildcard(&g, SIGMA_ANY);
		else if (text[i] == '?')
			sigmaglob_wildcard(&g, SIGMA_ONE);
		else {
			if (text[i] == '\\' && i + 1 < len && text[i + 1] &&
			    strchr("*?\\", text[i + 1]))
				i++;
			sigmaglob_literal(&g, text + i, 1);
		}
	}
	*out = sigmaglob_end(&g);
	return true;
}

bool sigmaglob_plain(struct rulearena *a, const char *text, size_t len,
		     struct sigma_glob *out)
{
	struct sigmaglob g;

	if (!sigmaglob_begin(&g, a, 1, len))
		return false;
	sigmaglob_literal(&g, text, len);
	*out = sigmaglob_end(&g);
	return true;
}

bool sigmaglob_open(struct rulearena *a, bool before, bool behind, struct sigma_glob *glob)
{
	struct sigmaglob g;
	uint32_t i;

	if (!sigmaglob_begin(&g, a, (size_t)glob->n + 2, sigmaglob_len(glob)))
		return false;
	if (before)
		sigmaglob_wildcard(&g, SIGMA_ANY);
	for (i = 0; i < glob->n; i++)
		sigmaglob_put(&g, &glob->parts[i]);
	if (behind)
		sigmaglob_wildcard(&g, SIGMA_ANY);
	*glob = sigmaglob_end(&g);
	return true;
}

bool sigmaglob_has(const struct sigma_glob *glob, enum sigma_part_kind kind)
{
	uint32_t i;

	for (i = 0; i < glob->n; i++)
		if (glob->parts[i].kind == kind)
			return true;
	return false;
}

size_t sigmaglob_len(const struct sigma_glob *glob)
{
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < glob->n; i++)
		if (glob->parts[i].kind == SIGMA_LITERAL)
			len += glob->parts[i].len;
	return len;
}
