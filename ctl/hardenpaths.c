/* SPDX-License-Identifier: Apache-2.0 */
/* What a drop-in for systemd says of files: which of them stay as they are. */
#include <stdlib.h>
#include <string.h>

#include "harden.h"

#define CHANGES	(PNODE_WRITE | PNODE_REMOVE | PNODE_META)

/* ---- folders ---------------------------------------------------------------------*/

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
	FACTS_EACH(h->facts, PNODE_FILE, x)
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

/* ---- settings --------------------------------------------------------------------*/

/* Devices that PrivateDevices= leaves. */
static bool has_devices(const struct harden *h)
{
	static const char *const left[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts/", "/dev/shm/", "/dev/fd",
		"/dev/std", "/dev/log", "/dev/mqueue/", "/dev/hugepages/" };
	const struct fact *x;
	size_t i;

	FACTS_EACH(h->facts, PNODE_FILE, x) {
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

	FACTS_EACH(h->facts, PNODE_CAPUSE, x) {
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

	FACTS_EACH(h->facts, PNODE_FILE, x)
		if (x->access & CHANGES &&
		    (is_in(x, "/sys", 4) || (is_in(x, "/proc", 5) && !is_in(x, "/proc/self", 10) &&
					     !is_in(x, "/proc/*", 7))))
			return true;
	return false;
}

void hardenpaths_put(struct harden *h)
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
		harden_setting(h, PTYPE_FILE, "It used nothing in home folders, as far as opens "
			       "are observed.", "ProtectHome=yes");
	else if (!changed)
		harden_setting(h, PTYPE_FILE, "It changed nothing in home folders.",
			       "ProtectHome=read-only");
	if (!has_devices(h) && !makes_devices(h))
		harden_setting(h, PTYPE_FILE, "It used no devices of hardware.",
			       "PrivateDevices=yes");
	if (!changes_tunables(h))
		harden_setting(h, PTYPE_FILE, "It changed nothing of the kernel below /proc and "
			       "/sys.", "ProtectKernelTunables=yes\nProtectControlGroups=yes");
}
