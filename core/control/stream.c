/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: events for a client, as many as it reads. What does not fit into its
 * output buffer is dropped and counted. After a drop the buffer has to be half
 * empty before the stream goes on, so that gaps are few, and each is told at
 * its place.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "control/private.h"

struct control_stream *control_stream_begin(struct control_call *call,
					    const struct control_stream_conf *conf)
{
	struct control_stream *s = NULL;
	struct client *c;
	char line[96];
	int n;

	CHECK_OBJ_NOTNULL(call, CONTROL_CALL_MAGIC);
	c = call->client;
	AN(c);
	if (c->stream || call->ctl->n_streams == CONTROL_STREAMS) {
		control_fail(call, c->stream ? "this connection has a stream already"
					     : "too many streams", NULL, NULL);
		return NULL;
	}
	ALLOC_OBJ(s, CONTROL_STREAM_MAGIC);
	if (!s) {
		control_fail(call, "out of memory", NULL, NULL);
		return NULL;
	}
	s->client = c;
	s->id = call->id.id;
	s->conf = *conf;
	c->stream = s;
	call->ctl->n_streams++;
	n = snprintf(line, sizeof(line), "{\"id\":%lld,\"ok\":true,\"stream\":true}\n",
		     (long long)s->id);
	client_put(c, line, (size_t)n);
	AZ(atomic_exchange(&call->done, true));
	call_detach(call);
	call_unref(call);
	return s;
}

void stream_tell(struct control_stream *s, bool now)
{
	char line[96];
	int n;

	if (!s->untold || (!now && client_pending(s->client) > CONTROL_OUT_MAX / 2))
		return;
	n = snprintf(line, sizeof(line), "{\"id\":%lld,\"dropped\":%llu}\n", (long long)s->id,
		     (unsigned long long)s->untold);
	s->untold = 0;
	client_put(s->client, line, (size_t)n);
}

static bool drop(struct control_stream *s)
{
	s->dropped++;
	s->untold++;
	return false;
}

bool control_stream_event(struct control_stream *s, const char *json, size_t len)
{
	struct client *c;
	char head[64];
	int n;

	CHECK_OBJ_NOTNULL(s, CONTROL_STREAM_MAGIC);
	c = s->client;
	while (len && json[len - 1] == '\n')
		len--;
	n = snprintf(head, sizeof(head), "{\"id\":%lld,\"event\":", (long long)s->id);
	/* A burst need not wait for the loop: it would not fit. */
	if (client_pending(c) + len > CONTROL_OUT_MAX / 4)
		client_flush(c);
	stream_tell(s, false);
	if (c->dead || c->closing || s->untold || !len || memchr(json, '\n', len) ||
	    client_pending(c) + len + (size_t)n + 2 > CONTROL_OUT_MAX)
		return drop(s);
	client_put(c, head, (size_t)n);
	client_put(c, json, len);
	client_put(c, "}\n", 2);
	s->sent++;
	return true;
}

void control_stream_dropped(struct control_stream *s, uint64_t n)
{
	CHECK_OBJ_NOTNULL(s, CONTROL_STREAM_MAGIC);
	s->dropped += n;
	s->untold += n;
	stream_tell(s, true);
}

void stream_end(struct control_stream *s)
{
	CHECK_OBJ_NOTNULL(s, CONTROL_STREAM_MAGIC);
	if (s->conf.closed)
		s->conf.closed(s->conf.arg, s);
	s->client->stream = NULL;
	s->client->ctl->n_streams--;
	FREE_OBJ(s);
}

void stream_stop(struct client *c, const struct request *rq)
{
	struct control_stream *s = c->stream;
	struct json_object *o;

	if (!s) {
		client_answer(c, request_answer(rq, "there is no stream on this connection",
						NULL, NULL));
		return;
	}
	stream_tell(s, true);
	o = json_object_new_object();
	json_object_object_add(o, "events", json_object_new_uint64(s->sent));
	json_object_object_add(o, "dropped", json_object_new_uint64(s->dropped));
	stream_end(s);
	client_answer(c, request_answer(rq, NULL, NULL, o));
}
