/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles the schema into programs. For every event type the fields are put
 * into a tree of nested objects by their dotted names, so that the members of
 * one object come together wherever their fields stand in the schema, and the
 * tree is then flattened into steps. Everything lives in blocks that belong to
 * the set and go with it. Runs at open() only.
 */
#include "program.h"

#include <stdlib.h>

#include "writer.h"

#define SMALL_MAX	512u
#define NAME_MAX_LEN	200u
#define NO_FIELD	UINT32_MAX

const char *const program_marks[PROGRAM_MARK__MAX] = {
	"truncated", "escaped", "pending", "timed_out", "unreadable",
	"skipped",
};

/* These come first, in this order, whatever include and exclude say. */
static const char *const envelope[] = { "type", "id", "class", "seq", "time" };

struct block {
	struct block *next;
	uint64_t data[];
};

/* A member of the object tree: an object, a field, or a constant. */
struct node {
	const char *name;
	size_t name_len;
	struct node *next, *first, **last;
	uint32_t field;
	int op;			/* PROGRAM_OPEN: an object */
	const char *value;	/* of a constant, JSON */
};

struct compiler {
	struct program_set *set;
	const struct weir_schema *schema;
	const struct program_config *config;
	const struct program_shape **shapes;	/* by field */
	bool *chosen;				/* by field */
	const struct program_names **names;	/* by field */
	struct program_step *steps;
	uint32_t n_steps;
	struct program_skip *skips;
	char *why;
	size_t why_size;
};

static void *take(struct program_set *set, size_t n)
{
	struct block *b = calloc(1, sizeof(*b) + n);

	if (!b)
		return NULL;
	b->next = set->blocks;
	set->blocks = b;
	return b->data;
}

__attribute__((format(printf, 2, 3)))
static bool fail(struct compiler *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, c->why_size, fmt, ap);
	va_end(ap);
	return false;
}

static bool fail_memory(struct compiler *c)
{
	return fail(c, "out of memory");
}

/* ---- rendered text ---------------------------------------------------------*/

static int grow_heap(struct weir_buf *buf, size_t need)
{
	size_t cap = (buf->len + need) * 2;
	uint8_t *p = realloc(buf->p, cap);

	if (!p)
		return -1;
	buf->p = p;
	buf->cap = cap;
	return 0;
}

/* `name` as JSON string with `tail` behind it. */
static bool render(struct compiler *c, const char *name, size_t n,
		   const char *tail, struct program_text *out)
{
	struct weir_buf buf = { NULL, 0, 0 };
	struct writer w;
	char *text;
	bool good;

	writer_begin(&w, &buf, grow_heap);
	w.undo = true;
	good = writer_text(&w, name, n) && writer_room(&w, strlen(tail));
	if (good) {
		memcpy(w.p, tail, strlen(tail));
		w.p += strlen(tail);
		writer_commit(&w);
		text = take(c->set, buf.len + 32);
		good = text != NULL;
	}
	if (good) {
		memcpy(text, buf.p, buf.len);
		out->text = text;
		out->len = (uint32_t)buf.len;
	}
	free(buf.p);
	return good || fail_memory(c);
}

/* ---- value sets ------------------------------------------------------------*/

static bool names_index(struct compiler *c, struct program_names *names,
			struct program_text *small)
{
	const struct weir_value_name *v;
	struct program_text t;
	uint64_t u;

	for (v = names->all; v->name; v++) {
		u = v->number;
		if (!render(c, v->name, strlen(v->name), "", &t))
			return false;
		if (t.len > names->longest)
			names->longest = t.len;
		if (u < names->n_small && !small[u].text)
			small[u] = t;
		if (u && !(u & (u - 1)) && !names->bits[__builtin_ctzll(u)].text) {
			names->bits[__builtin_ctzll(u)] = t;
			names->flags_max += t.len + 1;
		}
	}
	names->flags_max += WRITER_TOKEN;
	return true;
}

