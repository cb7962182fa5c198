/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person asks of profiles in the running sensor (weirctl profile): {"what": ...}. A
 * command works on a profile that is lent to it, so the event path never waits for it; what it
 * has changed is in its file before it answers.
 */
#pragma once

#include <weir/plugin.h>

/* As `command` of struct weir_plugin. */
int pcommand_run(void *inst, const struct weir_command *cmd, struct weir_buf *out);
