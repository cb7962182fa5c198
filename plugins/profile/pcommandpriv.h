/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of pcommand.h share. Each function of int: 0, or -1 and `why` is set. */
#pragma once

#include "pinst.h"

struct json_object;

struct pcommand {
	struct profile *x;
	struct pdesk *desk;
	const struct weir_command *cmd;
	struct json_object *args, *result;
	/* The profile that is lent to us; NULL: there is none. */
	struct pprofile *p;
	const char *name;
	uint32_t now_s;
	char why[512];
};

/* Of c->p. */
typedef int pcommand_edit_f(struct pcommand *c, void *arg);

__attribute__((format(printf, 2, 3)))
int pcommand_fail(struct pcommand *c, const char *fmt, ...);
/* NULL: it is not there, or no text. */
const char *pcommand_text(const struct pcommand *c, const char *name);
bool pcommand_flag(const struct pcommand *c, const char *name);
/* Into the answer. */
void pcommand_say(struct pcommand *c, const char *name, const char *text);
void pcommand_count(struct pcommand *c, const char *name, uint64_t n);
/* Has the event path run it. */
int pcommand_order(struct pcommand *c, struct porder *o, bool must);
/* `name` stays valid until it is back. */
int pcommand_lend(struct pcommand *c, const char *name);
void pcommand_back(struct pcommand *c);
/* Lends it, edits it, and writes it; edit may take it away: c->p is NULL then. */
int pcommand_edit(struct pcommand *c, const char *name, pcommand_edit_f *edit, void *arg);
/* It is the profile of its name from now on, or a part of it. It is gone afterwards. */
int pcommand_import(struct pcommand *c, struct pprofile *p);