static const struct program_names *names_new(struct compiler *c,
					     const struct weir_field *f)
{
	struct program_names *names = take(c->set, sizeof(*names));
	const struct weir_value_name *v;
	struct program_text *small;
	bool zero = false;

	if (!names)
		return NULL;
	names->set = f->def.values;
	names->all = f->value_names;
	for (v = names->all; v->name; v++) {
		zero |= !v->number;
		if (v->number < SMALL_MAX && v->number >= names->n_small)
			names->n_small = (uint32_t)v->number + 1;
	}
	/* 0 is success there, or no signal, even if it has a name */
	names->zero_absent = !zero || (names->set &&
				       (!strcmp(names->set, "errno") ||
					!strcmp(names->set, "signal")));
	small = take(c->set, (names->n_small + 1) * sizeof(*small));
	if (!small)
		return NULL;
	names->small = small;
	return names_index(c, names, small) ? names : NULL;
}

/* One per set, not one per field. */
static bool names_find(struct compiler *c, uint32_t field)
{
	const struct weir_field *f = &c->schema->fields[field];
	uint32_t i;

	if (!f->value_names)
		return true;
	for (i = 0; i < field; i++) {
		if (c->names[i] && c->names[i]->all == f->value_names) {
			c->names[field] = c->names[i];
			return true;
		}
	}
	c->names[field] = names_new(c, f);
	return c->names[field] || fail_memory(c);
}

/* A column tells its set by name only: some field that has the set helps. */
static const struct program_names *names_by_set(struct compiler *c, const char *set)
{
	uint32_t i;

	for (i = 0; set && *set && i < c->schema->n_fields; i++)
		if (c->names[i] && c->names[i]->set &&
		    !strcmp(c->names[i]->set, set))
			return c->names[i];
	return NULL;
}

/* ---- shapes ----------------------------------------------------------------*/

static uint32_t shape_kind(uint32_t kind, const struct program_names *names)
{
	if (names && (kind == WEIR_KIND_U8 || kind == WEIR_KIND_U16 ||
		      kind == WEIR_KIND_U32))
		return WEIR_KIND_ENUM;
	return kind;
}

static bool is_plain(uint32_t kind)
{
	return kind > WEIR_KIND_NONE && kind < WEIR_KIND_MAX &&
	       kind != WEIR_KIND_LIST && kind != WEIR_KIND_RECORDS;
}

/* `exe.path` is a member of an object in the row, as those before it may be. */
static bool col_name(struct compiler *c, const struct weir_field_def *d, uint32_t i,
		     struct program_shape *cols)
{
	const char *name = d->cols[i].name, *dot = strchr(name, '.');
	uint32_t k;

	if (!dot)
		return render(c, name, strlen(name), ":", &cols[i].key);
	if (strchr(dot + 1, '.'))
		return fail(c, "%s: column %s is nested too deep", d->name, name);
	if (!render(c, name, (size_t)(dot - name), ":{", &cols[i].group) ||
	    !render(c, dot + 1, strlen(dot + 1), ":", &cols[i].key))
		return false;
	for (k = i; k--; ) {
		if (strcmp(cols[k].group.text ? cols[k].group.text : "", cols[i].group.text))
			continue;
		if (k + 1 != i)
			return fail(c, "%s: column %s is not beside its like", d->name, name);
		cols[i].group = cols[k].group;
		break;
	}
	return true;
}

static bool shape_cols(struct compiler *c, const struct weir_field_def *d,
		       struct program_shape *s)
{
	struct program_shape *cols = take(c->set, (d->n_cols + 1) * sizeof(*cols));
	uint32_t i;

	if (!cols)
		return fail_memory(c);
	for (i = 0; i < d->n_cols; i++) {
		if (!is_plain(d->cols[i].kind))
			return fail(c, "%s: column %s has no plain kind", d->name,
				    d->cols[i].name);
		cols[i].names = names_by_set(c, d->cols[i].values);
		cols[i].kind = shape_kind(d->cols[i].kind, cols[i].names);
		if (!col_name(c, d, i, cols))
			return false;
	}
	s->cols = cols;
	s->n_cols = d->n_cols;
	return true;
}

