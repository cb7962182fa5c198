/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a plugin over the control socket, each on a thread of its own. */
#pragma once

struct control_call;
struct daemon;
struct json_object;

/*
 * A command of the control socket, on its thread: `stage`, the name of an instance, of its
 * plugin, or CHAIN/NAME; `args`, an object for the plugin; `timeout_ms`.
 */
int plugincall_begin(struct daemon *dm, struct control_call *call, struct json_object *args);
