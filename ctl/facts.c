/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "schema/values.h"

/* Nodes that tell that a type was recorded even where no version says so. */
static int type_of(enum pnode_kind kind)
{
	switch (kind) {
	case PNODE_PROCESS: return PTYPE_EXEC;
	case PNODE_FILE: case PNODE_PATTERN: return PTYPE_FILE;
	case PNODE_DNS: return PTYPE_DNS;
	case PNODE_CONNECT: case PNODE_UNIX: return PTYPE_CONNECT;
	case PNODE_BIND: return PTYPE_BIND;
	case PNODE_SIGNAL: case PNODE_PTRACE: return PTYPE_SIGNAL;
	case PNODE_MODULE: return PTYPE_MODULE;
	case PNODE_CRED: return PTYPE_CREDENTIALS;
	case PNODE_MOUNT: return PTYPE_MOUNT;
	case PNODE_SYSCALL: return PTYPE_SYSCALL;
	case PNODE_CAPUSE: return PTYPE_CAPABILITY;
	default: return -1;
	}
}

static void add(struct facts *f, const struct pnode *n, const char *text, uint32_t len)
{
	struct fact *x;

	if (f->n == f->cap) {
		f->cap = f->cap * 2 + 64;
		f->at = realloc(f->at, f->cap * sizeof(*f->at));
		if (!f->at)
			abort();
	}
	x = &f->at[f->n++];
	*x = (struct fact){ .kind = n->kind == PNODE_PATTERN ? PNODE_FILE : n->kind,
		.access = n->access, .number = n->number, .len = len };
	x->text = malloc(len + 1);
	if (!x->text)
		abort();
	memcpy(x->text, text, len);
	x->text[len] = 0;
}

/* ---- texts -----------------------------------------------------------------------*/

static bool is_file(const struct ptree *t, uint32_t ref)
{
	return ptree_at(t, ref)->kind == PNODE_FILE || ptree_at(t, ref)->kind == PNODE_PATTERN;
}

static void add_path(struct facts *f, const struct ptree *t, uint32_t ref)
{
	const struct pnode *n = ptree_at(t, ref);
	uint32_t up, len, total = 0;
	const char *name;
	char *path;

	for (up = ref; is_file(t, up); up = ptree_at(t, up)->parent) {
		ptree_name(t, up, &len);
		total += len + 1;
	}
	path = malloc(total + 1);
	if (!path)
		abort();
	len = total;
	for (up = ref; is_file(t, up); up = ptree_at(t, up)->parent) {
		uint32_t part;

		name = ptree_name(t, up, &part);
		memcpy(path + len - part, name, part);
		len -= part + 1;
		path[len] = '/';
	}
	add(f, n, path, total);
	free(path);
}

/* "/bin/busybox ls" is a program and what it was called. */
static uint32_t program_len(const char *name, uint32_t len)
{
	static const char *const many[] = { "/busybox ", "/toybox ", "/coreutils " };
	const char *at;
	unsigned i;

	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		at = memmem(name, len, many[i], strlen(many[i]));
		if (at && !memchr(at + strlen(many[i]), '/',
				  len - (size_t)(at - name) - strlen(many[i])))
			return (uint32_t)(at - name) + (uint32_t)strlen(many[i]) - 1;
	}
	return len;
}

static void take(void *arg, const struct profile_place *at)
{
	struct facts *f = arg;
	const struct ptree *t = &f->profile->tree;
	const struct pnode *n = ptree_at(t, at->ref);
	uint32_t len;
	const char *name = ptree_name(t, at->ref, &len);
	int type = type_of(n->kind);

	if (!n->seen)
		return;
	if (type >= 0)
		f->recorded |= 1u << type;
	if (is_file(t, at->ref))
		add_path(f, t, at->ref);
	else
		add(f, n, name, n->kind == PNODE_PROCESS ? program_len(name, len) : len);
}

/* ---- the list --------------------------------------------------------------------*/

static int compare(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	int r = x->kind - y->kind;

	r = r ? r : memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
	if (r || x->len != y->len)
		return r ? r : x->len < y->len ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void unite(struct facts *f)
{
	size_t i, to = 0;

	for (i = 1; i < f->n; i++) {
		if (compare(&f->at[to], &f->at[i])) {
			f->at[++to] = f->at[i];
			continue;
		}
		f->at[to].access |= f->at[i].access;
		free(f->at[i].text);
	}
	f->n = f->n ? to + 1 : 0;
}

/* Of the version that was seen last. */
static void read_states(struct facts *f)
{
	const struct pversion *v, *newest = NULL;
	unsigned i, type;

	for (i = 0; i < PTREE_VERSIONS; i++) {
		v = &f->profile->versions[i];
		for (type = 0; *v->tag && type < PTYPE__MAX; type++)
			if (v->states[type].is != PSTATE_NONE)
				f->recorded |= 1u << type;
		if (*v->tag && (!newest || v->last_s > newest->last_s))
			newest = v;
	}
	for (type = 0; newest && type < PTYPE__MAX; type++)
		if (newest->states[type].is == PSTATE_STABLE)
			f->stable |= 1u << type;
}

void facts_init(struct facts *f, struct pprofile *p)
{
	*f = (struct facts){ .profile = p };
	read_states(f);
	profile_walk(&p->tree, take, f);
	if (f->n)
		qsort(f->at, f->n, sizeof(*f->at), compare);
	unite(f);
}

void facts_fini(struct facts *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->at[i].text);
	free(f->at);
}

const struct fact *facts_next(const struct facts *f, enum pnode_kind kind, const struct fact *at)
{
	const struct fact *x, *end = f->at + f->n;

	for (x = at ? at + 1 : f->at; x < end; x++)
		if (x->kind == kind)
			return x;
	return NULL;
}

struct pitem_net facts_net(const struct fact *x)
{
	struct pitem_net net = { 0 };

	memcpy(&net, x->text, x->len < sizeof(net) ? x->len : sizeof(net));
	return net;
}

const char *facts_value_name(const char *set, uint64_t number)
{
	const struct weir_value_name *v;

	for (v = values_find(set); v && v->name; v++)
		if (v->number == number)
			return v->name;
	return NULL;
}
