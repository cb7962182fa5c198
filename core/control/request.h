/* SPDX-License-Identifier: Apache-2.0 */
/* A request line, read. Pure: no state, any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

struct request {
	int64_t id;
	bool has_id;		/* also of a request that is refused, if it could be read */
	const char *command;
	struct json_object *args;	/* an object, never NULL */
	struct json_object *root;	/* holds the others */
};

/* -EINVAL or -ENOMEM: `why` is the answer; request_fini() in any case. */
int request_parse(const char *line, size_t len, struct request *rq, char *why, size_t size);
void request_fini(struct request *rq);

/*
 * The line that answers it, with its end, to free(); NULL: no memory. Takes the
 * objects over. text NULL: it succeeded.
 */
char *request_answer(const struct request *rq, const char *text,
		     struct json_object *diagnostics, struct json_object *result);
