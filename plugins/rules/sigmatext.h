/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions as text, for people and tests:
 *
 *	(and (selection (= Image * "/nc")) (not (filter (in DestinationIp 10.0.0.0/8))))
 *
 * A selection is a list that begins with its name. Tests: (= field parts), == if cased,
 * (re field "regex" flags), (in field network), (< field 5), <= > >=, (absent field),
 * (present field), (ref field position other), (hour field 5). Parts of a text are "literal",
 * * and ?; what was no string has #int, #float or #bool behind. <any> is a keyword's field.
 */
#pragma once

#include <stdio.h>

#include "sigma.h"

/* NULL as expression is printed as (). */
void sigma_print(const struct sigma_expr *expr, FILE *out);
/* The same, to free(). NULL: no memory. */
char *sigma_text(const struct sigma_expr *expr);
