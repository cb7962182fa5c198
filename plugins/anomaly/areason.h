/* SPDX-License-Identifier: Apache-2.0 */
/* Why something is an anomaly, in a sentence for people. No memory, no state. */
#pragma once

#include <stddef.h>

#include "afacts.h"

void areason_text(const struct afacts *f, char *out, size_t size);
