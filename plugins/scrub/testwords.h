/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: the words that the plugin has without any settings. */
#pragma once

#include <stdlib.h>

#include <weir/plugin.h>

#include "secretkey.h"

extern const struct weir_plugin weir_plugin;

static inline void testwords_add(struct secretkeys *keys, const char *option,
				 enum secret_class cls)
{
	const struct weir_option *o = weir_plugin.options;
	char *copy, *word;
	const char *why;

	while (strcmp(o->name, option))
		o++;
	copy = strdup(o->dflt);
	for (word = strtok(copy, ","); word; word = strtok(NULL, ","))
		if (secretkeys_add(keys, word, cls, &why))
			abort();
	free(copy);
}

static inline void testwords_init(struct secretkeys *keys)
{
	testwords_add(keys, "passwords", SECRET_PASSWORD);
	testwords_add(keys, "keys", SECRET_KEY);
	testwords_add(keys, "hints", SECRET_HINT);
	testwords_add(keys, "harmless", SECRET_HARMLESS);
}
