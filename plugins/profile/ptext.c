/* SPDX-License-Identifier: Apache-2.0 */
#include "ptext.h"

#include <string.h>

static uint32_t size_of(uint32_t len)
{
	return (uint32_t)offsetof(struct ptext, bytes) + len;
}

static uint32_t find(const struct ptexts *x, const struct parena *a, const void *p, uint32_t len,
		     uint32_t hash)
{
	uint32_t ref = phash_first(&x->hash, a, hash);
	const struct ptext *t;

	for (; ref; ref = t->link.next) {
		t = ptext_at(a, ref);
		if (t->link.hash == hash && t->len == len && !memcmp(t->bytes, p, len))
			return ref;
	}
	return 0;
}

uint32_t ptext_get(struct ptexts *x, struct parena *a, const void *p, uint32_t len, uint32_t hash)
{
	uint32_t ref = len <= PTEXT_MAX ? find(x, a, p, len, hash) : 0;
	struct ptext *t;

	if (!ref) {
		ref = len <= PTEXT_MAX ? parena_get(a, size_of(len)) : 0;
		if (!ref)
			return 0;
		t = parena_edit(a, ref);
		t->link.hash = hash;
		t->len = (uint16_t)len;
		memcpy(t->bytes, p, len);
		if (!phash_add(&x->hash, a, ref)) {
			parena_put(a, ref, size_of(len));
			return 0;
		}
	}
	t = parena_edit(a, ref);
	t->refs++;
	return ref;
}

void ptext_put(struct ptexts *x, struct parena *a, uint32_t ref)
{
	struct ptext *t = parena_edit(a, ref);

	if (--t->refs)
		return;
	phash_remove(&x->hash, a, ref);
	parena_put(a, ref, size_of(t->len));
}
