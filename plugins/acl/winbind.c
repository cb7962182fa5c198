/* SPDX-License-Identifier: Apache-2.0 */
/* Knows of <wbclient.h> what has been in it since its first version. */
#include "winbind.h"

#include <dlfcn.h>
#include <stdlib.h>

struct wbc_sid {
	uint8_t revision, n_subs, authority[6];
	uint32_t subs[SID_MAX_SUBS];
};

typedef int lookup_f(const struct wbc_sid *sid, char **domain, char **name, int *type);
typedef void free_f(void *p);

struct winbind {
	lookup_f *lookup;
	free_f *free;
};

struct winbind *winbind_open(const char *library, const char **why)
{
	struct winbind *w = calloc(1, sizeof(*w));
	void *lib;

	if (!w) {
		*why = "out of memory";
		return NULL;
	}
	lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (lib) {
		w->lookup = (lookup_f *)dlsym(lib, "wbcLookupSid");
		w->free = (free_f *)dlsym(lib, "wbcFreeMemory");
	}
	if (w->lookup && w->free)
		return w;
	*why = dlerror();
	free(w);
	return NULL;
}

void winbind_close(struct winbind *w)
{
	free(w);
}

bool winbind_name(const struct winbind *w, const uint8_t *sid, struct put *o)
{
	struct wbc_sid in = { .revision = sid[0], .n_subs = sid[1] };
	char *domain = NULL, *name = NULL;
	bool known;
	unsigned i;
	int type;

	memcpy(in.authority, sid + 2, sizeof(in.authority));
	for (i = 0; i < sid_subs(sid); i++)
		in.subs[i] = sid_sub(sid, i);
	known = !w->lookup(&in, &domain, &name, &type) && name && *name;
	if (known && domain && *domain) {
		put_escaped(o, domain, strlen(domain));
		put_char(o, '\\');
	}
	if (known)
		put_escaped(o, name, strlen(name));
	w->free(domain);
	w->free(name);
	return known;
}
