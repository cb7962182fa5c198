/* SPDX-License-Identifier: Apache-2.0 */
/* What came of hashing a file; each has a word and a counter of that name. */
#pragma once

enum outcome {
	OUTCOME_OK,
	OUTCOME_TOUCHED,	/* hashed, but the inode has changed since the exec */
	/* Where several ways to a file fail, the largest of these is told. */
	OUTCOME_GONE,
	OUTCOME_IO,
	OUTCOME_DENIED,
	OUTCOME_MISMATCH,	/* what is there now is another file */
	OUTCOME_CHANGED,	/* while it was read, twice */
	OUTCOME_TOO_BIG,
	OUTCOME_RATE,
	OUTCOME_BUSY,		/* another worker was still reading it */
	OUTCOME__MAX
};
