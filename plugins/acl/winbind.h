/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of domain SIDs, from winbind: through its client library, which is mapped
 * by its name, so that nobody needs it who does not ask for it.
 */
#pragma once

#include "sid.h"

struct winbind;

/* "libwbclient.so.0", or a path. NULL, and in *why one line. The library stays mapped. */
struct winbind *winbind_open(const char *library, const char **why);
void winbind_close(struct winbind *w);
/* DOMAIN\name. False: it has none. Blocks for as long as winbind likes. */
bool winbind_name(const struct winbind *w, const uint8_t *sid, struct put *o);