static bool shape_make(struct compiler *c, uint32_t field)
{
	const struct weir_field_def *d = &c->schema->fields[field].def;
	struct program_shape *s = take(c->set, 2 * sizeof(*s));

	if (!s)
		return fail_memory(c);
	c->shapes[field] = s;
	s->names = c->names[field];
	s->kind = shape_kind(d->kind, s->names);
	if (d->kind == WEIR_KIND_RECORDS)
		return shape_cols(c, d, s);
	if (d->kind != WEIR_KIND_LIST)
		return is_plain(d->kind) ||
		       fail(c, "%s: kind %u is not known", d->name, d->kind);
	if (!is_plain(d->elem_kind))
		return fail(c, "%s: elements have no plain kind", d->name);
	s[1].names = s->names;
	s[1].kind = shape_kind(d->elem_kind, s->names);
	s->elem = &s[1];
	return true;
}

/* ---- the choice of fields --------------------------------------------------*/

static const char *field_name(const struct compiler *c, const struct weir_field *f)
{
	switch (c->config->naming) {
	case PROGRAM_NATIVE:
		break;
	}
	return f->def.name;
}

static bool is_below(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(name, prefix, n) && (!name[n] || name[n] == '.');
}

static bool any_below(const struct weir_field *f, const char *const *list, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (is_below(f->def.name, list[i]))
			return true;
	return false;
}

static bool in_envelope(const char *name)
{
	unsigned int i;

	for (i = 0; i < WEIR_N_OF(envelope); i++)
		if (!strcmp(name, envelope[i]))
			return true;
	return false;
}

/* A prefix that chooses nothing is a mistake of its writer. */
static bool check_prefixes(struct compiler *c, const char *option,
			   const char *const *list, uint32_t n)
{
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < c->schema->n_fields; k++)
			if (is_below(c->schema->fields[k].def.name, list[i]))
				break;
		if (k == c->schema->n_fields)
			return fail(c, "%s: no field here is or begins with \"%s\"",
				    option, list[i]);
	}
	return true;
}

static bool choose(struct compiler *c)
{
	const struct program_config *conf = c->config;
	const struct weir_field *f;
	uint32_t i;

	if (!check_prefixes(c, "include", conf->include, conf->n_include) ||
	    !check_prefixes(c, "exclude", conf->exclude, conf->n_exclude))
		return false;
	for (i = 0; i < c->schema->n_fields; i++) {
		f = &c->schema->fields[i];
		if (!f->def.name || !*f->def.name)
			continue;
		if (strlen(f->def.name) > NAME_MAX_LEN)
			return fail(c, "%s: name too long", f->def.name);
		c->chosen[i] = in_envelope(f->def.name) ||
			((!conf->n_include ||
			  any_below(f, conf->include, conf->n_include)) &&
			 !any_below(f, conf->exclude, conf->n_exclude));
	}
	return true;
}

/* ---- the tree --------------------------------------------------------------*/

static struct node *node_new(struct compiler *c, struct node *parent,
			     const char *name, size_t n)
{
	struct node *node = take(c->set, sizeof(*node));

	if (!node)
		return NULL;
	node->name = name;
	node->name_len = n;
	node->last = &node->first;
	node->field = NO_FIELD;
	node->op = PROGRAM_OPEN;
	if (parent) {
		*parent->last = node;
		parent->last = &node->next;
	}
	return node;
}

static struct node *node_find(const struct node *parent, const char *name, size_t n)
{
	struct node *node;

	for (node = parent->first; node; node = node->next)
		if (node->name_len == n && !memcmp(node->name, name, n))
			return node;
	return NULL;
}

/* A leaf at the dotted place; NULL: there is something already. */
static struct node *leaf_new(struct compiler *c, struct node *root, const char *name)
{
	const char *full = name, *dot;
	struct node *at = root, *next;
	size_t n;

	for (;; name = dot + 1, at = next) {
		dot = strchr(name, '.');
		n = dot ? (size_t)(dot - name) : strlen(name);
		next = node_find(at, name, n);
		if (!n || (next && (!dot || next->op != PROGRAM_OPEN))) {
			fail(c, "%s: the name collides with another field's", full);
			return NULL;
		}
		if (!next)
			next = node_new(c, at, name, n);
		if (!next) {
			fail_memory(c);
			return NULL;
		}
		if (!dot)
			return next;
	}
}

