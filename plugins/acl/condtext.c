/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions as text: from postfix to what people write. The operands of each
 * operator are found in one pass over the tokens; the text is then made with a
 * stack of our own, so that no depth of nesting is too much.
 */
#include "cond.h"
#include "lex.h"
#include "sid.h"

/* ---- values --------------------------------------------------------------------*/

static void put_name(struct put *o, const struct cond_token *t, bool escape)
{
	static const char *const scopes[] = { "", "@USER.", "@RESOURCE.", "@DEVICE." };
	uint32_t i, c;

	put_text(o, scopes[t->code - COND_LOCAL]);
	if (!escape) {
		put_utf16(o, t->data.p, t->data.len);
		return;
	}
	for (i = 0; i < t->data.len; i += 2) {
		c = le16(t->data.p + i);
		if (c < 0x80 && (t->code == COND_LOCAL ? lex_is_local((int)c) :
							 lex_is_scoped((int)c))) {
			put_char(o, (char)c);
		} else {
			put_char(o, '%');
			put_hex(o, c, 4);
		}
	}
}

/* As it was written, if `exactly`, else in decimal. */
static void put_int(struct put *o, const struct cond_token *t, bool exactly)
{
	int64_t v = (int64_t)le64(t->data.p);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	unsigned sign = t->data.p[8], base = t->data.p[9];

	if (!exactly) {
		put_i64(o, v);
		return;
	}
	if (v < 0)
		put_char(o, '-');
	else if (sign != 3)
		put_char(o, sign == 1 ? '+' : '-');
	if (base == 3) {
		PUT(o, "0x");
		put_hex(o, u, 1);
	} else if (base == 1) {
		put_char(o, '0');
		put_octal(o, u, 1);
	} else {
		put_u64(o, u);
	}
}

static void put_literal(struct put *o, const struct cond_token *t, bool exactly)
{
	struct sid sid = { .p = t->data.p };

	if (t->code <= COND_INT64) {
		put_int(o, t, exactly);
	} else if (t->code == COND_TEXT) {
		put_char(o, '"');
		put_utf16(o, t->data.p, t->data.len);
		put_char(o, '"');
	} else if (t->code == COND_OCTETS) {
		put_char(o, '#');
		put_bytes_hex(o, t->data.p, t->data.len);
	} else {
		PUT(o, "SID(");
		if (exactly)
			sid_put_sddl(o, &sid);
		else
			sid_put(o, &sid);
		put_char(o, ')');
	}
}

static void put_value(struct put *o, const struct cond_token *t, bool exactly)
{
	struct cond_token inner;
	uint32_t at = 0;
	int len;

	if (t->class == COND_C_NAME) {
		put_name(o, t, exactly);
		return;
	}
	if (t->code != COND_LIST) {
		put_literal(o, t, exactly);
		return;
	}
	put_char(o, '{');
	while (at < t->data.len) {
		len = cond_token(t->data.p + at, t->data.len - at, &inner);
		if (len <= 0)
			break;
		if (at)
			put_text(o, exactly ? ", " : ",");
		put_literal(o, &inner, exactly);
		at += (uint32_t)len;
	}
	put_char(o, '}');
}

void cond_put_token(struct put *o, const struct cond_token *t)
{
	if (t->class <= COND_C_NAME)
		put_value(o, t, false);
	else
		put_text(o, cond_operator(t->code));
}

/* ---- the whole -------------------------------------------------------------------*/

struct node {
	uint32_t at;		/* of the token */
	uint16_t left, right;	/* operands; of a unary operator right alone */
};

/* One step of the text: a node, or a piece of punctuation. */
struct step {
	uint16_t node;
	uint16_t what;
};
enum { STEP_NODE, STEP_OPERATOR, STEP_CLOSE };

struct tree {
	struct node *nodes;
	uint16_t *stack;	/* of operands */
	struct step *steps;
	uint32_t n;
};

