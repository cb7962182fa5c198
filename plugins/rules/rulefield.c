/* SPDX-License-Identifier: Apache-2.0 */
/* One row for each field of each type; those of the base are in all kernel events. */
#include "rulefield.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <weir/wire.h>

#define WEIR_EV_base	0
#define MADE_MAX	256u	/* more than there are signals, errors or types of events */

static const struct {
	uint16_t type;
	struct rulefield field;
} rows[] = {
#define FIELD(ev, kind_, member, name_, values_, sigma_, ecs, ocsf, since, doc) \
	{ WEIR_EV_##ev, { .name = name_, .sigma = sigma_, .kind = WEIR_KIND_##kind_, \
		.values = #values_ } },
#include <weir/events.def>
};

static const char *const types[WEIR_EV_MAX] = {
#define EVENT(id, name, class, actor, doc) [id] = #name,
#include <weir/events.def>
};

uint16_t rulefield_type(const char *name)
{
	uint16_t i;

	for (i = 0; i < WEIR_EV_MAX; i++)
		if (types[i] && !strcmp(types[i], name))
			return i;
	return 0;
}

const char *rulefield_type_name(uint16_t type)
{
	return type < WEIR_EV_MAX && types[type] ? types[type] : "";
}

const struct rulefield *rulefield_find(uint16_t type, const char *name)
{
	const struct rulefield *f;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = &rows[i].field;
		if ((rows[i].type == type || !rows[i].type) && *f->name &&
		    (!strcmp(f->name, name) || (*f->sigma && !strcmp(f->sigma, name))))
			return f;
	}
	return NULL;
}

/* ---- names of numbers ------------------------------------------------------------------*/

static const struct {
	const char *set;
	uint64_t number;
	const char *name;
} values[] = {
#define VALUE(set_, number_, name_) { #set_, number_, name_ },
#include <weir/values.def>
};

static bool fits(const char *name, const char *text, bool contain)
{
	return contain ? strcasestr(name, text) != NULL : !strcasecmp(name, text);
}

/* Sets that are made elsewhere than in values.def; NULL: the number has no name. */
static const char *signal_name(unsigned i, char buf[32])
{
	const char *name = i < NSIG ? sigabbrev_np((int)i) : NULL;

	if (name)
		snprintf(buf, 32, "SIG%s", name);
	return name ? buf : NULL;
}

static const char *errno_name(unsigned i, char buf[32])
{
	return i ? strerrorname_np((int)i) : NULL;
}

static const char *event_name(unsigned i, char buf[32])
{
	return i < WEIR_EV_MAX ? types[i] : NULL;
}

static bool made_number(const char *(*name_of)(unsigned i, char buf[32]), const char *text,
			bool contain, uint64_t *out)
{
	const char *name;
	bool found = false;
	char buf[32];
	unsigned i;

	for (i = 0; i < MADE_MAX; i++) {
		name = name_of(i, buf);
		if (!name || !fits(name, text, contain))
			continue;
		*out |= i;
		found = true;
	}
	return found;
}

bool rulefield_number(const char *set, const char *text, bool contain, uint64_t *out)
{
	bool found = false;
	size_t i;

	*out = 0;
	if (!strcmp(set, "signal"))
		return made_number(signal_name, text, contain, out);
	if (!strcmp(set, "errno"))
		return made_number(errno_name, text, contain, out);
	if (!strcmp(set, "event"))
		return made_number(event_name, text, contain, out);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(values[i].set, set) || !fits(values[i].name, text, contain))
			continue;
		*out |= values[i].number;
		found = true;
	}
	return found;
}