static bool add_const(struct compiler *c, struct node *root, const char *name,
		      const char *value)
{
	struct node *node;
	struct program_text t;

	if (!value || !*value)
		return true;
	node = leaf_new(c, root, name);
	if (!node || !render(c, value, strlen(value), "", &t))
		return false;
	node->op = PROGRAM_CONST;
	node->value = t.text;
	return true;
}

static int wire_op(uint32_t kind, const struct program_names *names)
{
	static const uint8_t ops[WEIR_KIND_WIRE_MAX] = {
		[WEIR_KIND_U8] = PROGRAM_U8, [WEIR_KIND_U16] = PROGRAM_U16,
		[WEIR_KIND_U32] = PROGRAM_U32, [WEIR_KIND_U64] = PROGRAM_U64,
		[WEIR_KIND_KEY] = PROGRAM_KEY, [WEIR_KIND_HEX] = PROGRAM_HEX,
		[WEIR_KIND_TIME] = PROGRAM_TIME, [WEIR_KIND_TIMEW] = PROGRAM_TIMEW,
		[WEIR_KIND_UID] = PROGRAM_ID, [WEIR_KIND_MODE] = PROGRAM_MODE,
		[WEIR_KIND_DEV] = PROGRAM_DEV, [WEIR_KIND_ENUM] = PROGRAM_NAME32,
		[WEIR_KIND_FLAGS] = PROGRAM_FLAGS, [WEIR_KIND_PORT] = PROGRAM_PORT,
		[WEIR_KIND_STR] = PROGRAM_STR, [WEIR_KIND_BYTES] = PROGRAM_BYTES,
		[WEIR_KIND_STRV] = PROGRAM_STRV, [WEIR_KIND_IP] = PROGRAM_IP,
	};

	if (kind >= WEIR_KIND_WIRE_MAX)
		return -1;
	if (names && kind == WEIR_KIND_U8)
		return PROGRAM_NAME8;
	if (names && kind == WEIR_KIND_U16)
		return PROGRAM_NAME16;
	if (names && kind == WEIR_KIND_U32)
		return PROGRAM_NAME32;
	return ops[kind] ? ops[kind] : -1;
}

static bool add_field(struct compiler *c, struct node *root, uint32_t field)
{
	const struct weir_field *f = &c->schema->fields[field];
	struct node *node = leaf_new(c, root, field_name(c, f));

	if (!node)
		return false;
	node->field = field;
	node->op = PROGRAM_ADDED;
	if (f->handle.slot < c->schema->n_wire)
		node->op = wire_op(f->def.kind, c->names[field]);
	return node->op >= 0 ||
	       fail(c, "%s: kind %u cannot be in a record", f->def.name, f->def.kind);
}

/* Whether events of this type can have the field. */
static bool exists(const struct compiler *c, const struct weir_type *t, uint32_t field)
{
	const struct weir_field *f = &c->schema->fields[field];

	if (!c->chosen[field] || !f->handle.slot)
		return false;
	if (f->handle.slot >= c->schema->n_wire)
		return true;
	return t->offs && t->offs[f->handle.slot] &&
	       (t->actor || !is_below(f->def.name, "process"));
}

static bool add_named(struct compiler *c, struct node *root,
		      const struct weir_type *t, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->schema->n_fields; i++)
		if (exists(c, t, i) && !strcmp(c->schema->fields[i].def.name, name))
			return add_field(c, root, i);
	return true;
}

static bool is_head(const char *name)
{
	return in_envelope(name) || !strcmp(name, "outcome") || !strcmp(name, "error");
}

