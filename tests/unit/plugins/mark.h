/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves a file behind if code of the plugin has run. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void mark(void)
{
	const char *path = getenv("WEIR_TEST_MARKER");
	int fd = path ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		close(fd);
}
