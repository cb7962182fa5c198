/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets that show by themselves what they are: eyJ..., AKIA..., ghp_... And
 * what a value looks like.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * How many bytes from p on are a token; 0: none. All of them are
 * letters, digits, `_`, `-` and `.`. cut: more would follow, had there been room.
 */
size_t secrettoken_match(const char *p, size_t len, bool cut);
/* Long, of letters and digits and what base64 has besides: a key, not a password. */
bool secrettoken_is_keylike(const char *p, size_t len);
/* Of nothing but what base64 and hex have. */
bool secrettoken_is_base64(const char *p, size_t len);
/* A path of a usual place. */
bool secrettoken_is_path(const char *p, size_t len);
/* true, no, none ...: what nobody has to hide. */
bool secrettoken_is_plain(const char *p, size_t len);
/* For the test: whether each prefix is found by its first letter. */
bool secrettoken_is_sorted(void);
