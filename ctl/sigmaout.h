/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as values of Sigma rules, in YAML. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How a text is to be compared: as it is; or * stands for any part of a component. */
enum sigmaout_as { SIGMAOUT_TEXT, SIGMAOUT_REGEX };

/* Whether YAML can have it: UTF-8, and characters that have a meaning. */
bool sigmaout_can(const char *s, size_t len);
/* A scalar of YAML. */
void sigmaout_scalar(FILE *f, const char *s, size_t len);
/* A scalar whose characters mean themselves in a rule, but for what `as` says. */
void sigmaout_value(FILE *f, const char *s, size_t len, enum sigmaout_as as);
/* A text of ours. */
void sigmaout_string(FILE *f, const char *s);
