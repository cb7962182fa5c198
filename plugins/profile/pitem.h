/* SPDX-License-Identifier: Apache-2.0 */
/* What one event does, as a profile sees it. */
#pragma once

#include "ptree.h"

/* Types that have a state of their own. In files: rows are only added. */
enum ptype {
	PTYPE_EXEC,
	PTYPE_FILE,
	PTYPE_DNS,
	PTYPE_CONNECT,
	PTYPE_BIND,
	PTYPE_SIGNAL,
	PTYPE_MODULE,
	PTYPE_CREDENTIALS,
	PTYPE_MOUNT,
	PTYPE_SYSCALL,
	PTYPE_CAPABILITY,
	PTYPE__MAX
};

struct pitem {
	uint8_t type;		/* enum ptype */
	uint8_t kind;		/* enum pnode_kind */
	uint8_t access;		/* of files: enum pnode_access */
	bool exact;		/* a pattern does not stand for it: it may be executed */
	uint32_t number;
	uint32_t len;
	const char *name;	/* of files and processes: a path as of preduce_path() */
};

/* The name of a PNODE_CONNECT or PNODE_BIND: its first `3 + n` bytes, n: bytes of the prefix. */
struct pitem_net {
	uint8_t family;		/* 2 or 10 as AF_INET and AF_INET6 */
	uint8_t protocol;	/* of IP */
	uint8_t bits;		/* of the prefix; 0: any address */
	uint8_t addr[16];
};

/* addr: network order. Bytes of `out` that are the name. */
uint32_t pitem_net(struct pitem_net *out, uint8_t family, uint8_t protocol, const uint8_t *addr,
		   unsigned bits);
const char *pitem_type_name(enum ptype type);
/* PTYPE__MAX: there is none of that name. */
enum ptype pitem_type_of(const char *name);
/* A pattern is a file. NULL: of the root. */
const char *pitem_kind_name(enum pnode_kind kind);
/* Of one bit, by its number, of enum pnode_access or pnode_origin; NULL: there is none. */
const char *pitem_access_name(unsigned bit);
const char *pitem_origin_name(unsigned bit);
/* In words, for people: at most `size` bytes with the NUL. */
void pitem_text(const struct pitem *item, char *out, size_t size);
/* The same of a node, without those above it. */
void pitem_node_text(const struct ptree *t, uint32_t ref, char *out, size_t size);
/* A node with those above it, up to the process below which it is; of a process, its path. */
void pitem_path_text(const struct ptree *t, uint32_t ref, char *out, size_t size);
/* Names are any bytes: whether these are text. */
bool pitem_is_utf8(const char *p, uint32_t len);
