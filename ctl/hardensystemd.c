/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drop-in for a unit of systemd. Each setting has its reason above it. One whose reason
 * is that something was never seen, and of which nothing at all was recorded, is a comment:
 * perhaps nobody looked.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <weir/wire.h>

#include "harden.h"
#include "weirctl.h"

/* A setting that may stand there if the type was recorded. */
void harden_setting(struct harden *h, enum ptype type, const char *why, const char *fmt, ...)
{
	bool sure = facts_has(h->facts, type);
	va_list ap;

	fprintf(h->out, "\n# %s\n", why);
	if (!sure)
		fprintf(h->out, "# But nothing of type %s was recorded. If it is:\n#",
			pitem_type_name(type));
	va_start(ap, fmt);
	vfprintf(h->out, fmt, ap);
	va_end(ap);
	fputc('\n', h->out);
}

/* ---- privileges ------------------------------------------------------------------*/

/* Of the users that a program was begun as: 1: root, 2: another. */
static unsigned users_of(const struct ptree *t, uint32_t ref)
{
	unsigned users = 0;
	uint32_t at;

	for (at = ptree_at(t, ref)->child; at; at = ptree_at(t, at)->next)
		if (ptree_at(t, at)->kind == PNODE_USER)
			users |= ptree_at(t, at)->number ? 2 : 1;
	return users;
}

/* A program ran as root that another user's had begun: it has the set-user-ID bit. */
static bool gains_privileges(const struct ptree *t)
{
	uint32_t ref, parent;

	for (ref = ptree_next(t, t->root); ref; ref = ptree_next(t, ref)) {
		parent = ptree_at(t, ref)->parent;
		if (ptree_at(t, ref)->kind == PNODE_PROCESS &&
		    ptree_at(t, parent)->kind == PNODE_PROCESS && users_of(t, ref) & 1 &&
		    users_of(t, parent) == 2)
			return true;
	}
	return false;
}

static void put_capabilities(struct harden *h)
{
	const struct fact *x;
	const char *blank = "";

	if (!facts_has(h->facts, PTYPE_CAPABILITY)) {
		fputs("\n# No use of capabilities was recorded: CapabilityBoundingSet= is not "
		      "set.\n", h->out);
		return;
	}
	fputs("\n# The capabilities that it used.\nCapabilityBoundingSet=", h->out);
	FACTS_EACH(h->facts, PNODE_CAPUSE, x) {
		if (!harden_capability(x))
			continue;
		fprintf(h->out, "%s%s", blank, harden_capability(x));
		blank = " ";
	}
	fputc('\n', h->out);
}

static void put_privileges(struct harden *h)
{
	if (gains_privileges(&h->facts->profile->tree))
		fputs("\n# A program gained privileges: NoNewPrivileges= is not set.\n", h->out);
	else
		harden_setting(h, PTYPE_EXEC, "No program gained privileges when it was begun.",
			       "NoNewPrivileges=yes");
	put_capabilities(h);
}

/* ---- system calls ----------------------------------------------------------------*/

static void put_calls(struct harden *h)
{
	static const struct { const char *setting, *calls[6]; } unused[] = {
		{ "ProtectClock", { "adjtimex", "clock_adjtime", "clock_settime",
				    "settimeofday" } },
		{ "ProtectHostname", { "sethostname", "setdomainname" } },
		{ "LockPersonality", { "personality" } },
		{ "RestrictRealtime", { "sched_setscheduler", "sched_setattr", "sched_setparam" } },
		{ "ProtectKernelLogs", { "syslog" } },
	};
	const struct fact *x = NULL;
	const char **calls;
	size_t n, i, k;

	if (!facts_has(h->facts, PTYPE_SYSCALL)) {
		fputs("\n# No system calls were recorded: SystemCallFilter= is not set.\n", h->out);
		return;
	}
	fputs("\n# The system calls that it made, and those that come before any program.\n",
	      h->out);
	while ((x = harden_unnamed(h, x)))
		harden_comment(h, "Left out, system call %u has no name here.", x->number);
	calls = harden_syscalls(h, &n);
	for (i = 0; i < n; i++)
		fprintf(h->out, "%s%s", i % 8 ? " " : i ? "\nSystemCallFilter=" :
			"SystemCallFilter=", calls[i]);
	free(calls);
	fputs("\nSystemCallErrorNumber=EPERM\n", h->out);
	if (!harden_did_abi(h, WEIR_SYSCALL_COMPAT | WEIR_SYSCALL_X32))
		harden_setting(h, PTYPE_SYSCALL, "All of them were native ones.",
			       "SystemCallArchitectures=native");
	for (i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		for (k = 0; unused[i].calls[k] && !harden_did(h, unused[i].calls[k]); k++)
			;
		if (!unused[i].calls[k])
			harden_setting(h, PTYPE_SYSCALL, "It did not make the system calls that "
				       "this is about.", "%s=yes", unused[i].setting);
	}
}

