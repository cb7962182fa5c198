/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who look on through the control socket: from the collector's ring to
 * their streams. Thread of the control socket, unless said otherwise.
 */
#pragma once

#include <stddef.h>

struct control_call;
struct daemon;
struct json_object;
struct tails;

/* NULL: no memory. Control thread, before the socket is there. */
struct tails *tails_new(struct daemon *dm);
/* Answers the call: a stream of events, or what is wrong with the arguments. */
int tails_begin(struct tails *t, struct control_call *call, struct json_object *args);
/* Moves what is in the ring. Positive: there is more. */
int tails_pump(struct tails *t);
/* Control thread, now and then: frees what nobody looks at any more. */
void tails_retire(struct tails *t);
/* Control thread, behind the socket's end; NULL, always. */
struct tails *tails_free(struct tails *t);
