/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be preloaded into nfs4_getfacl: every file has the NFSv4 ACL that the
 * environment names in NFS4_ACL, in hexadecimal digits. So the tool can be asked
 * without a mount of NFS.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

__attribute__((visibility("default")))
ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
	const char *hex = getenv("NFS4_ACL");
	size_t n = hex ? strlen(hex) / 2 : 0, i;
	unsigned byte;

	(void)path;
	errno = !n || strcmp(name, "system.nfs4_acl") ? ENODATA : ERANGE;
	if (errno == ENODATA || (size && size < n))
		return -1;
	for (i = 0; size && i < n; i++)
		if (sscanf(hex + 2 * i, "%2x", &byte) == 1)
			((unsigned char *)value)[i] = (unsigned char)byte;
	return (ssize_t)n;
}
