/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of a command. All return 0, or -EINVAL with `why` as the client
 * shall read it. What is absent or null leaves *out as it was. Any thread that
 * has the object to itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* No others than these, which a NULL ends. */
int control_args_only(struct json_object *args, const char *const *names, char *why,
		      size_t size);
/* Lives as long as args. */
int control_arg_string(struct json_object *args, const char *name, const char **out,
		       char *why, size_t size);
int control_arg_int(struct json_object *args, const char *name, int64_t min, int64_t max,
		    int64_t *out, char *why, size_t size);
int control_arg_bool(struct json_object *args, const char *name, bool *out, char *why,
		     size_t size);
/*
 * An array of strings, ended by a NULL too; the array is the caller's to free(),
 * the strings live as long as args. -ENOMEM can be.
 */
int control_arg_strings(struct json_object *args, const char *name, const char ***out,
			size_t *n, char *why, size_t size);
