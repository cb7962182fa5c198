/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor of the model as bytes. */
#include "nt.h"
#include "nttab.h"
#include "sid.h"

#define SD_HEAD		20
#define ACL_HEAD	8
#define SIZE_MAX16	0xffffu

struct writer {
	struct acl *a;
	uint8_t *p;
	size_t len, cap;
};

static uint8_t *grow(struct writer *w, size_t n)
{
	uint8_t *at = w->p + w->len;

	if (n > w->cap - w->len)
		return NULL;
	memset(at, 0, n);
	w->len += n;
	return at;
}

static int put_sid(struct writer *w, const struct sid *s)
{
	size_t size;
	uint8_t *at;

	if (!s->p)
		return acl_fault(w->a, "S7", "the domain of an alias is not known");
	size = 8 + 4u * s->p[1];
	at = grow(w, size);
	if (!at)
		return acl_no_room(w->a);
	memcpy(at, s->p, size);
	return 0;
}

static int put_data(struct writer *w, const void *head, size_t head_len, struct acl_bytes data)
{
	size_t size = (head_len + data.len + 3) & ~(size_t)3;
	uint8_t *at = grow(w, size);

	if (!at)
		return acl_no_room(w->a);
	memcpy(at, head, head_len);
	memcpy(at + head_len, data.p, data.len);
	return 0;
}

static int put_object(struct writer *w, const struct ace *e)
{
	uint8_t *at = grow(w, 4u + 16 * (!!e->object + !!e->inherited));

	if (!at)
		return acl_no_room(w->a);
	le32_put(at, (e->object ? 1 : 0) | (e->inherited ? 2 : 0));
	at += 4;
	if (e->object)
		memcpy(at, e->object, 16);
	if (e->inherited)
		memcpy(at + (e->object ? 16 : 0), e->inherited, 16);
	return 0;
}

static int put_ace(struct writer *w, const struct ace *e)
{
	size_t begin = w->len;
	uint8_t *at = grow(w, 8);
	int r = 0;

	if (!at)
		return acl_no_room(w->a);
	at[0] = e->type;
	at[1] = (uint8_t)e->flags;
	le32_put(at + 4, (uint32_t)e->mask);
	if (nt_has(e->type) & NT_HAS_OBJECT)
		r = put_object(w, e);
	if (!r && e->who == WHO_SID)
		r = put_sid(w, &e->sid);
	if (!r && e->cond.len)
		r = put_data(w, "artx", 4, e->cond);
	if (!r && e->claim.len)
		r = put_data(w, "", 0, e->claim);
	if (!r && w->len - begin > SIZE_MAX16)
		r = acl_fault(w->a, "V6", "an entry is too large");
	le16_put(at + 2, (uint32_t)(w->len - begin));
	return r;
}

static bool has_objects(const struct acl *a, enum acl_list list)
{
	uint32_t i;

	for (i = 0; i < a->n_aces; i++)
		if (a->aces[i].list == list && nt_has(a->aces[i].type) & NT_HAS_OBJECT)
			return true;
	return false;
}

/* The list, and its offset in the head. */
static int put_list(struct writer *w, enum acl_list list, unsigned offset)
{
	size_t begin = w->len;
	uint32_t i, n = 0;
	uint8_t *at;
	int r = 0;

	if (w->a->states[list] < ACL_EMPTY)
		return 0;
	at = grow(w, ACL_HEAD);
	if (!at)
		return acl_no_room(w->a);
	le32_put(w->p + offset, (uint32_t)begin);
	for (i = 0; i < w->a->n_aces && !r; i++) {
		if (w->a->aces[i].list != list)
			continue;
		r = put_ace(w, &w->a->aces[i]);
		n++;
	}
	if (!r && w->len - begin > SIZE_MAX16)
		r = acl_fault(w->a, "V5", "an ACL is too large");
	at[0] = has_objects(w->a, list) ? 4 : 2;
	le16_put(at + 2, (uint32_t)(w->len - begin));
	le16_put(at + 4, n);
	return r;
}

static int put_whom(struct writer *w, const struct sid *s, unsigned offset)
{
	if (!sid_is_set(s))
		return 0;
	le32_put(w->p + offset, (uint32_t)w->len);
	return put_sid(w, s);
}

int ntsd_encode(struct acl *a, struct acl_arena *arena, struct acl_bytes *out)
{
	size_t begin = (arena->used + 7) & ~(size_t)7;
	struct writer w = { a, arena->p + begin, 0, begin < arena->cap ? arena->cap - begin : 0 };
	uint8_t *head = grow(&w, SD_HEAD);
	int r;

	if (!head)
		return acl_no_room(a);
	head[0] = 1;
	le16_put(head + 2, a->control | NT_SELF_RELATIVE);
	r = put_list(&w, ACL_SACL, 12);
	if (!r)
		r = put_list(&w, ACL_DACL, 16);
	if (!r)
		r = put_whom(&w, &a->owner, 4);
	if (!r)
		r = put_whom(&w, &a->group, 8);
	if (r)
		return r;
	*out = (struct acl_bytes){ acl_alloc(arena, w.len), (uint32_t)w.len };
	return 0;
}
