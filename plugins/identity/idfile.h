/* SPDX-License-Identifier: Apache-2.0 */
/* What files of accounts and maps of ids say. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "idkey.h"

/* The first name of `id` in a passwd or group file; state and text of *a. */
void idfile_find(const char *text, size_t len, uint32_t id, struct idanswer *a);
/*
 * A uid_map or gid_map: what `id` outside is inside. False: it is not in it, or
 * the map cannot be read. *same: the map changes no id.
 */
bool idfile_map(const char *text, size_t len, uint32_t id, uint32_t *inside, bool *same);
