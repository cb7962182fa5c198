/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs are shells, and whether one is talked to by a person. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of the path of an executable: enum weir_shell_kind, 0: no shell that we know. */
uint32_t shells_kind(const char *path, uint32_t len);
/*
 * Arguments as a STRV. A shell with neither a script nor -c reads its commands
 * from its input.
 */
bool shells_reads_input(const char *args, uint32_t len);
