/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the making of events about the sensor itself. */
#include "chain/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/event.h"
#include "chain/instance.h"
#include "chain/services.h"
#include "util/macros.h"

/* Takes the record as it is now; the collector numbers it. */
static void notice_post(struct services *s, void *rec, unsigned type, unsigned outcome)
{
	struct weir_base *b = rec;
	struct event_parts parts = { .rec = rec };
	struct event *e;

	b->type = (uint16_t)type;
	b->rclass = WEIR_CLASS_USER;
	b->outcome = (uint16_t)outcome;
	b->time = clock_ns(CLOCK_BOOTTIME);
	parts.rec_size = b->size;
	e = event_new(NULL, &parts);
	if (e)
		services_post(s, e);
	else
		services_lose(s, b, WEIR_LOST_QUEUE);
}

void notice_config(struct services *s, const struct notice_config *n)
{
	struct weir_config *c = calloc(1, WEIR_REC_MAX);
	uint32_t size = sizeof(*c);

	if (!c)
		return;
	c->config_trigger = n->trigger;
	c->config_generation = n->generation;
	c->config_kept = n->kept;
	c->config_adopted = n->adopted;
	c->config_cold = n->cold;
	c->config_added = n->added;
	c->config_removed = n->removed;
	c->config_errors = n->errors;
	event_text(c, &size, &c->config_digest, n->digest);
	event_text(c, &size, &c->config_file, n->file);
	if (n->error)
		event_text(c, &size, &c->config_error, n->error);
	notice_post(s, c, WEIR_EV_config,
		    n->error ? WEIR_OUTCOME_FAILURE : WEIR_OUTCOME_SUCCESS);
	free(c);
}

void notice_stage(struct instance *in, unsigned state, const char *reason)
{
	struct weir_stage *st = calloc(1, WEIR_REC_MAX);
	uint32_t size = sizeof(*st);
	char plugin[128];

	if (!st)
		return;
	st->stage_state = state;
	snprintf(plugin, sizeof(plugin), "%s %s", in->def->name, in->def->version);
	event_text(st, &size, &st->stage_chain, in->chain);
	event_text(st, &size, &st->stage_name, in->name);
	event_text(st, &size, &st->stage_plugin, plugin);
	event_text(st, &size, &st->stage_reason, reason);
	notice_post(in->services, st, WEIR_EV_stage, WEIR_OUTCOME_UNKNOWN);
	free(st);
}

void notice_texts_add(struct notice_texts *t, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > sizeof(t->p) - t->len)
		return;
	memcpy(t->p + t->len, text, n);
	t->len += (uint32_t)n;
}

void notice_self_test(struct services *s, const struct notice_self_test *n)
{
	static const unsigned outcomes[] = {
		[WEIR_SELF_TEST_PASSED] = WEIR_OUTCOME_SUCCESS,
		[WEIR_SELF_TEST_FAILED] = WEIR_OUTCOME_FAILURE,
		[WEIR_SELF_TEST_NOT_RUN] = WEIR_OUTCOME_UNKNOWN,
	};
	struct weir_self_test *st = calloc(1, WEIR_REC_MAX);
	uint32_t size = sizeof(*st);

	if (!st)
		return;
	st->base.size = size;
	st->self_test_result = n->result;
	st->self_test_tried = n->tried;
	st->self_test_ns = n->duration_ns;
	if (n->missing.len)
		event_bytes(st, &size, &st->self_test_missing, n->missing.p, n->missing.len);
	if (n->skipped.len)
		event_bytes(st, &size, &st->self_test_skipped, n->skipped.p, n->skipped.len);
	notice_post(s, st, WEIR_EV_self_test, outcomes[n->result]);
	free(st);
}
