/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a function lies in an ELF file. The file may be anybody's: nothing in
 * it is trusted, and it is read in small pieces.
 */
#pragma once

#include <stdint.h>

/*
 * Offset in the file of the function `name`, from the tables of symbols. 0;
 * -ENOENT: it has none; -ENOEXEC: not an ELF file of this machine, or damaged;
 * or what reading it says.
 */
int elfsym_find(int fd, const char *name, uint64_t *offset);
