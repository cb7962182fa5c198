/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow as they are filled. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Room for one more behind n elements of `size`, in the array that the pointer at `array`
 * is for; *cap: for how many there is room. False: no memory, nothing has changed.
 */
static inline bool rulegrow(void *array, uint32_t *cap, uint32_t n, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 64;
	void *was, *more;

	if (n < *cap)
		return true;
	memcpy(&was, array, sizeof(was));
	more = want > *cap ? reallocarray(was, want, size) : NULL;
	if (!more)
		return false;
	memcpy(array, &more, sizeof(more));
	*cap = want;
	return true;
}
