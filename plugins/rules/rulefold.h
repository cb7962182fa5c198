/* SPDX-License-Identifier: Apache-2.0 */
/* Case without a locale: Unicode's simple folding (statuses C and S). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RULEFOLD_MAX	4u	/* characters that fold to the same one */
#define RULEFOLD_BAD	UINT32_MAX

/* The character that stands for c in comparisons. */
uint32_t rulefold(uint32_t c);
/* All characters that fold to what c folds to, c among them; how many. */
unsigned rulefold_all(uint32_t c, uint32_t out[RULEFOLD_MAX]);
/* The next character of UTF-8 text, n > 0 bytes of which follow; *len: its bytes. */
uint32_t rulefold_get(const uint8_t *s, size_t n, unsigned *len);
/* At most four bytes; how many. */
unsigned rulefold_put(uint8_t *s, uint32_t c);
