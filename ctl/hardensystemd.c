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

#define CHANGES	(PNODE_WRITE | PNODE_REMOVE | PNODE_META)

/* A setting that may stand there if the type was recorded. */
__attribute__((format(printf, 4, 5)))
static void setting(struct harden *h, enum ptype type, const char *why, const char *fmt, ...)
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
		fputs("\n# No use of capabilities was recorded: CapabilityBoundingSet= is not set.\n",
		      h->out);
		return;
	}
	fputs("\n# The capabilities that it used.\nCapabilityBoundingSet=", h->out);
	for (x = facts_next(h->facts, PNODE_CAPUSE, NULL); x;
	     x = facts_next(h->facts, PNODE_CAPUSE, x)) {
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
		setting(h, PTYPE_EXEC, "No program gained privileges when it was begun.",
			"NoNewPrivileges=yes");
	put_capabilities(h);
}

/* ---- system calls ----------------------------------------------------------------*/

static void put_calls(struct harden *h)
{
	static const struct { const char *setting, *calls[6]; } unused[] = {
		{ "ProtectClock", { "adjtimex", "clock_adjtime", "clock_settime", "settimeofday" } },
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
	fputs("\n# The system calls that it made, and those that come before any program.\n", h->out);
	while ((x = harden_unnamed(h, x)))
		harden_comment(h, "Left out, system call %u has no name here.", x->number);
	calls = harden_syscalls(h, &n);
	for (i = 0; i < n; i++)
		fprintf(h->out, "%s%s", i % 8 ? " " : i ? "\nSystemCallFilter=" :
			"SystemCallFilter=", calls[i]);
	free(calls);
	fputs("\nSystemCallErrorNumber=EPERM\n", h->out);
	if (!harden_did_abi(h, WEIR_SYSCALL_COMPAT | WEIR_SYSCALL_X32))
		setting(h, PTYPE_SYSCALL, "All of them were native ones.",
			"SystemCallArchitectures=native");
	for (i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		for (k = 0; unused[i].calls[k] && !harden_did(h, unused[i].calls[k]); k++)
			;
		if (!unused[i].calls[k])
			setting(h, PTYPE_SYSCALL, "It did not make the system calls that this is about.",
				"%s=yes", unused[i].setting);
	}
}

/* ---- files -----------------------------------------------------------------------*/

struct folders {
	const struct fact **of;	/* a fact in each */
	size_t *len;		/* bytes of its text that are the folder */
	size_t n;
};

static bool is_in(const struct fact *x, const char *folder, size_t len)
{
	return x->len > len && !memcmp(x->text, folder, len) && x->text[len] == '/';
}

/* Of file systems that ProtectSystem= leaves as they are. */
static bool is_api(const struct fact *x)
{
	return is_in(x, "/dev", 4) || is_in(x, "/proc", 5) || is_in(x, "/sys", 4);
}

/*
 * The folder in which it was changed, up to the first part that varies; directly below the
 * root the file itself. 0: there is none.
 */
static size_t folder_len(const struct fact *x)
{
	const char *star = memchr(x->text, '*', x->len);
	size_t len = star ? (size_t)(star - x->text) : x->len;

	while (len && x->text[--len] != '/')
		;
	return len || star ? len : x->len;
}

/* In quotes, systemd knows no escapes but of the quote and the backslash. */
static bool can(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len && (unsigned char)s[i] >= 0x20 && s[i] != 0x7f; i++)
		;
	return i == len;
}

static void put_path(FILE *f, const char *s, size_t len)
{
	size_t i;

	fputs("\"-", f);
	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			fputc('\\', f);
		if (s[i] == '%')
			fputc('%', f);
		fputc(s[i], f);
	}
	fputc('"', f);
}

static bool has_folder(const struct folders *all, const struct fact *x, size_t len)
{
	struct fact folder = { .text = x->text, .len = (uint32_t)len };
	size_t i;

	for (i = 0; i < all->n; i++)
		if ((all->len[i] == len && !memcmp(all->of[i]->text, x->text, len)) ||
		    is_in(&folder, all->of[i]->text, all->len[i]))
			return true;
	return false;
}

/* Shorter folders first, so that none comes behind one that it is in. */
static int by_length(const void *a, const void *b)
{
	const struct fact *x = *(const struct fact *const *)a, *y = *(const struct fact *const *)b;
	size_t m = folder_len(x), n = folder_len(y);

	return m < n ? -1 : m > n ? 1 : memcmp(x->text, y->text, m);
}

static void add_folder(struct harden *h, struct folders *all, const struct fact *x)
{
	size_t len = folder_len(x);

	if (!len || !can(x->text, len)) {
		harden_left_out(h, x);
		return;
	}
	if (has_folder(all, x, len))
		return;
	all->of[all->n] = x;
	all->len[all->n++] = len;
}

static void put_folders(struct harden *h)
{
	const struct fact **changed = calloc(h->facts->n + 1, sizeof(*changed)), *x;
	struct folders all = { calloc(h->facts->n + 1, sizeof(*all.of)),
		calloc(h->facts->n + 1, sizeof(*all.len)), 0 };
	size_t n = 0, i;

	if (!changed || !all.of || !all.len)
		abort();
	for (x = facts_next(h->facts, PNODE_FILE, NULL); x; x = facts_next(h->facts, PNODE_FILE, x))
		if (x->access & CHANGES && !is_api(x))
			changed[n++] = x;
	qsort(changed, n, sizeof(*changed), by_length);
	for (i = 0; i < n; i++)
		add_folder(h, &all, changed[i]);
	for (i = 0; i < all.n; i++) {
		fputs("ReadWritePaths=", h->out);
		put_path(h->out, all.of[i]->text, all.len[i]);
		fputc('\n', h->out);
	}
	free(changed);
	free(all.of);
	free(all.len);
}

