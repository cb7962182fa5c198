/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a condition, one by one, and whether they make one. */
#include "cond.h"

#include "sid.h"

static const struct {
	const char *name;
	uint8_t code, class;
} operators[] = {
	/* Those that begin as another does come first. */
	{ "==", COND_EQUAL, COND_C_BINARY },
	{ "!=", COND_NOT_EQUAL, COND_C_BINARY },
	{ "<=", COND_LESS_EQUAL, COND_C_BINARY },
	{ "<", COND_LESS, COND_C_BINARY },
	{ ">=", COND_GREATER_EQUAL, COND_C_BINARY },
	{ ">", COND_GREATER, COND_C_BINARY },
	{ "Contains", COND_CONTAINS, COND_C_BINARY },
	{ "Any_of", COND_ANY_OF, COND_C_BINARY },
	{ "Not_Contains", COND_NOT_CONTAINS, COND_C_BINARY },
	{ "Not_Any_of", COND_NOT_ANY_OF, COND_C_BINARY },
	{ "Exists", COND_EXISTS, COND_C_UNARY },
	{ "Not_Exists", COND_NOT_EXISTS, COND_C_UNARY },
	{ "Member_of_Any", COND_MEMBER_OF_ANY, COND_C_UNARY },
	{ "Member_of", COND_MEMBER_OF, COND_C_UNARY },
	{ "Device_Member_of_Any", COND_DEVICE_MEMBER_OF_ANY, COND_C_UNARY },
	{ "Device_Member_of", COND_DEVICE_MEMBER_OF, COND_C_UNARY },
	{ "Not_Member_of_Any", COND_NOT_MEMBER_OF_ANY, COND_C_UNARY },
	{ "Not_Member_of", COND_NOT_MEMBER_OF, COND_C_UNARY },
	{ "Not_Device_Member_of_Any", COND_NOT_DEVICE_MEMBER_OF_ANY, COND_C_UNARY },
	{ "Not_Device_Member_of", COND_NOT_DEVICE_MEMBER_OF, COND_C_UNARY },
	{ "&&", COND_AND, COND_C_BINARY },
	{ "||", COND_OR, COND_C_BINARY },
	{ "!", COND_NOT, COND_C_UNARY },
};
#define N_OPERATORS	(sizeof(operators) / sizeof(*operators))