static bool tree_head(struct compiler *c, struct node *root, const struct weir_type *t)
{
	const struct weir_host_id *host = c->config->host;
	struct node *marks;
	unsigned int i;

	if (!add_const(c, root, "type", t->name))
		return false;
	for (i = 1; i < WEIR_N_OF(envelope); i++)
		if (!add_named(c, root, t, envelope[i]))
			return false;
	if (host && (!add_const(c, root, "host.id", host->id) ||
		     !add_const(c, root, "host.name", host->name) ||
		     !add_const(c, root, "host.boot", host->boot)))
		return false;
	if (!add_named(c, root, t, "outcome") || !add_named(c, root, t, "error"))
		return false;
	/* Its name takes the place of the lists, which nobody else may have. */
	for (i = 0; i < PROGRAM_MARK__MAX; i++) {
		marks = leaf_new(c, root, program_marks[i]);
		if (!marks)
			return false;
		marks->op = PROGRAM_MARKS;
	}
	return true;
}

static struct node *tree_make(struct compiler *c, const struct weir_type *t)
{
	struct node *root = node_new(c, NULL, "", 0);
	uint32_t i;

	if (!root) {
		fail_memory(c);
		return NULL;
	}
	if (!tree_head(c, root, t))
		return NULL;
	for (i = 0; i < c->schema->n_fields; i++)
		if (exists(c, t, i) && !is_head(c->schema->fields[i].def.name) &&
		    !add_field(c, root, i))
			return NULL;
	return root;
}

/* ---- the steps -------------------------------------------------------------*/

static uint32_t count(const struct node *node)
{
	const struct node *n;
	uint32_t total = 2;

	for (n = node->first; n; n = n->next)
		total += count(n);
	return total;
}

static bool step_key(struct compiler *c, struct program_step *s, const struct node *n,
		     const char *tail)
{
	struct program_text t;

	if (!render(c, n->name, n->name_len, tail, &t))
		return false;
	s->text = t.text;
	s->key_len = (uint16_t)t.len;
	memcpy(s->key, t.text, sizeof(s->key));
	return true;
}

static bool emit_const(struct compiler *c, const struct node *n)
{
	struct program_step *s = &c->steps[c->n_steps++];
	size_t len = strlen(n->value);
	char *tail;

	s->op = PROGRAM_CONST;
	tail = take(c->set, len + 3);
	if (!tail)
		return fail_memory(c);
	tail[0] = ':';
	memcpy(tail + 1, n->value, len);
	tail[len + 1] = ',';
	return step_key(c, s, n, tail);
}

static bool emit_field(struct compiler *c, const struct weir_type *t, const struct node *n)
{
	struct program_step *s = &c->steps[c->n_steps++];
	const struct weir_field *f = &c->schema->fields[n->field];

	s->op = (uint8_t)n->op;
	s->field = n->field;
	s->shape = c->shapes[n->field];
	if (n->op == PROGRAM_ADDED)
		s->slot = (uint16_t)(f->handle.slot - c->schema->n_wire);
	else
		s->off = t->offs[f->handle.slot];
	if (s->shape->names)
		s->need = s->shape->kind == WEIR_KIND_FLAGS ?
			  s->shape->names->flags_max : s->shape->names->longest;
	return step_key(c, s, n, ":");
}

static bool emit(struct compiler *c, const struct weir_type *t, const struct node *node);

static bool is_added(const struct node *node)
{
	const struct node *n;

	if (node->op != PROGRAM_OPEN)
		return node->op == PROGRAM_ADDED;
	for (n = node->first; n; n = n->next)
		if (!is_added(n))
			return false;
	return true;
}

static bool emit_object(struct compiler *c, const struct weir_type *t,
			const struct node *node)
{
	struct program_step *open = &c->steps[c->n_steps++], *close;
	struct program_skip *skip = &c->skips[open - c->steps];
	const struct node *n;

	open->op = PROGRAM_OPEN;
	if (!step_key(c, open, node, ":{"))
		return false;
	for (n = node->first; n; n = n->next)
		if (!emit(c, t, n))
			return false;
	close = &c->steps[c->n_steps++];
	close->op = PROGRAM_CLOSE;
	close->key_len = open->key_len;
	if (is_added(node) && close - open <= UINT16_MAX)
		skip->steps = (uint16_t)(close - open);
	return true;
}

