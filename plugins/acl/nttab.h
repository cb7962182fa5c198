/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of NT descriptors: types of entries, their flags, rights. One
 * table for each place, since the same two letters mean another thing in
 * another place.
 */
#pragma once

#include "put.h"

/* What an entry of a type consists of. */
enum {
	NT_HAS_SID = 1,
	NT_HAS_OBJECT = 2,	/* flags and GUIDs before the SID */
	NT_HAS_DATA = 4,	/* perhaps a condition behind it */
	NT_IS_ALLOW = 8,
	NT_IS_DENY = 16,
	NT_IS_AUDIT = 32,
	NT_SDDL_DATA = 64,	/* SDDL has a seventh field */
};

struct nt_type_row {
	const char *code;	/* of SDDL; "" where there is none */
	const char *name;	/* in the model */
	const char *label;	/* for people */
	uint32_t has;
};

extern const struct nt_type_row nt_types[NT__MAX];

static inline uint32_t nt_has(unsigned type)
{
	return type < NT__MAX ? nt_types[type].has : 0;
}

enum nt_ace_flag {
	NT_OI = 1, NT_CI = 2, NT_NP = 4, NT_IO = 8, NT_ID = 0x10, NT_CR = 0x20, NT_SA = 0x40,
	NT_FA = 0x80,
};

struct nt_code {
	char code[3];
	uint32_t mask;
};

/* Ended by an empty code. */
extern const struct nt_code nt_ace_flags[];
extern const struct nt_code nt_rights[];

/* "object_inherit"; bit: 0 to 7. Of an access filter 6 is another. */
const char *nt_flag_name(unsigned type, unsigned bit);

/* Which names the low nine bits have. */
enum nt_column { NT_FILE, NT_DIR, NT_DS, NT_LABEL };
enum nt_column nt_column(unsigned type, bool is_dir);
/* "read_data"; NULL: the bit has no name. */
const char *nt_right_name(enum nt_column c, unsigned bit);

/* "Full control", "Modify", "Write data": what is left over as hex. */
void nt_put_rights(struct put *o, enum nt_column c, uint32_t mask);
/* As SDDL writes it: "FA", "0x2". */
void nt_put_rights_sddl(struct put *o, enum nt_column c, uint32_t mask);

/* The same for all kinds: "read_data" as "read data". */
void put_words(struct put *o, const char *name);
