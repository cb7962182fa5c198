/* SPDX-License-Identifier: Apache-2.0 */
/* What loads and still can hardly be meant, or costs more than it has to. One thread. */
#pragma once

#include "ruleset.h"

/* Warnings, with advice, to diags. The set is linked, the image made of it. */
void rulelint_run(const struct sigma_set *set, const struct ruleset *image,
		  struct rulediags *diags);
