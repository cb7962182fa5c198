/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deeds of weir-self-test: for each type of event an operation that makes
 * one, on things of its own. One thread; the current folder is its own.
 */
#pragma once

#include <sys/types.h>

struct deed {
	const char *type;
	/* NULL: done; else why it could not be, valid until the next deed. */
	const char *(*fn)(void);
};

/* Each ends with a row without a type. Those of deeds_last change the process. */
extern const struct deed deeds_file[], deeds_net[], deeds_process[], deeds_last[];

/* "what: the text of errno" */
const char *deed_failed(const char *what);
/* 0 or more: NULL; else as above. */
const char *deed_result(long r, const char *what);
/* An empty file; its descriptor, or -1. */
int deed_file(const char *name);
/* A child that waits to be killed, and ends with us; -1: there is none. */
pid_t deed_child(void);
void deed_child_end(pid_t pid);
