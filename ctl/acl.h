/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands `weirctl acl decode` and `weirctl acl show`: permissions in words,
 * by the code of the plugin `acl`, without a daemon.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "plugins/acl/formats.h"
#include "plugins/acl/words.h"

/* argv[0] is the word itself. Return weirctl's exit status. */
int acl_decode_main(int argc, char **argv);
int acl_show_main(int argc, char **argv, bool json);

/* ---- acljob.c: one value ----------------------------------------------------------*/

#define ACLJOB_INPUT_MAX	(1u << 20)

/* What a value is decoded with. All zero but for kind is a beginning. */
struct acljob {
	enum acl_kind kind;
	struct acl_context ctx;
	char xattr[256];
	uint8_t sids[3][68];	/* of domain, machine, forest */
};

/* The memory for one value at a time; reused. */
struct aclroom {
	struct acl_arena arena;
	struct acl_arena scratch;
	struct put out;
	char *input;		/* decoded hex */
	size_t input_cap;
};

bool aclroom_init(struct aclroom *r);
void aclroom_fini(struct aclroom *r);
/* Empty again, and large enough for inputs of n bytes; false: no memory. */
bool aclroom_reset(struct aclroom *r, size_t n);

/* "is_dir", "1"; false: no such key, or no such value. */
bool acljob_context(struct acljob *j, const char *key, const char *value);

/*
 * Decodes `text` (hex where the kind is bytes), and puts members of a JSON object,
 * or lines. 0, or ACL_E_RULE when the members say what is wrong.
 */
int acljob_json(const struct acljob *j, struct aclroom *r, const char *text, size_t n);
int acljob_text(const struct acljob *j, struct aclroom *r, const char *text, size_t n);
/* The same with the state before, where `was` is not NULL; what has changed, and risks. */
int acljob_change(const struct acljob *j, struct aclroom *r, const char *was, size_t was_len,
		  const char *text, size_t n);
/* What is decoded already, as lines. */
void acljob_put(struct aclroom *r, const struct acl *a);

/* aclbatch.c: each line of the file an object with id, kind, input, context. */
int aclbatch_run(const char *path, bool text);
