/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile for AppArmor. It is attached to no program: a unit or a runtime of containers
 * names it. What was not recorded is allowed as a whole.
 */
#include <ctype.h>
#include <string.h>

#include "harden.h"
#include "weirctl.h"

/* What lies in a path and has no meaning: all but the * of profiles, and no controls. */
static bool can(const struct fact *x)
{
	uint32_t i;

	for (i = 0; i < x->len; i++)
		if ((unsigned char)x->text[i] < 0x20 || x->text[i] == 0x7f ||
		    (x->text[i] == '@' && x->text[i + 1] == '{'))
			return false;
	return x->len && x->text[0] == '/';
}

static void put_path(FILE *f, const char *s)
{
	fputc('"', f);
	/* The process itself has a number. */
	if (!strncmp(s, "/proc/self/", 11)) {
		fputs("/proc/*/", f);
		s += 11;
	}
	for (; *s; s++) {
		if (strchr("\"\\[]{}?^", *s))
			fputc('\\', f);
		fputc(*s, f);
	}
}

/* A folder has a / at its end, and a profile does not tell which ones are folders. */
static void put_file(struct harden *h, const struct fact *x, const char *modes, bool or_folder)
{
	if (!can(x)) {
		if (strcmp(x->text, "/?"))
			fputs("  ", h->out), harden_left_out(h, x);
		return;
	}
	fputs("  ", h->out);
	put_path(h->out, x->text);
	fprintf(h->out, "%s\" %s,\n", or_folder ? "{,/}" : "", modes);
}

static void put_files(struct harden *h)
{
	const struct fact *x;
	char modes[8];
	size_t n;

	if (!facts_has(h->facts, PTYPE_FILE)) {
		fputs("  # No files were recorded.\n  file,\n", h->out);
		return;
	}
	FACTS_EACH(h->facts, PNODE_FILE, x) {
		n = 0;
		if (x->access & PNODE_MAP)
			modes[n++] = 'm';
		if (x->access & (PNODE_READ | PNODE_MAP))
			modes[n++] = 'r';
		modes[n] = 0;
		/* Locks are not recorded, and a link is a write of its new name. */
		if (x->access & (PNODE_WRITE | PNODE_REMOVE | PNODE_META))
			n = (size_t)(stpcpy(modes + n, "wkl") - modes);
		if (n)
			put_file(h, x, modes, !(x->access & PNODE_MAP));
	}
	FACTS_EACH(h->facts, PNODE_UNIX, x)
		if (strncmp(x->text, "/@", 2))
			put_file(h, x, "rw", false);
}

static void put_programs(struct harden *h)
{
	const struct fact *x;

	FACTS_EACH(h->facts, PNODE_PROCESS, x)
		put_file(h, x, "mrix", false);
	FACTS_EACH(h->facts, PNODE_SCRIPT, x)
		put_file(h, x, "rix", false);
}

static void put_capabilities(struct harden *h)
{
	const struct fact *x;
	const char *s;

	if (!facts_has(h->facts, PTYPE_CAPABILITY)) {
		fputs("  # No use of capabilities was recorded.\n  capability,\n", h->out);
		return;
	}
	FACTS_EACH(h->facts, PNODE_CAPUSE, x) {
		s = harden_capability(x);
		if (!s)
			continue;
		fputs("  capability ", h->out);
		for (s += strlen("CAP_"); *s; s++)
			fputc(tolower((unsigned char)*s), h->out);
		fputs(",\n", h->out);
	}
}

/* ---- network ---------------------------------------------------------------------*/

static void put_networks(struct harden *h, enum pnode_kind kind, bool seen[2][3])
{
	static const char *const families[] = { "inet", "inet6" };
	static const char *const types[] = { "stream", "dgram", NULL };
	const struct fact *x;
	struct pitem_net net;
	unsigned family, type;

	FACTS_EACH(h->facts, kind, x) {
		net = facts_net(x);
		family = net.family == 10;
		type = net.protocol == 6 ? 0 : net.protocol == 17 ? 1 : 2;
		if (seen[family][type])
			continue;
		seen[family][type] = true;
		fprintf(h->out, "  network %s%s%s,\n", families[family], types[type] ? " " : "",
			types[type] ? types[type] : "");
	}
}

