/* SPDX-License-Identifier: Apache-2.0 */
/* Many files of one folder whose names differ in numbers only become one node. */
#pragma once

#include "ptree.h"

#define PPATTERN_CHILDREN	15u	/* of a folder, before names are compared */
#define PPATTERN_SAME		5u	/* of one template, the new one included */

/*
 * ref: a file that was just added. It, or the pattern that has taken its place. Only files
 * that cannot be executed and have nothing below them are taken, never a folder.
 */
uint32_t ppattern_learn(struct ptree *t, uint32_t ref);
