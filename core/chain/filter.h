/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events a stage, an async chain or somebody who looks on wants: terms
 * of the form FIELD OP VALUE, all of which must hold.
 *
 *	process.uid = 0		process.exe.path ^= /usr/bin/
 *	process.name != cron	file.path *= .ssh	file.path $= .so
 *	file.mode >= 04000	destination.ip = 10.0.0.0/8
 *	process.ancestors	!process.tty	(is there, is not there)
 *
 * Of a list one element must match, and none for != . A field that is absent
 * matches no term but != and ! . Made on the control thread, used by any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <weir/plugin.h>

struct conf_node;
struct diag;
struct filter;
struct schema;

/*
 * Terms as texts. 0; or -EINVAL with the reason in `why`, -ENOMEM.
 */
int filter_new(const struct schema *s, const char *const *terms, size_t n, char *why,
	       size_t size, struct filter **out);
/*
 * The setting `filter` of a group: one term or an array of them; *out is NULL
 * if there is none. 0, -EINVAL with complaints in `d`, or -ENOMEM.
 */
int filter_read(const struct schema *s, const struct conf_node *group,
		const char *what, struct diag *d, struct filter **out);
bool filter_match(const struct filter *f, const struct weir_event *ev);
/* NULL, always; f may be NULL. */
struct filter *filter_free(struct filter *f);