static bool tree_alloc(struct tree *t, struct acl_bytes tokens, struct acl_arena *a)
{
	struct cond_token token;
	uint32_t at;

	memset(t, 0, sizeof(*t));
	for (at = 0; at < tokens.len; t->n++) {
		int len = cond_token(tokens.p + at, tokens.len - at, &token);

		if (len <= 0)
			return false;
		at += (uint32_t)len;
	}
	t->nodes = acl_alloc(a, t->n * sizeof(*t->nodes));
	t->stack = acl_alloc(a, t->n * sizeof(*t->stack));
	/* Each node is once on it, with two pieces of punctuation at most beside it. */
	t->steps = acl_alloc(a, (3 * t->n + 1) * sizeof(*t->steps));
	return t->nodes && t->stack && t->steps && t->n && t->n <= COND_MAX_TOKENS;
}

static void tree_build(struct tree *t, struct acl_bytes tokens)
{
	struct cond_token token;
	uint32_t at = 0, i, depth = 0;

	for (i = 0; i < t->n; i++) {
		struct node *n = &t->nodes[i];

		n->at = at;
		at += (uint32_t)cond_token(tokens.p + at, tokens.len - at, &token);
		if (token.class == COND_C_UNARY) {
			n->right = t->stack[depth - 1];
		} else if (token.class == COND_C_BINARY) {
			n->right = t->stack[depth - 1];
			n->left = t->stack[depth - 2];
			depth--;
		} else {
			depth++;
		}
		t->stack[depth - 1] = (uint16_t)i;
	}
}

static uint8_t class_at(const struct tree *t, struct acl_bytes tokens, uint16_t at)
{
	struct cond_token token;

	cond_token(tokens.p + t->nodes[at].at, tokens.len - t->nodes[at].at, &token);
	return token.class;
}

/*
 * A value needs no parentheses around it, and an operator all the more; but
 * behind "!", where readers expect them.
 */
static void put_node(struct put *o, struct tree *t, struct acl_bytes tokens, uint16_t at,
		     size_t *n)
{
	const struct node *node = &t->nodes[at];
	struct cond_token token;

	cond_token(tokens.p + node->at, tokens.len - node->at, &token);
	if (token.class <= COND_C_NAME) {
		put_value(o, &token, true);
		return;
	}
	put_char(o, '(');
	t->steps[(*n)++] = (struct step){ at, STEP_CLOSE };
	t->steps[(*n)++] = (struct step){ node->right, STEP_NODE };
	if (token.class == COND_C_BINARY) {
		t->steps[(*n)++] = (struct step){ at, STEP_OPERATOR };
		t->steps[(*n)++] = (struct step){ node->left, STEP_NODE };
		return;
	}
	put_text(o, cond_operator(token.code));
	if (token.code != COND_NOT) {
		put_char(o, ' ');
	} else if (class_at(t, tokens, node->right) <= COND_C_NAME) {
		put_char(o, '(');
		t->steps[*n] = t->steps[*n - 1];
		t->steps[*n - 1] = (struct step){ at, STEP_CLOSE };
		++*n;
	}
}

static void put_operator(struct put *o, const struct tree *t, struct acl_bytes tokens, uint16_t at)
{
	put_char(o, ' ');
	put_text(o, cond_operator(tokens.p[t->nodes[at].at]));
	put_char(o, ' ');
}

bool cond_put(struct put *o, struct acl_bytes tokens, struct acl_arena *scratch)
{
	struct acl_arena a = *scratch;	/* what is taken here is given back */
	struct step s;
	struct tree t;
	size_t n = 0;
	bool bare;

	if (!tree_alloc(&t, tokens, &a))
		return false;
	tree_build(&t, tokens);
	bare = class_at(&t, tokens, (uint16_t)(t.n - 1)) <= COND_C_NAME;
	if (bare)
		put_char(o, '(');
	t.steps[n++] = (struct step){ (uint16_t)(t.n - 1), STEP_NODE };
	while (n && !o->full) {
		s = t.steps[--n];
		if (s.what == STEP_NODE)
			put_node(o, &t, tokens, s.node, &n);
		else if (s.what == STEP_OPERATOR)
			put_operator(o, &t, tokens, s.node);
		else
			put_char(o, ')');
	}
	if (bare)
		put_char(o, ')');
	return true;
}
