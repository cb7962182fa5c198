/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of JSON objects: aligned, and on a terminal no wider than it is. */
#pragma once

#include "human.h"

#define TABLE_COLUMNS	20

struct column {
	const char *head;
	const char *member;	/* path of the value in a row's object */
	enum unit unit;
	bool right;		/* a number */
	const char *absent;	/* instead of what is not there; NULL: nothing */
};

/*
 * Prints rows, an array of objects, under their heads. A column that no row has
 * a value for is left out. Columns end with one that has no head. False: there
 * are no rows, and nothing was printed.
 */
bool table_print(struct json_object *rows, const struct column *columns);
/* The same columns of one object, one in a line, as "head  value". */
void table_card(struct json_object *o, const struct column *columns);
