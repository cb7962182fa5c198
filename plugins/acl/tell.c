/* SPDX-License-Identifier: Apache-2.0 */
/* From states to what is said of a change. */
#include "tell.h"

#include "formats.h"

#define LINE_ACES	4	/* entries in one line */

void tell_begin(struct tell *t, size_t max_text)
{
	put_init(&t->text, t->text_bytes, max_text < TELL_TEXT ? max_text : TELL_TEXT);
	put_init(&t->old_text, t->old_bytes, max_text < TELL_TEXT ? max_text : TELL_TEXT);
	put_init(&t->line, t->line_bytes, sizeof(t->line_bytes));
	delta_init(&t->changes, t->change_bytes, sizeof(t->change_bytes));
	delta_init(&t->risks, t->risk_bytes, sizeof(t->risk_bytes));
}

/* ---- one line ----------------------------------------------------------------------*/

static void line_items(struct tell *t, const char *gap)
{
	uint32_t i;

	for (i = 0; i < t->changes.n; i++, gap = "; ") {
		put_text(&t->line, gap);
		put_mem(&t->line, t->changes.items[i].p, t->changes.items[i].len);
	}
	if (t->changes.more)
		PUT(&t->line, "; and more");
}

/* "Mode 0755 -> 4755 (-rwsr-xr-x)" */
static void line_mode(struct put *o, const struct acl *was, const struct acl *is)
{
	PUT(o, "Mode ");
	if (was->mode != is->mode) {
		put_octal(o, was->mode & 07777, 4);
		PUT(o, " -> ");
	}
	put_octal(o, is->mode & 07777, 4);
	PUT(o, " (");
	mode_put(o, is->mode);
	put_char(o, ')');
}

static void line_caps(struct put *o, const struct acl *was, const struct acl *is)
{
	PUT(o, "File capabilities: ");
	if (is->notes & ACL_NOTE_REMOVED)
		PUT(o, "none");
	else
		words_put_caps(o, is);
	PUT(o, "; was: ");
	if (was->notes & ACL_NOTE_REMOVED)
		PUT(o, "none");
	else
		words_put_caps(o, was);
}

static void put_line(struct tell *t, const struct acl *was, const struct acl *is,
		     const struct words *w)
{
	struct words few = *w;

	few.max_aces = LINE_ACES;
	if (!was && is->notes & ACL_NOTE_REMOVED && is->kind != ACL_POSIX) {
		put_text(&t->line, words_subject(is));
		PUT(&t->line, " removed");
		line_items(t, "; ");
	} else if (!was) {
		words_put_line(&t->line, is, &few);
		line_items(t, "; ");
	} else if (is->kind == ACL_CAPABILITY) {
		line_caps(&t->line, was, is);
	} else {
		if (is->kind == ACL_MODE)
			line_mode(&t->line, was, is);
		else
			put_text(&t->line, words_subject(is));
		if (!t->changes.n)
			PUT(&t->line, ": no change");
		line_items(t, ": ");
	}
}

/* ---- both states ---------------------------------------------------------------------*/

static void put_state(struct put *o, const struct acl *a, const struct words *w)
{
	if (a->notes & ACL_NOTE_REMOVED && a->kind != ACL_POSIX) {
		put_text(o, words_subject(a));
		PUT(o, ": none");
		return;
	}
	if (a->notes & ACL_NOTE_REMOVED)
		put_text(o, a->is_default ? "Default ACL: none" : "Access ACL: none");
	else
		words_put(o, a, w);
}

void tell_change(struct tell *t, const struct acl *was, const struct acl *is, bool done,
		 const struct words *w)
{
	if (!done)
		PUT(&t->line, "Refused: ");
	if (is->kind == ACL_POSIX)
		words_put(&t->text, is, w);
	else
		put_state(&t->text, is, w);
	if (was) {
		put_state(&t->old_text, was, w);
		delta_run(&t->changes, was, is, w);
	}
	risk_run(&t->risks, was, is);
	put_line(t, was, is, w);
}

void tell_fault(struct tell *t, const struct acl *a, struct acl_bytes in, bool done)
{
	if (!done)
		PUT(&t->line, "Refused: ");
	PUT(&t->text, "Descriptor could not be decoded (");
	put_text(&t->text, a->rule);
	PUT(&t->text, "): ");
	put_u64(&t->text, in.len);
	PUT(&t->text, " bytes, first 32 in hex ");
	put_bytes_hex(&t->text, in.p, in.len < 32 ? in.len : 32);
	put_text(&t->line, words_subject(a));
	PUT(&t->line, ": ");
	put_text(&t->line, a->why);
}

void tell_cut(struct tell *t, const struct acl *a, uint32_t have, uint32_t size, bool done)
{
	if (!done)
		PUT(&t->line, "Refused: ");
	put_text(&t->line, words_subject(a));
	PUT(&t->line, " of ");
	put_u64(&t->line, size);
	PUT(&t->line, " bytes");
	if (have < size) {
		PUT(&t->line, ", of which ");
		put_u64(&t->line, have);
		PUT(&t->line, " are known");
	} else {
		PUT(&t->line, ", too many to be decoded here");
	}
}

/* ---- what goes along with a change -----------------------------------------------------*/

bool tell_chown_mode(uint32_t *mode)
{
	uint32_t was = *mode;

	if ((was & MODE_TYPE) == MODE_DIR)
		return false;
	*mode &= ~(uint32_t)MODE_SETUID;
	if (was & 0010)
		*mode &= ~(uint32_t)MODE_SETGID;
	return *mode != was;
}

void tell_chmod_mask(struct tell *t, struct acl *posix, uint32_t mode, const struct words *w)
{
	uint32_t i, group = mode >> 3 & 7, mask = 8;
	struct put *o;

	for (i = 0; i < posix->n_aces; i++)
		if (posix->aces[i].type == POSIX_MASK) {
			mask = (uint32_t)posix->aces[i].mask;
			posix->aces[i].mask = group;
		}
	if (mask > 7 || mask == group)
		return;
	for (i = 0; i < posix->n_aces; i++) {
		struct ace *e = &posix->aces[i];
		uint32_t is = (uint32_t)e->mask & group;

		if (e->type != POSIX_USER && e->type != POSIX_GROUP && e->type != POSIX_GROUP_OBJ)
			continue;
		if (is != e->effective) {
			o = delta_begin(&t->changes);
			PUT(o, "by the mask of the ACL, ");
			words_put_trustee(o, e, w);
			PUT(o, " has ");
			posix_put_perm(o, is);
			PUT(o, ", had ");
			posix_put_perm(o, e->effective);
			delta_end(&t->changes);
		}
		e->effective = is;
	}
}
