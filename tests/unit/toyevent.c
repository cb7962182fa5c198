/* SPDX-License-Identifier: Apache-2.0 */
/* Owns records and values that look like an event to whoever reads through plugin.h. */
#include "toyevent.h"

#include <stdlib.h>

static const struct weir_field *find(struct toyevent *te, const char *name)
{
	const struct weir_field *f = toyschema_field(te->toy, name);

	if (!f)
		abort();
	return f;
}

static void *at(struct toyevent *te, const struct weir_field *f)
{
	uint16_t off = te->ev.offs[f->handle.slot];

	if (!off)
		abort();
	return (uint8_t *)te->rec + off;
}

void toyevent_init(struct toyevent *te, const struct toyschema *toy, int type)
{
	struct weir_base *base = (struct weir_base *)te->rec;

	memset(&te->ev, 0, sizeof(te->ev));
	memset(te->added, 0, sizeof(te->added));
	memset(te->rec, 0, toy->types[type].size);
	te->toy = toy;
	te->arena_len = 0;
	te->ev.rec = (const uint8_t *)te->rec;
	te->ev.offs = toy->types[type].offs;
	te->ev.added = te->added;
	te->ev.wall_ns = 1700000000000000000;
	te->ev.rec_size = toy->types[type].size;
	te->ev.type = (uint16_t)type;
	te->ev.n_wire = (uint16_t)toy->schema.n_wire;
	base->type = (uint16_t)type;
	base->size = te->ev.rec_size;
	base->id = 1;
	base->time = 1;
	base->rclass = (uint8_t)toy->types[type].rclass;
}

void toyevent_u64(struct toyevent *te, const char *name, uint64_t u)
{
	const struct weir_field *f = find(te, name);
	void *p = at(te, f);

	switch (f->def.kind) {
	case WEIR_KIND_U8:
		*(uint8_t *)p = (uint8_t)u;
		break;
	case WEIR_KIND_U16:
		*(uint16_t *)p = (uint16_t)u;
		break;
	case WEIR_KIND_U64:
	case WEIR_KIND_KEY:
	case WEIR_KIND_HEX:
	case WEIR_KIND_TIME:
	case WEIR_KIND_TIMEW:
		*(uint64_t *)p = u;
		break;
	default:
		*(uint32_t *)p = (uint32_t)u;
	}
}

void toyevent_text(struct toyevent *te, const char *name, const void *p, size_t n,
		   uint32_t marks)
{
	struct weir_str *s = at(te, find(te, name));

	if (te->ev.rec_size + n + 8 > WEIR_REC_MAX)
		n = 0;
	s->off = p ? te->ev.rec_size : 0;
	s->len = (uint32_t)n | marks;
	if (p)
		memcpy((uint8_t *)te->rec + te->ev.rec_size, p, n);
	te->ev.rec_size += (uint32_t)n;
	te->ev.rec_size = (te->ev.rec_size + 7) & ~7u;
	((struct weir_base *)te->rec)->size = te->ev.rec_size;
}

void toyevent_ip(struct toyevent *te, const char *name, uint32_t family,
		 const void *addr)
{
	struct weir_ip *ip = at(te, find(te, name));

	memset(ip, 0, sizeof(*ip));
	ip->family = family;
	memcpy(ip->addr, addr, family == 2 ? 4 : 16);
}

void toyevent_add(struct toyevent *te, const char *name, const struct weir_value *v)
{
	const struct weir_field *f = find(te, name);

	if (weir_set(&te->ev, f->handle, v))
		abort();
}

void *toyevent_alloc(struct toyevent *te, size_t n)
{
	void *p = (uint8_t *)te->arena + te->arena_len;

	te->arena_len += (n + 7) & ~(size_t)7;
	if (te->arena_len > TOY_ARENA)
		abort();
	memset(p, 0, n);
	return p;
}

/* ---- at random -------------------------------------------------------------*/

