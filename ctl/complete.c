/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the shell's completion, which has to work without a daemon. */
#include <stdio.h>
#include <string.h>

#include "weirctl.h"

static const char *const events[] = {
#define EVENT(id, name, class, actor, doc) #name,
#include <weir/events.def>
	NULL
};

int complete_print(const char *what)
{
	size_t i;

	if (!strcmp(what, "events")) {
		for (i = 0; events[i]; i++)
			puts(events[i]);
		return ST_OK;
	}
	if (!strcmp(what, "commands")) {
		for (i = 0; commands[i].name; i++)
			puts(commands[i].name);
		return ST_OK;
	}
	fprintf(stderr, "weirctl: --complete knows events and commands\n");
	return ST_USAGE;
}