/* Devices that PrivateDevices= leaves. */
static bool has_devices(const struct harden *h)
{
	static const char *const left[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts/", "/dev/shm/", "/dev/fd",
		"/dev/std", "/dev/log", "/dev/mqueue/", "/dev/hugepages/" };
	const struct fact *x;
	size_t i;

	for (x = facts_next(h->facts, PNODE_FILE, NULL); x; x = facts_next(h->facts, PNODE_FILE, x)) {
		if (!is_in(x, "/dev", 4))
			continue;
		for (i = 0; i < sizeof(left) / sizeof(left[0]); i++)
			if (!strncmp(x->text, left[i], strlen(left[i])))
				break;
		if (i == sizeof(left) / sizeof(left[0]))
			return true;
	}
	return false;
}

/* PrivateDevices= takes these capabilities away. */
static bool makes_devices(const struct harden *h)
{
	const struct fact *x;
	const char *name;

	for (x = facts_next(h->facts, PNODE_CAPUSE, NULL); x;
	     x = facts_next(h->facts, PNODE_CAPUSE, x)) {
		name = harden_capability(x);
		if (name && (!strcmp(name, "CAP_MKNOD") || !strcmp(name, "CAP_SYS_RAWIO")))
			return true;
	}
	return false;
}

/* Below /proc, but not of a process. */
static bool changes_tunables(const struct harden *h)
{
	const struct fact *x;

	for (x = facts_next(h->facts, PNODE_FILE, NULL); x; x = facts_next(h->facts, PNODE_FILE, x))
		if (x->access & CHANGES &&
		    (is_in(x, "/sys", 4) || (is_in(x, "/proc", 5) && !is_in(x, "/proc/self", 10) &&
					     !is_in(x, "/proc/*", 7))))
			return true;
	return false;
}

static void put_files(struct harden *h)
{
	static const char *const homes[] = { "/home", "/root", "/run/user" };
	unsigned i, used = 0, changed = 0;

	if (!facts_has(h->facts, PTYPE_FILE)) {
		fputs("\n# No files were recorded: ProtectSystem= is not set.\n", h->out);
		return;
	}
	fputs("\n# The folders in which it changed something; all others it may read.\n"
	      "ProtectSystem=strict\n", h->out);
	put_folders(h);
	for (i = 0; i < 3; i++) {
		used |= harden_below(h, homes[i], 0);
		changed |= harden_below(h, homes[i], CHANGES);
	}
	if (!used)
		setting(h, PTYPE_FILE, "It used nothing in home folders, as far as opens are observed.",
			"ProtectHome=yes");
	else if (!changed)
		setting(h, PTYPE_FILE, "It changed nothing in home folders.", "ProtectHome=read-only");
	if (!has_devices(h) && !makes_devices(h))
		setting(h, PTYPE_FILE, "It used no devices of hardware.", "PrivateDevices=yes");
	if (!changes_tunables(h))
		setting(h, PTYPE_FILE, "It changed nothing of the kernel below /proc and /sys.",
			"ProtectKernelTunables=yes\nProtectControlGroups=yes");
}

/* ---- the kernel ------------------------------------------------------------------*/

static bool makes_namespaces(const struct facts *f)
{
	const struct fact *x;

	for (x = facts_next(f, PNODE_CRED, NULL); x; x = facts_next(f, PNODE_CRED, x))
		if (!strncmp(x->text, "new namespaces", 14))
			return true;
	return false;
}

static void put_kernel(struct harden *h)
{
	if (!facts_next(h->facts, PNODE_MODULE, NULL))
		setting(h, PTYPE_MODULE, "It loaded no kernel modules.", "ProtectKernelModules=yes");
	if (!makes_namespaces(h->facts))
		setting(h, PTYPE_CREDENTIALS, "It made and entered no namespaces.",
			"RestrictNamespaces=yes");
}

/* ---- network ---------------------------------------------------------------------*/

static bool has_family(const struct facts *f, enum pnode_kind kind, uint8_t family)
{
	const struct fact *x;

	for (x = facts_next(f, kind, NULL); x; x = facts_next(f, kind, x))
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
	for (x = facts_next(h->facts, PNODE_CONNECT, NULL); x;
	     x = facts_next(h->facts, PNODE_CONNECT, x)) {
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

	setting(h, bound ? PTYPE_BIND : PTYPE_CONNECT, "The kinds of sockets that it used. Those of "
		"unix are not all seen; with an address\n# of the internet, libc asks the kernel by "
		"netlink for its own.", "RestrictAddressFamilies=AF_UNIX%s%s%s", ip4 ? " AF_INET" : "",
		ip6 ? " AF_INET6" : "", ip4 || ip6 ? " AF_NETLINK" : "");
	if (facts_next(h->facts, PNODE_BIND, NULL))
		fputs("\n# It has ports of its own, to which anybody may connect: IPAddressAllow= is "
		      "not set.\n", h->out);
	else if (facts_has(h->facts, PTYPE_CONNECT))
		put_networks(h);
}

int hardensystemd_put(struct harden *h)
{
	harden_comment(h, "What %s did, as of %s. Made by `weirctl profile hardening`.",
		       h->facts->profile->name, h->written);
	fputs("# For /etc/systemd/system/UNIT.d/. What it did not do while it was watched is refused.\n"
	      "[Service]\n", h->out);
	put_privileges(h);
	put_calls(h);
	put_files(h);
	put_kernel(h);
	put_network(h);
	return ST_OK;
}
