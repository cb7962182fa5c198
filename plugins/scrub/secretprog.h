/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that take a secret in an option whose name does not say so: mysql -pX,
 * curl -u user:X, docker login -p X. Constant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secretprog_rule {
	const char *option;	/* "-p", "--user"; NULL ends the list */
	bool attached;		/* -pX or --user=X */
	bool next;		/* -p X */
	char after;		/* 0: all of it; else what follows this */
};

struct secretprog {
	const char *name;
	const char *sub;	/* only after this word: docker login; NULL: always */
	bool wraps;		/* its arguments end at the next program */
	const struct secretprog_rule *rules;
};

/* By the last component of its path; NULL: not one of them. */
const struct secretprog *secretprog_find(const char *name, size_t len);
/*
 * The rule for an argument that begins with `-` or `/`, and where its value begins;
 * *value == len: in the next argument. NULL: none.
 */
const struct secretprog_rule *secretprog_rule(const struct secretprog *prog, const char *arg,
					      size_t len, size_t *value);
/* For the test: whether the table is in the order that the search relies on. */
bool secretprog_is_sorted(void);
