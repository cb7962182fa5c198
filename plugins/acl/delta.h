/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is different between two states of one permission, as texts; and what of
 * it is a risk, as words that a rule can compare.
 */
#pragma once

#include "words.h"

#define DELTA_ITEMS	48

/* Items lie in the text, one behind the other. */
struct delta {
	struct put text;
	uint32_t n, more;	/* more: for which there was no room */
	struct acl_bytes items[DELTA_ITEMS];
};

void delta_init(struct delta *d, void *p, size_t cap);
/* Where an item begins, and its end. */
struct put *delta_begin(struct delta *d);
void delta_end(struct delta *d);
void delta_add(struct delta *d, const char *text);

/*
 * Both of one kind. A state with ACL_NOTE_REMOVED is none. What is compared is
 * what is in force: descriptors of any of the three NT kinds may be compared.
 */
void delta_run(struct delta *d, const struct acl *was, const struct acl *is,
	       const struct words *w);

/* ntdelta.c: descriptors, and NFSv4 ACLs. */
void ntdelta_run(struct delta *d, const struct acl *was, const struct acl *is,
		 const struct words *w);

/*
 * risk.c. What `is` brings and `was` did not have; was NULL: not known, then all
 * of it. Words: world_writable, setuid_root, setuid, setgid, null_dacl,
 * everyone_full_control, everyone_can_write, capability:NAME,
 * default_acl_opens_tree, immutable_removed, append_only_removed.
 */
void risk_run(struct delta *d, const struct acl *was, const struct acl *is);
