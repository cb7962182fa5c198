/* SPDX-License-Identifier: Apache-2.0 */
#include "pitem.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <weir/syscall.h>

#define NET_HEAD	3u	/* bytes of a pitem_net before the address */
#define TEXT_PARTS	64u	/* components of a path that are told */

static const char *const type_names[PTYPE__MAX] = {
	[PTYPE_EXEC] = "exec", [PTYPE_FILE] = "file", [PTYPE_DNS] = "dns",
	[PTYPE_CONNECT] = "connect", [PTYPE_BIND] = "bind", [PTYPE_SIGNAL] = "signal",
	[PTYPE_MODULE] = "module", [PTYPE_CREDENTIALS] = "credentials", [PTYPE_MOUNT] = "mount",
	[PTYPE_SYSCALL] = "syscall", [PTYPE_CAPABILITY] = "capability",
};

static const char *const kind_names[PNODE__MAX] = {
	[PNODE_PROCESS] = "program", [PNODE_FILE] = "file", [PNODE_PATTERN] = "file",
	[PNODE_ARGS] = "arguments", [PNODE_USER] = "user", [PNODE_SCRIPT] = "script",
	[PNODE_DNS] = "name", [PNODE_CONNECT] = "network", [PNODE_BIND] = "port",
	[PNODE_UNIX] = "socket",
	[PNODE_SIGNAL] = "signal", [PNODE_PTRACE] = "tracing", [PNODE_MODULE] = "module",
	[PNODE_CRED] = "credentials", [PNODE_MOUNT] = "mount", [PNODE_CAPS] = "capabilities",
	[PNODE_SYSCALL] = "system call", [PNODE_CAPUSE] = "capability",
};

const char *pitem_type_name(enum ptype type)
{
	return type_names[type];
}

const char *pitem_kind_name(enum pnode_kind kind)
{
	return kind_names[kind];
}

const char *pitem_access_name(unsigned bit)
{
	static const char *const of[] = { "read", "write", "remove", "change", "map",
		"executable" };

	return bit < sizeof(of) / sizeof(of[0]) ? of[bit] : NULL;
}

const char *pitem_origin_name(unsigned bit)
{
	static const char *const of[] = { "before the sensor", "warm-up", "learnt", "approved" };

	return bit < sizeof(of) / sizeof(of[0]) ? of[bit] : NULL;
}

enum ptype pitem_type_of(const char *name)
{
	unsigned i;

	for (i = 0; i < PTYPE__MAX; i++)
		if (!strcmp(type_names[i], name))
			break;
	return i;
}

uint32_t pitem_net(struct pitem_net *out, uint8_t family, uint8_t protocol, const uint8_t *addr,
		   unsigned bits)
{
	uint32_t n = (bits + 7) / 8;

	*out = (struct pitem_net){ .family = family, .protocol = protocol, .bits = (uint8_t)bits };
	memcpy(out->addr, addr, n);
	if (bits % 8)
		out->addr[n - 1] &= (uint8_t)(0xff << (8 - bits % 8));
	return NET_HEAD + n;
}

static void net_text(const struct pitem *item, char *out, size_t size)
{
	struct pitem_net net = { 0 };
	char addr[INET6_ADDRSTRLEN] = "any address";
	const char *proto;

	memcpy(&net, item->name, item->len < sizeof(net) ? item->len : sizeof(net));
	if (net.bits)
		inet_ntop(net.family, net.addr, addr, sizeof(addr));
	proto = net.protocol == 6 ? "tcp" : net.protocol == 17 ? "udp" : "protocol";
	if (net.bits)
		snprintf(out, size, "%s/%u port %u %s", addr, net.bits, item->number, proto);
	else
		snprintf(out, size, "port %u %s", item->number, proto);
}

static void cap_text(uint32_t number, char *out, size_t size)
{
	static const struct { const char *set; uint32_t number; const char *name; } values[] = {
#define VALUE(set, number, name) { #set, (uint32_t)(number), name },
#include <weir/values.def>
	};
	size_t i;

	snprintf(out, size, "capability %u", number);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i].number == number && !strcmp(values[i].set, "capability"))
			snprintf(out, size, "%s", values[i].name);
}

void pitem_text(const struct pitem *item, char *out, size_t size)
{
	const int len = (int)item->len;

	switch (item->kind) {
	case PNODE_CONNECT:
	case PNODE_BIND:
		net_text(item, out, size);
		break;
	case PNODE_USER:
		snprintf(out, size, "user %u", item->number);
		break;
	case PNODE_DNS:
		snprintf(out, size, "%.*s type %u", len, item->name, item->number);
		break;
	case PNODE_SIGNAL:
		snprintf(out, size, "signal %u to %.*s", item->number, len, item->name);
		break;
	case PNODE_SYSCALL:
		weir_syscall_text(item->number, out, size);
		break;
	case PNODE_CAPUSE:
		cap_text(item->number, out, size);
		break;
	default:
		snprintf(out, size, "%.*s", len, item->name);
	}
}

static bool is_tail(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

/* Bytes of the character at p; 0: it is none of UTF-8. */
static uint32_t utf8_len(const uint8_t *p, uint32_t left)
{
	uint32_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
		     p[0] < 0xf5 ? 4 : 0, i;

	for (i = 1; i < n; i++)
		if (i >= left || !is_tail(p[i]))
			return 0;
	/* Too long for what they say, surrogates, beyond the last. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool pitem_is_utf8(const char *p, uint32_t len)
{
	uint32_t n;

	for (; len; p += n, len -= n) {
		n = utf8_len((const uint8_t *)p, len);
		if (!n)
			return false;
	}
	return true;
}

void pitem_node_text(const struct ptree *t, uint32_t ref, char *out, size_t size)
{
	const struct pnode *n = ptree_at(t, ref);
	struct pitem item = { .kind = n->kind, .number = n->number };

	item.name = ptree_name(t, ref, &item.len);
	pitem_text(&item, out, size);
}

static bool is_component(uint8_t kind)
{
	return kind == PNODE_FILE || kind == PNODE_PATTERN;
}

void pitem_path_text(const struct ptree *t, uint32_t ref, char *out, size_t size)
{
	uint32_t parts[TEXT_PARTS], n = 0, len;
	const char *name;
	size_t at = 0;

	if (!is_component(ptree_at(t, ref)->kind)) {
		pitem_node_text(t, ref, out, size);
		return;
	}
	for (; is_component(ptree_at(t, ref)->kind) &&
	     n < TEXT_PARTS; ref = ptree_at(t, ref)->parent)
		parts[n++] = ref;
	out[0] = 0;
	while (n && at < size) {
		name = ptree_name(t, parts[--n], &len);
		at += (size_t)snprintf(out + at, size - at, "/%.*s", (int)len, name);
	}
}
