/* SPDX-License-Identifier: Apache-2.0 */
/* What a check has to say, collected to be printed as lines or as JSON. */
#pragma once

#include <stddef.h>
#include <stdio.h>

enum finding_severity { FINDING_OK, FINDING_WARNING, FINDING_ERROR, FINDING__MAX };

struct finding {
	enum finding_severity severity;
	const char *check;	/* constant: "note", "exports" ... */
	char *text;
};

/* All zero is an empty one. */
struct findings {
	struct finding *items;
	size_t n;
	size_t cap;
	size_t counts[FINDING__MAX];	/* those too that found no memory */
};

__attribute__((format(printf, 4, 5)))
void finding_add(struct findings *f, enum finding_severity severity,
		 const char *check, const char *fmt, ...);
/* "ok", "warning", "error". */
const char *finding_severity_name(enum finding_severity severity);
/* A line for each: "severity: text". */
void findings_print(FILE *out, const struct findings *f);
/* An array of objects with check, severity and text. */
void findings_print_json(FILE *out, const struct findings *f);
/* A text with its quotes. */
void json_print(FILE *out, const char *text);
/* Frees the items; *f is empty. */
void findings_fini(struct findings *f);