uint64_t toyevent_random_u64(struct toyevent *te)
{
	uint64_t x = te->seed += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static uint32_t below(struct toyevent *te, uint32_t n)
{
	return (uint32_t)(toyevent_random_u64(te) >> 32) % n;
}

/* Few bits, many bits, nothing, all. */
static uint64_t number(struct toyevent *te)
{
	uint64_t u = toyevent_random_u64(te);

	switch (below(te, 5)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return u & 0xff;
	default:
		return u >> below(te, 64);
	}
}

static size_t text_at_random(struct toyevent *te, uint8_t *p, size_t max,
			     enum toyevent_texts texts)
{
	static const char *const words[] = {
		"/usr/bin/", "a", "naïve", "Übergröße", "日本語", "🐧", "\t", "\"",
		"\\", "\x7f", "\u2028", "\x01", "plain words that are long enough",
		"\\x41", "\r\n",
	};
	static const char *const bad[] = {
		"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f", "\xe2\x82",
		"\x80", "\xff\xfe", "\xf8\x88\x80\x80\x80", "\xc1\xbf", "\xe0\x80\xaf",
	};
	size_t n = 0, want = below(te, (uint32_t)max), k;
	const char *w;

	while (n < want) {
		w = words[below(te, WEIR_N_OF(words))];
		if (texts == TOYEVENT_PLAIN)
			w = words[below(te, 2)];
		if (texts == TOYEVENT_HOSTILE && !below(te, 4))
			w = bad[below(te, WEIR_N_OF(bad))];
		k = strlen(w);
		if (n + k > max)
			break;
		memcpy(p + n, w, k);
		n += k;
	}
	if (texts == TOYEVENT_HOSTILE && n && !below(te, 3))
		p[below(te, (uint32_t)n)] = (uint8_t)toyevent_random_u64(te);
	return n;
}

static size_t texts_at_random(struct toyevent *te, uint8_t *p, size_t max,
			      enum toyevent_texts texts)
{
	size_t n = 0, left = below(te, 6);

	for (; left && n + 80 < max; left--) {
		n += text_at_random(te, p + n, 64, texts);
		p[n++] = 0;
	}
	if (n && !below(te, 4))
		n--;
	return n;
}

static const struct weir_value_name *name_at_random(struct toyevent *te,
						    const struct weir_value_name *v)
{
	uint32_t n = 0;

	while (v[n].name)
		n++;
	return &v[below(te, n)];
}

static uint64_t number_of(struct toyevent *te, const struct weir_field *f)
{
	uint64_t u = number(te);

	if (f->value_names && below(te, 4)) {
		u = name_at_random(te, f->value_names)->number;
		if (f->def.kind == WEIR_KIND_FLAGS)
			u |= name_at_random(te, f->value_names)->number;
	}
	return u;
}

static void fill_wire(struct toyevent *te, const struct weir_field *f,
		      enum toyevent_texts texts)
{
	uint8_t text[512];
	uint32_t marks = 0;
	size_t n;

	switch (f->def.kind) {
	case WEIR_KIND_STR:
		n = text_at_random(te, text, 256, texts);
		break;
	case WEIR_KIND_BYTES:
		n = below(te, 64);
		memcpy(text, te->rec, n);
		break;
	case WEIR_KIND_STRV:
		n = texts_at_random(te, text, sizeof(text), texts);
		break;
	case WEIR_KIND_IP:
		for (n = 0; n < 16; n++)
			text[n] = (uint8_t)(below(te, 2) ? below(te, 256) : 0);
		toyevent_ip(te, f->def.name, below(te, 2) ? 10 : 2, text);
		return;
	default:
		toyevent_u64(te, f->def.name, number_of(te, f));
		return;
	}
	if (!below(te, 8))
		marks = below(te, 2) ? WEIR_STR_TRUNCATED : WEIR_STR_ERROR;
	toyevent_text(te, f->def.name, below(te, 6) ? text : NULL, n, marks);
}

static void value_at_random(struct toyevent *te, struct weir_value *v, uint32_t kind,
			    const struct weir_field *f, enum toyevent_texts texts)
{
	uint8_t *text;

	v->status = (uint8_t)(below(te, 3) ? WEIR_PRESENT : below(te, 3));
	if (kind >= WEIR_KIND_STR && kind <= WEIR_KIND_STRV) {
		text = toyevent_alloc(te, 200);
		v->v.p = text;
		v->len = (uint32_t)(kind == WEIR_KIND_STRV ?
			 texts_at_random(te, text, 200, texts) :
			 text_at_random(te, text, 200, texts));
	} else if (kind == WEIR_KIND_IP) {
		v->v.p = toyevent_alloc(te, sizeof(struct weir_ip));
		((struct weir_ip *)(uintptr_t)v->v.p)->family = below(te, 2) ? 2 : 10;
	} else {
		v->v.u = number_of(te, f);
	}
}

static void fill_added(struct toyevent *te, const struct weir_field *f,
		       enum toyevent_texts texts)
{
	uint32_t kind = f->def.kind, cols = 1, i;
	struct weir_value v, *values;
	struct weir_list *list;

	memset(&v, 0, sizeof(v));
	if (kind != WEIR_KIND_LIST && kind != WEIR_KIND_RECORDS) {
		value_at_random(te, &v, kind, f, texts);
	} else {
		list = toyevent_alloc(te, sizeof(*list));
		list->n = below(te, 4);
		if (kind == WEIR_KIND_RECORDS)
			cols = list->n_cols = f->def.n_cols;
		values = toyevent_alloc(te, (list->n * cols + 1) * sizeof(*values));
		for (i = 0; i < list->n * cols; i++)
			value_at_random(te, &values[i], kind == WEIR_KIND_LIST ?
					f->def.elem_kind : f->def.cols[i % cols].kind,
					f, texts);
		list->values = values;
		v.v.list = list;
	}
	v.status = (uint8_t)(below(te, 2) ? WEIR_PRESENT : below(te, WEIR_ERROR + 1));
	toyevent_add(te, f->def.name, &v);
}

void toyevent_fill(struct toyevent *te, uint64_t seed, enum toyevent_texts texts)
{
	static const char *const kept[] = { "type", "class", "id", "time", "monotonic_ns" };
	const struct weir_field *f;
	uint32_t i, k;

	te->seed = seed;
	for (i = 0; i < te->toy->schema.n_fields; i++) {
		f = &te->toy->fields[i];
		for (k = 0; k < WEIR_N_OF(kept); k++)
			if (!strcmp(f->def.name, kept[k]))
				break;
		if (k < WEIR_N_OF(kept))
			continue;
		if (f->handle.slot >= te->toy->schema.n_wire)
			fill_added(te, f, texts);
		else if (te->ev.offs[f->handle.slot])
			fill_wire(te, f, texts);
	}
	toyevent_u64(te, "id", toyevent_random_u64(te) | 1);
	toyevent_u64(te, "time", toyevent_random_u64(te) >> 8 | 1);
}

/* ---- of everyday life ------------------------------------------------------*/

static const struct {
	const char *name;
	uint64_t u;
} typical_numbers[] = {
	{ "id", 1784639262118809601 }, { "seq", 4711 }, { "time", 98765432123456 },
	{ "outcome", WEIR_OUTCOME_SUCCESS }, { "process.key", 6329411878223 },
	{ "process.start", 98765431000000 }, { "process.pid", 23439 },
	{ "process.tid", 23439 }, { "process.parent.key", 6329411871120 },
	{ "process.parent.pid", 23410 }, { "process.ns_pid", 23439 },
	{ "process.uid", 1000 }, { "process.gid", 1000 }, { "process.euid", 1000 },
	{ "process.egid", 1000 }, { "process.suid", 1000 }, { "process.sgid", 1000 },
	{ "process.loginuid", 1000 }, { "process.audit_session", 3 },
	{ "process.session", 23390 }, { "process.namespaces.mnt", 4026531841 },
	{ "process.namespaces.pid", 4026531836 }, { "process.namespaces.net", 4026531840 },
	{ "process.namespaces.user", 4026531837 }, { "process.namespaces.uts", 4026531838 },
	{ "process.namespaces.ipc", 4026531839 },
	{ "process.namespaces.cgroup", 4026531835 }, { "process.cgroup.id", 8211 },
	{ "process.exe.inode", 1835021 }, { "process.exe.mtime", 1675123456000000000 },
	{ "process.exe.dev", 8 << 20 | 1 }, { "process.exe.mode", 0100755 },
	{ "process.args_size", 36 }, { "process.exe.nlink", 1 },
};

void toyevent_typical(struct toyevent *te)
{
	size_t i;

	for (i = 0; i < WEIR_N_OF(typical_numbers); i++)
		toyevent_u64(te, typical_numbers[i].name, typical_numbers[i].u);
	toyevent_text(te, "process.name", "ls", 2, 0);
	toyevent_text(te, "process.tty", "pts0", 4, 0);
	toyevent_text(te, "process.exe.path", "/usr/bin/ls", 11, 0);
	toyevent_text(te, "process.args", "ls\0--color=auto\0-l\0/usr/share/doc", 34, 0);
	toyevent_text(te, "process.cwd", "/home/user/src", 14, 0);
}
