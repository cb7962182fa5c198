/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a workload is to be kept to, as other programs read it, made of a profile. What the
 * profile does not tell is not restricted, and that is said. One thread.
 */
#pragma once

#include <stdio.h>

#include "facts.h"

struct harden {
	FILE *out;
	const struct facts *facts;
	const char *path;	/* of the profile, for messages */
	const char *written;	/* when that was */
};

/* An enum status: ST_FAILED if the profile does not tell enough, which is said. */
typedef int harden_put_f(struct harden *h);

harden_put_f hardenseccomp_put, hardenseccomp_put_caps, hardensystemd_put, hardenapparmor_put;

/* ---- what they share ---------------------------------------------------------------*/

/* "# text", where what is in it may be of the profile. */
__attribute__((format(printf, 2, 3)))
void harden_comment(struct harden *h, const char *fmt, ...);
/* A name that cannot be written in this format: a comment says so. */
void harden_left_out(struct harden *h, const struct fact *x);
/*
 * System calls by name, each once, sorted, ended by NULL, to free(): those of the profile and
 * those without which nothing begins. Their number without the last to *n.
 */
const char **harden_syscalls(const struct harden *h, size_t *n);
/* The next system call after `at` that has no name; as facts_next(). */
const struct fact *harden_unnamed(const struct harden *h, const struct fact *at);
/* A system call of that name was seen. */
bool harden_did(const struct harden *h, const char *syscall);
/* One with that bit of WEIR_SYSCALL_* was. */
bool harden_did_abi(const struct harden *h, uint32_t bit);
/* A fact of the kind lies in the folder, or is it, with one of the accesses (0: any). */
bool harden_below(const struct harden *h, const char *folder, uint8_t access);
/* "CAP_CHOWN"; NULL: it has no name. */
const char *harden_capability(const struct fact *x);

/* ---- parts of a drop-in for systemd --------------------------------------------------*/

/* A setting and why it stands there; a comment, if nothing of that type was recorded. */
__attribute__((format(printf, 4, 5)))
void harden_setting(struct harden *h, enum ptype type, const char *why, const char *fmt,
			   ...);
/* What is about files. */
void hardenpaths_put(struct harden *h);
