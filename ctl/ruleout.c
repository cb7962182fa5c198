/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says of its kind of events: which of them a profile knows. */
#include "ruleout.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sigmaout.h"

/* A name, or the number itself. */
static void put_name(struct ruleout *w, const char *set, uint64_t number)
{
	const char *name = facts_value_name(set, number);

	if (name)
		fputs(name, w->out);
	else
		fprintf(w->out, "%llu", (unsigned long long)number);
}

/* ---- items -----------------------------------------------------------------------*/

static enum sigmaout_as as_of(const struct fact *x)
{
	return facts_is_reduced(x->kind) && memchr(x->text, '*', x->len) ? SIGMAOUT_REGEX :
	       x->kind == PNODE_FILE && !strncmp(x->text, "/proc/self/", 11) ? SIGMAOUT_REGEX :
	       SIGMAOUT_TEXT;
}

/* What texts of a kind, with one of the accesses (0: any), are compared with a field in a way. */
struct choice {
	enum pnode_kind kind;
	uint8_t access;
	enum sigmaout_as as;
};

static bool chosen(const struct fact *x, const struct choice *c)
{
	return as_of(x) == c->as && (!c->access || x->access & c->access) &&
	       sigmaout_can(x->text, x->len);
}

static bool any(struct ruleout *w, const struct choice *c)
{
	const struct fact *x;

	FACTS_EACH(w->facts, c->kind, x)
		if (chosen(x, c))
			return true;
	return false;
}

/* Of abstract sockets a profile has "/@name": either may be meant. */
static void put_one(struct ruleout *w, const struct fact *x, enum sigmaout_as as)
{
	fputs("        - ", w->out);
	sigmaout_value(w->out, x->text, x->len, as);
	fputc('\n', w->out);
	if (x->kind != PNODE_UNIX || strncmp(x->text, "/@", 2))
		return;
	fputs("        - ", w->out);
	sigmaout_value(w->out, x->text + 1, x->len - 1, as);
	fputc('\n', w->out);
}

/* The first line of a map in the list of what is known. */
static void begin_item(struct ruleout *w, const char *name)
{
	if (!w->selection || strcmp(w->selection, name))
		fprintf(w->out, "  %s:\n", name);
	w->selection = name;
	fputs("    - ", w->out);
}

/* types: of events, NULL: all of the rule. */
static void put_texts(struct ruleout *w, const char *name, const char *types, const char *field,
		      enum pnode_kind kind, uint8_t access)
{
	static const char *const modifiers[] = { "cased", "re" };
	struct choice c = { kind, access, SIGMAOUT_TEXT };
	const struct fact *x;

	for (; c.as <= SIGMAOUT_REGEX; c.as++) {
		if (!any(w, &c))
			continue;
		begin_item(w, name);
		if (types)
			fprintf(w->out, "type: [ %s ]\n      ", types);
		fprintf(w->out, "%s|%s:\n", field, modifiers[c.as]);
		FACTS_EACH(w->facts, kind, x)
			if (chosen(x, &c))
				put_one(w, x, c.as);
	}
}

/* ---- what is known, by type of rule --------------------------------------------------*/

static void put_exec(struct ruleout *w)
{
	fputs("  failed: { outcome: failure }\n", w->out);
	put_texts(w, "known", NULL, "process.exe.path", PNODE_PROCESS, 0);
}

static void put_script(struct ruleout *w)
{
	fputs("  failed: { outcome: failure }\n", w->out);
	put_texts(w, "known", NULL, "exec.script.path", PNODE_SCRIPT, 0);
}

static void put_changes(struct ruleout *w)
{
	put_texts(w, "known", "create, mkdir, symlink, truncate", "file.path", PNODE_FILE,
		  PNODE_WRITE);
	put_texts(w, "known", "unlink, rmdir, rename", "file.path", PNODE_FILE, PNODE_REMOVE);
	put_texts(w, "known", "chmod, chown, setxattr, removexattr, set_acl", "file.path",
		  PNODE_FILE, PNODE_META);
	begin_item(w, "known");
	fputs("type: [ link, chattr ]\n  moves: { type: [ rename, link ] }\n", w->out);
	put_texts(w, "target", NULL, "target.path", PNODE_FILE, PNODE_WRITE);
	if (strcmp(w->selection, "target"))
		fputs("  target: { target.path|exists: false }\n", w->out);
}

