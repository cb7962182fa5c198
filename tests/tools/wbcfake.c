/* SPDX-License-Identifier: Apache-2.0 */
/* A client library of winbind for test_acl: it knows one account, CORP\alice. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int wbcLookupSid(const uint8_t *sid, char **domain, char **name, int *type);
void wbcFreeMemory(void *p);

__attribute__((visibility("default")))
int wbcLookupSid(const uint8_t *sid, char **domain, char **name, int *type)
{
	static const uint8_t alice[28] = { 1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0,
		9, 0, 0, 0, 0x51, 4, 0, 0 };

	if (memcmp(sid, alice, sizeof(alice)))
		return 7;
	*domain = strdup("CORP");
	*name = strdup("alice");
	*type = 1;
	return 0;
}

__attribute__((visibility("default")))
void wbcFreeMemory(void *p)
{
	free(p);
}
