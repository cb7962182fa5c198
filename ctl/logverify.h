/* SPDX-License-Identifier: Apache-2.0 */
/* weirctl verify: whether logs are whole. */
#pragma once

struct opts;

int logverify_run(const struct opts *o);
