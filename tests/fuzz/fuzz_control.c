/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: a request line of the control socket, and its arguments. No
 * input may crash; a refusal says why; and whatever came, the answer is one
 * line of JSON that bears the request's id.
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/args.h"
#include "control/request.h"
#include "util/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_args(struct json_object *args)
{
	static const char *const names[] = { "s", "i", "b", "l", NULL };
	const char *s = NULL, **list = NULL;
	int64_t i = 3;
	bool b = false;
	size_t n = 0, k;
	char why[128];

	control_args_only(args, names, why, sizeof(why));
	if (!control_arg_string(args, "s", &s, why, sizeof(why)) && s)
		MUST(strlen(s) < 1u << 30);
	control_arg_int(args, "i", 1, 5, &i, why, sizeof(why));
	MUST(i >= 1 && i <= 5);
	control_arg_bool(args, "b", &b, why, sizeof(why));
	if (!control_arg_strings(args, "l", &list, &n, why, sizeof(why)) && list) {
		for (k = 0; k < n; k++)
			AN(list[k]);
		AZ(list[n]);
		free(list);
	}
}

static void check_answer(const struct request *rq, const char *text)
{
	char *line = request_answer(rq, text, NULL,
				    rq->args ? json_object_get(rq->args) : NULL);
	struct json_object *o, *id;
	size_t len;

	AN(line);
	len = strlen(line);
	MUST(len && strchr(line, '\n') == line + len - 1);
	o = json_tokener_parse(line);
	MUST(json_object_object_get_ex(o, "id", &id));
	if (rq->has_id)
		MUST(json_object_get_int64(id) == rq->id && rq->id >= 0);
	else
		AZ(id);
	json_object_put(o);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[192] = "", *line = malloc(size ? size : 1);
	struct request rq;
	int r;

	AN(line);
	/* Not ended by a zero: the parser goes by the length. */
	memcpy(line, data, size);
	r = request_parse(line, size, &rq, why, sizeof(why));
	MUST((r != 0) == (why[0] != 0));
	if (!r) {
		MUST(rq.has_id && rq.command && rq.args);
		check_args(rq.args);
	}
	check_answer(&rq, r ? why : NULL);
	request_fini(&rq);
	free(line);
	return 0;
}