static void put_writes(struct ruleout *w)
{
	fputs("  writes: { open.flags|contains: [ write, created, O_APPEND, O_TRUNC ] }\n"
	      "  path: { open.flags|contains: O_PATH }\n", w->out);
	put_texts(w, "known", NULL, "file.path", PNODE_FILE, PNODE_WRITE);
}

static void put_maps(struct ruleout *w)
{
	put_texts(w, "known", NULL, "file.path", PNODE_FILE, PNODE_MAP);
}

static unsigned labels(const struct fact *x)
{
	unsigned n = 1;
	uint32_t i;

	for (i = 0; i < x->len; i++)
		n += x->text[i] == '.';
	return n;
}

/* As many labels as any name has: there may have been more in front of them. */
static void put_names(struct ruleout *w)
{
	const struct fact *x;
	unsigned most = 2;
	char *below;

	FACTS_EACH(w->facts, PNODE_DNS, x)
		most = labels(x) > most ? labels(x) : most;
	FACTS_EACH(w->facts, PNODE_DNS, x) {
		if (!sigmaout_can(x->text, x->len))
			continue;
		begin_item(w, "known");
		fputs("dns.question.name: ", w->out);
		sigmaout_value(w->out, x->text, x->len, SIGMAOUT_TEXT);
		fputc('\n', w->out);
		if (labels(x) < most)
			continue;
		if (asprintf(&below, ".%s", x->text) < 0)
			abort();
		fputs("    - dns.question.name|endswith: ", w->out);
		sigmaout_value(w->out, below, x->len + 1, SIGMAOUT_TEXT);
		fputc('\n', w->out);
		free(below);
	}
}

static void put_protocol(struct ruleout *w, const struct pitem_net *net)
{
	if (!net->protocol)
		return;
	fputs("      socket.protocol: ", w->out);
	put_name(w, "protocol", net->protocol);
	fputc('\n', w->out);
}

/* Facts of one network stand together: they differ in the port only. */
static void put_networks(struct ruleout *w)
{
	const struct fact *x, *next;
	struct pitem_net net;
	char addr[INET6_ADDRSTRLEN] = "";

	for (x = facts_next(w->facts, PNODE_CONNECT, NULL); x; x = next) {
		net = facts_net(x);
		inet_ntop(net.family, net.addr, addr, sizeof(addr));
		begin_item(w, "known");
		fprintf(w->out, "destination.ip|cidr: '%s/%u'\n      destination.port: [ %u", addr,
			net.bits, x->number);
		next = facts_next(w->facts, PNODE_CONNECT, x);
		for (; next && next->len == x->len && !memcmp(next->text, x->text, x->len);
		     next = facts_next(w->facts, PNODE_CONNECT, next))
			fprintf(w->out, ", %u", next->number);
		fputs(" ]\n", w->out);
		put_protocol(w, &net);
	}
}

static void put_connect(struct ruleout *w)
{
	fputs("  place:\n    - destination.ip|exists: true\n    - socket.path|exists: true\n",
	      w->out);
	put_networks(w);
	put_texts(w, "known", NULL, "socket.path", PNODE_UNIX, 0);
}

static void put_datagrams(struct ruleout *w)
{
	fputs("  place: { destination.ip|exists: true }\n", w->out);
	put_networks(w);
}

/* 0 stands for all ports that are whatever was free. */
static void put_ports(struct ruleout *w, const char *side)
{
	const struct fact *x;
	struct pitem_net net;

	fprintf(w->out, "  place: { %s.ip|exists: true }\n", side);
	FACTS_EACH(w->facts, PNODE_BIND, x) {
		net = facts_net(x);
		begin_item(w, "known");
		fprintf(w->out, "%s.port: %u\n", side, x->number);
		put_protocol(w, &net);
		if (x->number)
			continue;
		fprintf(w->out, "    - %s.port|gte: 32768\n", side);
		put_protocol(w, &net);
	}
}

static void put_bind(struct ruleout *w)
{
	put_ports(w, "source");
}

static void put_accept(struct ruleout *w)
{
	put_ports(w, "destination");
}