const char *cond_operator(unsigned code)
{
	size_t i;

	for (i = 0; i < N_OPERATORS; i++)
		if (operators[i].code == code)
			return operators[i].name;
	return NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool begins(const char *s, const char *word, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (lower(s[i]) != lower(word[i]))
			return false;
	return true;
}

unsigned cond_operator_find(const char *s, size_t len, size_t *n)
{
	size_t i;

	for (i = 0; i < N_OPERATORS; i++) {
		*n = strlen(operators[i].name);
		if (*n <= len && begins(s, operators[i].name, *n))
			return operators[i].code;
	}
	return 0;
}

static enum cond_class class_of(uint8_t code)
{
	size_t i;

	if (code >= COND_LOCAL && code <= COND_DEVICE)
		return COND_C_NAME;
	if ((code >= COND_INT8 && code <= COND_INT64) || code == COND_TEXT ||
	    code == COND_OCTETS || code == COND_LIST || code == COND_SID)
		return COND_C_LITERAL;
	for (i = 0; i < N_OPERATORS; i++)
		if (operators[i].code == code)
			return operators[i].class;
	return COND_C_NONE;
}

int cond_token(const uint8_t *p, size_t n, struct cond_token *t)
{
	size_t head = 1, len = 0;

	if (!n)
		return 0;
	t->code = p[0];
	t->class = (uint8_t)class_of(p[0]);
	if (t->class == COND_C_NONE)
		return -1;
	if (p[0] >= COND_INT8 && p[0] <= COND_INT64) {
		len = 10;
	} else if (t->class <= COND_C_NAME) {
		if (n < 5)
			return 0;
		head = 5;
		len = le32(p + 1);
	}
	if (len > n - head)
		return 0;
	t->data = (struct acl_bytes){ p + head, (uint32_t)len };
	return (int)(head + len);
}

/* ---- check ---------------------------------------------------------------------*/

static bool int_fits(const struct cond_token *t)
{
	int64_t v = (int64_t)le64(t->data.p);
	unsigned bits = 8u << (t->code - COND_INT8);

	if (bits < 64 && (v < -(1ll << (bits - 1)) || v >= 1ll << (bits - 1)))
		return false;
	/* Sign and base are for who prints it. */
	return t->data.p[8] >= 1 && t->data.p[8] <= 3 && t->data.p[9] >= 1 && t->data.p[9] <= 3;
}

static int check_list(struct acl *a, struct acl_bytes all);

/* Literals and names. */
static int check_value(struct acl *a, const struct cond_token *t, bool in_list)
{
	if (t->code <= COND_INT64 && !int_fits(t))
		return acl_fault(a, "C1", "a number of a condition is out of range");
	if ((t->code == COND_TEXT || t->class == COND_C_NAME) && t->data.len & 1)
		return acl_fault(a, "C1", "a text of a condition has half a character");
	if (t->class == COND_C_NAME && !t->data.len)
		return acl_fault(a, "C1", "an attribute of a condition has no name");
	if (t->code == COND_SID && (t->data.len < 8 ||
				    sid_size(t->data.p, t->data.len) != t->data.len))
		return acl_fault(a, "C1", "a SID of a condition is none");
	if (t->code != COND_LIST)
		return 0;
	if (in_list)
		return acl_fault(a, "C2", "a list within a list in a condition");
	return check_list(a, t->data);
}

static int check_list(struct acl *a, struct acl_bytes all)
{
	struct cond_token t;
	size_t at = 0, n = 0;
	int len, r;

	while (at < all.len) {
		len = cond_token(all.p + at, all.len - at, &t);
		if (len == 0)
			return acl_fault(a, "C1", "a value leads out of its list");
		if (len < 0 || t.class != COND_C_LITERAL)
			return acl_fault(a, "C2", "what a list holds is no literal");
		if (++n > COND_MAX_TOKENS)
			return acl_fault(a, "C0", "a condition has too many tokens");
		r = check_value(a, &t, true);
		if (r)
			return r;
		at += (size_t)len;
	}
	return 0;
}

/* From the first zero on there are at most three, to the end. */
static bool is_padding(const uint8_t *p, size_t n)
{
	return n <= 3 && (n < 1 || !p[0]) && (n < 2 || !p[1]) && (n < 3 || !p[2]);
}

int cond_check(struct acl *a, struct acl_bytes data, struct acl_bytes *tokens)
{
	size_t at = 0, depth = 0, n = 0;
	struct cond_token t;
	int len, r;

	if (data.len > COND_MAX_SIZE)
		return acl_fault(a, "C0", "a condition is longer than 10000 bytes");
	for (; at < data.len && data.p[at] != COND_PAD; at += (size_t)len) {
		len = cond_token(data.p + at, data.len - at, &t);
		if (len < 0)
			return acl_fault(a, "C2", "unknown token in a condition");
		if (len == 0)
			return acl_fault(a, "C1", "a value leads out of its condition");
		if (++n > COND_MAX_TOKENS)
			return acl_fault(a, "C0", "a condition has too many tokens");
		r = t.class <= COND_C_NAME ? check_value(a, &t, false) : 0;
		if (r)
			return r;
		if (depth < (t.class == COND_C_BINARY ? 2u : t.class == COND_C_UNARY))
			return acl_fault(a, "C4", "an operator of a condition lacks a value");
		depth += t.class <= COND_C_NAME;
		depth -= t.class == COND_C_BINARY;
	}
	if (!is_padding(data.p + at, data.len - at))
		return acl_fault(a, "C3", "padding of a condition is not zero");
	if (depth != 1)
		return acl_fault(a, "C4", "a condition does not end with one value");
	*tokens = (struct acl_bytes){ data.p, (uint32_t)at };
	return 0;
}
