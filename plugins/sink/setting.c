/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the words in which a setting is refused. */
#include "plugins/sink/setting.h"

#include <grp.h>

int setting_refuse(const struct weir_setup *setup, const char *option, const char *value,
		   const char *why)
{
	weir_logf(setup, WEIR_LOG_ERROR, "%s \"%s\": %s", option, value, why);
	return -1;
}

int setting_group(const struct weir_setup *setup, const char *name, gid_t *gid)
{
	struct group g, *found = NULL;
	char buf[16384];

	*gid = (gid_t)-1;
	if (!*name)
		return 0;
	if (getgrnam_r(name, &g, buf, sizeof(buf), &found) || !found)
		return setting_refuse(setup, "group", name, "there is no such group");
	*gid = g.gr_gid;
	return 0;
}