static bool emit(struct compiler *c, const struct weir_type *t, const struct node *node)
{
	switch (node->op) {
	case PROGRAM_OPEN:
		return emit_object(c, t, node);
	case PROGRAM_CONST:
		return emit_const(c, node);
	case PROGRAM_MARKS:
		if (!strcmp(node->name, program_marks[0]))
			c->steps[c->n_steps++].op = PROGRAM_MARKS;
		return true;
	default:
		return emit_field(c, t, node);
	}
}

/* The brace that opens the whole object goes with the first key. */
static bool open_root(struct compiler *c, struct program_step *s)
{
	char *text = take(c->set, s->key_len + 33u);

	if (!text)
		return fail_memory(c);
	text[0] = '{';
	memcpy(text + 1, s->text, s->key_len);
	s->text = text;
	s->key_len++;
	memcpy(s->key, text, sizeof(s->key));
	return true;
}

static bool compile(struct compiler *c, const struct weir_type *t, struct program *out)
{
	struct node *root = tree_make(c, t);
	const struct node *n;
	uint32_t i;

	if (!root)
		return false;
	c->steps = take(c->set, count(root) * sizeof(*c->steps));
	c->skips = take(c->set, count(root) * sizeof(*c->skips));
	c->n_steps = 0;
	if (!c->steps || !c->skips)
		return fail_memory(c);
	for (n = root->first; n; n = n->next)
		if (!emit(c, t, n))
			return false;
	for (i = 0; i < c->n_steps; i++) {
		c->steps[i].need += c->steps[i].key_len + WRITER_TOKEN;
		c->skips[i].slot = c->steps[i].op == PROGRAM_ADDED ? c->steps[i].slot :
								     PROGRAM_NO_SLOT;
	}
	out->steps = c->steps;
	out->skips = c->skips;
	out->n_steps = c->n_steps;
	out->size = t->size;
	return open_root(c, c->steps);
}

/* ---- the set ---------------------------------------------------------------*/

static bool prepare(struct compiler *c)
{
	uint32_t i, n = c->schema->n_fields;
	struct program_text *fields = take(c->set, (n + 1) * sizeof(*fields));
	const char *name;

	c->shapes = take(c->set, (n + 1) * sizeof(*c->shapes));
	c->names = take(c->set, (n + 1) * sizeof(*c->names));
	c->chosen = take(c->set, (n + 1) * sizeof(*c->chosen));
	if (!fields || !c->shapes || !c->names || !c->chosen)
		return fail_memory(c);
	c->set->fields = fields;
	if (!choose(c))
		return false;
	for (i = 0; i < n; i++)
		if (!names_find(c, i))
			return false;
	for (i = 0; i < n; i++) {
		if (!c->chosen[i])
			continue;
		name = field_name(c, &c->schema->fields[i]);
		if (!shape_make(c, i) ||
		    !render(c, name, strlen(name), ",", &fields[i]))
			return false;
	}
	return true;
}

static bool make(struct compiler *c)
{
	const struct weir_schema *schema = c->schema;
	struct program *by_type;
	uint32_t i;

	if (!prepare(c))
		return false;
	by_type = take(c->set, (schema->n_types + 1) * sizeof(*by_type));
	if (!by_type)
		return fail_memory(c);
	c->set->by_type = by_type;
	c->set->n_types = schema->n_types;
	for (i = 0; i < schema->n_types; i++)
		if (schema->types[i].name &&
		    !compile(c, &schema->types[i], &by_type[i]))
			return false;
	return true;
}

struct program_set *program_new(const struct weir_schema *schema,
				const struct program_config *config,
				char *why, size_t size)
{
	struct compiler c;

	memset(&c, 0, sizeof(c));
	c.schema = schema;
	c.config = config;
	c.why = why;
	c.why_size = size;
	c.set = calloc(1, sizeof(*c.set));
	if (!c.set) {
		fail_memory(&c);
		return NULL;
	}
	c.set->schema = schema;
	return make(&c) ? c.set : program_free(c.set);
}

struct program_set *program_free(struct program_set *set)
{
	struct block *b, *next;

	if (!set)
		return NULL;
	for (b = set->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(set);
	return NULL;
}