static void put_network(struct harden *h)
{
	bool seen[2][3] = { { false } };

	if (!facts_has(h->facts, PTYPE_CONNECT) && !facts_has(h->facts, PTYPE_BIND)) {
		fputs("  # No sockets were recorded.\n  network,\n", h->out);
		return;
	}
	put_networks(h, PNODE_CONNECT, seen);
	put_networks(h, PNODE_BIND, seen);
	fputs("  # Not all of these are seen; libc asks for addresses by netlink.\n"
	      "  network netlink raw,\n  unix,\n", h->out);
}

/* ---- others ----------------------------------------------------------------------*/

static void put_signal_name(FILE *f, uint32_t number)
{
	const char *s = facts_value_name("signal", number);

	if (!number)
		fputs("exists", f);
	else if (!s)
		fprintf(f, "rtmin+%u", number < 32 ? 0 : number - 32);
	else if (!strcmp(s, "SIGPOLL"))
		fputs("io", f);
	else
		for (s += strlen("SIG"); *s; s++)
			fputc(tolower((unsigned char)*s), f);
}

static void put_signals(struct harden *h)
{
	const struct fact *x;
	uint64_t seen[2] = { 0 };

	fputs("  signal (receive),\n", h->out);
	if (!facts_has(h->facts, PTYPE_SIGNAL)) {
		fputs("  # No signals were recorded.\n  signal (send),\n", h->out);
		return;
	}
	FACTS_EACH(h->facts, PNODE_SIGNAL, x) {
		if (x->number > 64 || seen[x->number / 64] >> x->number % 64 & 1)
			continue;
		seen[x->number / 64] |= 1ull << x->number % 64;
		fputs("  signal (send) set=(", h->out);
		put_signal_name(h->out, x->number);
		fputs("),\n", h->out);
	}
	if (facts_next(h->facts, PNODE_PTRACE, NULL))
		fputs("  ptrace (read, trace),\n", h->out);
}

/* "TYPE at PLACE"; a type that no file system has is left out, which allows any. */
static void put_mounts(struct harden *h)
{
	struct fact place;
	const struct fact *x;
	const char *at;
	size_t n;

	FACTS_EACH(h->facts, PNODE_MOUNT, x) {
		at = strstr(x->text, " at /");
		place = *x;
		place.text = at ? x->text + (at + 4 - x->text) : x->text;
		place.len = x->len - (uint32_t)(place.text - x->text);
		if (!can(&place)) {
			fputs("  ", h->out);
			harden_left_out(h, x);
			continue;
		}
		n = strspn(x->text, "abcdefghijklmnopqrstuvwxyz0123456789_");
		fputs("  mount ", h->out);
		if (n && x->text + n == at)
			fprintf(h->out, "fstype=%.*s ", (int)n, x->text);
		fputs("-> ", h->out);
		put_path(h->out, place.text);
		fputs("{,/}\",\n", h->out);
	}
}

static void put_name(struct harden *h)
{
	const char *s;

	fputs("profile weir-", h->out);
	for (s = h->facts->profile->name; *s; s++)
		fputc(isalnum((unsigned char)*s) || strchr("._-", *s) ? *s : '_', h->out);
	fputs(" flags=(attach_disconnected, mediate_deleted) {\n", h->out);
}

int hardenapparmor_put(struct harden *h)
{
	harden_comment(h, "What %s did, as of %s. Made by `weirctl profile hardening`.",
		       h->facts->profile->name, h->written);
	fputs("# Load it with apparmor_parser -r, first with the flag complain; a unit names it\n"
	      "# by AppArmorProfile=, a container by --security-opt apparmor=.\n"
	      "abi <abi/3.0>,\ninclude <tunables/global>\n\n", h->out);
	put_name(h);
	fputs("  include <abstractions/base>\n\n", h->out);
	put_capabilities(h);
	put_network(h);
	put_signals(h);
	put_mounts(h);
	fputc('\n', h->out);
	put_programs(h);
	put_files(h);
	fputs("}\n", h->out);
	return ST_OK;
}