static void put_signals(struct ruleout *w)
{
	const struct fact *x;

	FACTS_EACH(w->facts, PNODE_SIGNAL, x) {
		if (!sigmaout_can(x->text, x->len))
			continue;
		begin_item(w, "known");
		fputs("signal.number: ", w->out);
		if (x->number)
			put_name(w, "signal", x->number);
		else
			fputs("null", w->out);
		fputs("\n      target.process.exe.path|cased: ", w->out);
		sigmaout_value(w->out, x->text, x->len, SIGMAOUT_TEXT);
		fputc('\n', w->out);
	}
}

static void put_tracing(struct ruleout *w)
{
	put_texts(w, "known", NULL, "target.process.exe.path", PNODE_PTRACE, 0);
}

static void put_modules(struct ruleout *w)
{
	put_texts(w, "known", NULL, "module.name", PNODE_MODULE, 0);
}

/* "TYPE at PLACE". */
static void put_mounts(struct ruleout *w)
{
	const struct fact *x;
	const char *at;

	FACTS_EACH(w->facts, PNODE_MOUNT, x) {
		at = memmem(x->text, x->len, " at /", 5);
		if (!at || !sigmaout_can(x->text, x->len))
			continue;
		begin_item(w, "known");
		fputs("file.path|re: ", w->out);
		sigmaout_value(w->out, at + 4, x->len - (size_t)(at + 4 - x->text), SIGMAOUT_REGEX);
		fputc('\n', w->out);
		if (at == x->text)
			continue;
		fputs("      mount.fstype: ", w->out);
		sigmaout_value(w->out, x->text, (size_t)(at - x->text), SIGMAOUT_TEXT);
		fputc('\n', w->out);
	}
}

/* ---- kinds -----------------------------------------------------------------------*/

const struct ruleout_kind ruleout_kinds[] = {
	{ PTYPE_EXEC, PNODE_PROCESS, "exec", "exec", "high", "ran a program for the first time",
	  "process.exe.path", " and not failed", NULL, put_exec },
	{ PTYPE_EXEC, PNODE_SCRIPT, "exec", "script", "high", "ran a script for the first time",
	  "exec.script.path", " and not failed", NULL, put_script },
	{ PTYPE_FILE, PNODE_FILE, "file_write", "file_write", "medium",
	  "changed a file for the first time", "file.path", "",
	  "(not known or (moves and not target))", put_changes },
	{ PTYPE_FILE, PNODE_FILE, "open", "open", "medium",
	  "opened a file to write for the first time", "file.path", " and writes and not path",
	  NULL, put_writes },
	{ PTYPE_FILE, PNODE_FILE, "mmap_exec", "mmap_exec", "high",
	  "mapped a file as code for the first time", "file.path", "", NULL, put_maps },
	{ PTYPE_DNS, PNODE_DNS, "dns_query", "dns_query", "medium",
	  "asked for a name for the first time", "dns.question.name", "", NULL, put_names },
	{ PTYPE_CONNECT, PNODE_UNIX, "connect", "connect", "medium",
	  "connected to a place for the first time", NULL, " and place", NULL, put_connect },
	{ PTYPE_CONNECT, 0, "udp_send", "udp_send", "medium",
	  "sent a datagram to a place for the first time", NULL, " and place", NULL,
	  put_datagrams },
	{ PTYPE_BIND, 0, "bind", "bind", "medium", "took a port for the first time", NULL,
	  " and place", NULL, put_bind },
	{ PTYPE_BIND, 0, "listen", "listen", "medium",
	  "listened on a port for the first time", NULL, " and place", NULL, put_bind },
	{ PTYPE_BIND, 0, "accept", "accept", "medium",
	  "accepted on a port for the first time", NULL, " and place", NULL, put_accept },
	{ PTYPE_SIGNAL, PNODE_SIGNAL, "signal", "signal", "medium",
	  "sent a signal for the first time", "target.process.exe.path", "", NULL, put_signals },
	{ PTYPE_SIGNAL, PNODE_PTRACE, "ptrace", "ptrace", "high",
	  "traced a process for the first time", "target.process.exe.path", "", NULL, put_tracing },
	{ PTYPE_MODULE, PNODE_MODULE, "module_load", "module_load", "high",
	  "loaded a kernel module for the first time", "module.name", "", NULL, put_modules },
	{ PTYPE_MOUNT, PNODE_MOUNT, "mount", "mount", "high",
	  "mounted something for the first time", "file.path", "", NULL, put_mounts },
	{ .category = NULL }
};