/* ---- the kernel ------------------------------------------------------------------*/

static bool makes_namespaces(const struct facts *f)
{
	const struct fact *x;

	FACTS_EACH(f, PNODE_CRED, x)
		if (!strncmp(x->text, "new namespaces", 14))
			return true;
	return false;
}

static void put_kernel(struct harden *h)
{
	if (!facts_next(h->facts, PNODE_MODULE, NULL))
		harden_setting(h, PTYPE_MODULE, "It loaded no kernel modules.",
			       "ProtectKernelModules=yes");
	if (!makes_namespaces(h->facts))
		harden_setting(h, PTYPE_CREDENTIALS, "It made and entered no namespaces.",
			       "RestrictNamespaces=yes");
}

/* ---- network ---------------------------------------------------------------------*/

static bool has_family(const struct facts *f, enum pnode_kind kind, uint8_t family)
{
	const struct fact *x;

	FACTS_EACH(f, kind, x)
		if (facts_net(x).family == family)
			return true;
	return false;
}

static void put_networks(struct harden *h)
{
	const struct fact *x, *last = NULL;
	char addr[INET6_ADDRSTRLEN];
	struct pitem_net net;

	fputs("\n# The networks that it connected to; nobody connects to it.\n"
	      "IPAddressDeny=any\nIPAddressAllow=localhost\n", h->out);
	FACTS_EACH(h->facts, PNODE_CONNECT, x) {
		net = facts_net(x);
		/* The same but for the protocol, or the port. */
		if (last && last->len == x->len && last->text[0] == x->text[0] &&
		    !memcmp(last->text + 2, x->text + 2, x->len - 2))
			continue;
		last = x;
		if (inet_ntop(net.family, net.addr, addr, sizeof(addr)))
			fprintf(h->out, "IPAddressAllow=%s/%u\n", addr, net.bits);
	}
}

static void put_network(struct harden *h)
{
	bool ip4 = has_family(h->facts, PNODE_CONNECT, 2) || has_family(h->facts, PNODE_BIND, 2);
	bool ip6 = has_family(h->facts, PNODE_CONNECT, 10) || has_family(h->facts, PNODE_BIND, 10);
	bool bound = facts_has(h->facts, PTYPE_BIND);

	harden_setting(h, bound ? PTYPE_BIND : PTYPE_CONNECT,
		       "The kinds of sockets that it used. Those of unix are not all seen; with an "
		       "address\n# of the internet, libc asks the kernel by netlink for its own.",
		       "RestrictAddressFamilies=AF_UNIX%s%s%s", ip4 ? " AF_INET" : "",
		       ip6 ? " AF_INET6" : "", ip4 || ip6 ? " AF_NETLINK" : "");
	if (facts_next(h->facts, PNODE_BIND, NULL))
		fputs("\n# It has ports of its own, to which anybody may connect: IPAddressAllow= "
		      "is not set.\n", h->out);
	else if (facts_has(h->facts, PTYPE_CONNECT))
		put_networks(h);
}

int hardensystemd_put(struct harden *h)
{
	harden_comment(h, "What %s did, as of %s. Made by `weirctl profile hardening`.",
		       h->facts->profile->name, h->written);
	fputs("# For /etc/systemd/system/UNIT.d/. What it did not do while it was watched is\n"
	      "# refused.\n[Service]\n", h->out);
	put_privileges(h);
	put_calls(h);
	hardenpaths_put(h);
	put_kernel(h);
	put_network(h);
	return ST_OK;
}
