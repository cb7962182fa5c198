/* SPDX-License-Identifier: Apache-2.0 */
/* Names of SIDs: from the administrator's table, then from ours. */
#include "sid.h"

int sid_name_compare(const struct sid_name *n, const uint8_t *sid, size_t size)
{
	return n->size != size ? (int)n->size - (int)size : memcmp(n->sid, sid, size);
}

static const struct sid_name *given(const struct sid_names *names, const uint8_t *p)
{
	size_t low = 0, high = names ? names->n : 0, at;
	int r;

	while (low < high) {
		at = (low + high) / 2;
		r = sid_name_compare(&names->names[at], p, 8 + 4u * p[1]);
		if (!r)
			return &names->names[at];
		if (r < 0)
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}

static const char *relative(uint32_t rid)
{
	const struct sid_relative *r;

	for (r = sid_relatives; r->name; r++)
		if (r->rid == rid)
			return r->name;
	return NULL;
}

static void put_number(struct put *o, const char *what, uint32_t n)
{
	put_text(o, what);
	put_u64(o, n);
}

/* S-1-5-88-*: identities of Unix in the NFS server's and the cifs client's way. */
static bool put_nfs(struct put *o, const uint8_t *p)
{
	uint32_t id = sid_sub(p, 2);

	switch (sid_sub(p, 1)) {
	case 1:
		put_number(o, "Unix user ", id);
		return true;
	case 2:
		put_number(o, "Unix group ", id);
		return true;
	case 3:
		PUT(o, "Unix mode ");
		put_octal(o, id, 4);
		return true;
	case 4:
		PUT(o, "Unix others");
		return true;
	}
	return false;
}

/* S-1-19-TYPE-LEVEL */
static void put_trust(struct put *o, const uint8_t *p)
{
	uint32_t type = sid_sub(p, 0), level = sid_sub(p, 1);

	PUT(o, "Process trust ");
	put_text(o, type == 512 ? "light" : type == 1024 ? "full" : "type ");
	if (type != 512 && type != 1024)
		put_u64(o, type);
	PUT(o, ", ");
	put_text(o, level == 1024 ? "Authenticode" : level == 1536 ? "antimalware" :
		 level == 2048 ? "app" : level == 4096 ? "Windows" : level == 8192 ? "TCB" :
		 "level ");
	if (level != 1024 && level != 1536 && level != 2048 && level != 4096 && level != 8192)
		put_u64(o, level);
}

/* The domain's name, if it was given, before that of the account. */
static bool put_relative(struct put *o, const uint8_t *p, const struct sid_names *names)
{
	uint8_t domain[SID_MAX_SIZE];
	const struct sid_name *d;
	const char *name = relative(sid_sub(p, 4));

	memcpy(domain, p, 24);
	domain[1] = 4;
	d = given(names, domain);
	if (!name)
		return false;
	if (d) {
		put_mem(o, d->name, d->len);
		put_char(o, '\\');
	}
	put_text(o, name);
	return true;
}

static bool put_nt(struct put *o, const uint8_t *p, const struct sid_names *names)
{
	/* S-1-5-80-... of the service that owns the system's files. */
	static const uint32_t installer[] = { 80, 956008885, 3418522649, 1831038044, 1853292631,
					      2271478464 };
	unsigned i, n = sid_subs(p);
	uint32_t first = sid_sub(p, 0);

	if (first == 21 && n == 5) {
		if (!sid_sub(p, 1) && !sid_sub(p, 2) && !sid_sub(p, 3) &&
		    (sid_sub(p, 4) == 496 || sid_sub(p, 4) == 497)) {
			put_text(o, sid_sub(p, 4) == 496 ? "Compounded authentication" :
							   "Claims valid");
			return true;
		}
		return put_relative(o, p, names);
	}
	if (first == 5 && n == 3) {
		PUT(o, "Logon session");
		return true;
	}
	if (first == 88 && n >= 3)
		return put_nfs(o, p);
	if (first == 84 && n == 6 && !memcmp(p, sid_user_drivers, sizeof(sid_user_drivers))) {
		PUT(o, "User-mode driver host");
		return true;
	}
	if (n != sizeof(installer) / sizeof(*installer))
		return false;
	for (i = 0; i < n; i++)
		if (sid_sub(p, i) != installer[i])
			return false;
	PUT(o, "NT SERVICE\\TrustedInstaller");
	return true;
}

/* Whole families, by their authority. */
static bool put_family(struct put *o, const uint8_t *p, const struct sid_names *names)
{
	unsigned n = sid_subs(p);

	if (sid_authority(p) > 22 || !n)
		return false;
	switch (p[7]) {
	case 5:
		return put_nt(o, p, names);
	case 15:
		if (sid_sub(p, 0) != 3)
			return false;
		PUT(o, "Capability");
		return true;
	case 16:
		PUT(o, "Mandatory Label\\level ");
		put_u64(o, sid_sub(p, 0));
		return true;
	case 17:
		PUT(o, "Central access policy");
		return true;
	case 19:
		if (n != 2)
			return false;
		put_trust(o, p);
		return true;
	case 22:
		if (n != 2 || !sid_sub(p, 0) || sid_sub(p, 0) > 2)
			return false;
		put_number(o, sid_sub(p, 0) == 1 ? "Unix user " : "Unix group ", sid_sub(p, 1));
		return true;
	}
	return false;
}

/* S-1-5-21-... */
static bool is_of_domain(const uint8_t *p)
{
	return sid_authority(p) == 5 && sid_subs(p) >= 4 && sid_sub(p, 0) == 21;
}

bool sid_put_name(struct put *o, const struct sid *s, const struct sid_names *names)
{
	const struct sid_known *k;
	const struct sid_name *g;
	const char *name;

	if (!s->p) {
		name = relative(s->rid);
		if (name)
			put_text(o, name);
		return name;
	}
	g = given(names, s->p);
	if (g) {
		put_mem(o, g->name, g->len);
		return true;
	}
	k = sid_find_known(s->p);
	if (k)
		put_text(o, k->name);
	return k || put_family(o, s->p, names) ||
	       (names && names->put && is_of_domain(s->p) && names->put(names->ctx, o, s->p));
}

void sid_put_full(struct put *o, const struct sid *s, const struct sid_names *names)
{
	if (!sid_put_name(o, s, names)) {
		sid_put(o, s);
		return;
	}
	PUT(o, " (");
	sid_put(o, s);
	put_char(o, ')');
}
