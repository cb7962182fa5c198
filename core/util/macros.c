/* SPDX-License-Identifier: Apache-2.0 */
/* Where a broken invariant of our own ends. */
#include "util/macros.h"

#include "util/log.h"

void must_fail(const char *file, int line, const char *what)
{
	log_error("%s:%d: this must not be: %s", file, line, what);
	abort();
}
