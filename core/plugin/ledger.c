/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the crash ledger's file. An entry is one sector with a sum of its own,
 * so what is torn is one entry; the file as a whole is made aside and renamed.
 * Relies on nothing that the file says before its sums are right.
 */
#include "plugin/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/ledger_private.h"
#include "util/log.h"
#include "util/macros.h"

/* ---- reading ------------------------------------------------------------------*/

static bool text_ok(const char *p, size_t size)
{
	size_t i;

	for (i = 0; i < size && p[i]; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return i < size;
}

static bool entry_ok(const struct ledger_entry *e, uint32_t slot)
{
	return e->sum == ledger_sum(e) && e->seq <= INT32_MAX &&
	       e->seq % LEDGER_MAX == slot && e->wall_ns >= 0 &&
	       e->phase < LEDGER__MAX &&
	       text_ok(e->build_id, sizeof(e->build_id)) &&
	       text_ok(e->plugin, sizeof(e->plugin)) &&
	       text_ok(e->instance, sizeof(e->instance)) &&
	       text_ok(e->version, sizeof(e->version));
}

static bool header_ok(const struct ledger_header *h)
{
	return !memcmp(h->magic, LEDGER_FILE_MAGIC, sizeof(h->magic)) &&
	       h->version == LEDGER_VERSION && h->n_entries == LEDGER_MAX &&
	       h->entry_size == sizeof(struct ledger_entry) && h->sum == ledger_sum(h);
}

/* Takes the entries that are whole; returns how many are not. */
static unsigned entries_take(struct ledger *l, const struct ledger_entry *e, size_t n)
{
	static const struct ledger_entry none;
	unsigned n_bad = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (!memcmp(&e[i], &none, sizeof(none)))
			continue;
		if (e[i].seq && entry_ok(&e[i], i))
			l->slots[i] = e[i];
		else
			n_bad++;
	}
	return n_bad;
}

/* What is wrong with `len` bytes of a ledger; NULL: nothing. */
static const char *image_take(struct ledger *l, const uint8_t *image, size_t len)
{
	const size_t entry = sizeof(struct ledger_entry);
	unsigned n_bad;

	if (!len)
		return "it is empty";
	if (len < entry || !header_ok((const void *)image))
		return "it is not a crash ledger of this version";
	n_bad = entries_take(l, (const void *)(image + entry),
			     MIN(len / entry - 1, LEDGER_MAX));
	if (len < LEDGER_SIZE)
		return "it is cut short";
	if (len > LEDGER_SIZE)
		return "it is too long";
	return n_bad ? "it is damaged" : NULL;
}

static const char *owner_fault(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "it belongs to another user";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others can write to it";
	return NULL;
}

static ssize_t read_all(int fd, uint8_t *p, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = pread(fd, p + len, size - len, (off_t)len)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

/* 0; or a negative errno, where the file cannot be judged. */
static int image_read(struct ledger *l, int fd, const char **fault)
{
	union {
		struct ledger_entry align;
		uint8_t bytes[LEDGER_SIZE + 1];
	} image;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	*fault = owner_fault(&st);
	if (*fault)
		return 0;
	n = read_all(fd, image.bytes, sizeof(image.bytes));
	if (n < 0)
		return (int)n;
	*fault = image_take(l, image.bytes, (size_t)n);
	if (l->writable && (st.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0)
		return -errno;
	return 0;
}

/* As above. -ENOENT: there is none. Sets l->fd if there is no fault. */
static int file_read(struct ledger *l, const char **fault)
{
	int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(l->path, flags | (l->writable ? O_RDWR : O_RDONLY));
	int r;

	*fault = NULL;
	if (fd < 0) {
		r = -errno;
		*fault = r == -ELOOP ? "it is a symbolic link" :
			 r == -EISDIR || r == -ENXIO ? "it is not a regular file" : NULL;
		return *fault ? 0 : r;
	}
	r = image_read(l, fd, fault);
	if (r == 0 && !*fault)
		l->fd = fd;
	else
		close(fd);
	return r;
}

/* ---- a new file -----------------------------------------------------------------*/

static int image_write(const struct ledger *l, int fd)
{
	const ssize_t all = (ssize_t)sizeof(l->slots);
	struct ledger_header h = {
		.magic = LEDGER_FILE_MAGIC,
		.version = LEDGER_VERSION,
		.entry_size = sizeof(struct ledger_entry),
		.n_entries = LEDGER_MAX,
	};
	ssize_t n;

	h.sum = ledger_sum(&h);
	n = pwrite(fd, &h, sizeof(h), 0);
	if (n == (ssize_t)sizeof(h))
		n = pwrite(fd, l->slots, (size_t)all, (off_t)ledger_slot_offset(0));
	if (n < 0)
		return -errno;
	if (n != all)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

/* The folder's entry must not be lost either. */
static void folder_sync(const char *path)
{
	char dir[PATH_MAX];
	const char *end = strrchr(path, '/');
	int fd;

	snprintf(dir, sizeof(dir), "%.*s", end ? (int)(end - path) + 1 : 1, end ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fsync(fd) < 0)
		log_debug("folder %s: %s", dir, strerror(errno));
	close(fd);
}

static int create(const char *path)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char dir[PATH_MAX];
	const char *end;
	int fd;

	unlink(path);
	fd = open(path, flags, 0600);
	end = strrchr(path, '/');
	if (fd < 0 && errno == ENOENT && end && end > path) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(end - path), path);
		if (mkdir(dir, 0700) == 0)
			fd = open(path, flags, 0600);
	}
	return fd < 0 ? -errno : fd;
}

static int file_begin(struct ledger *l)
{
	char path[PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "%s.new", l->path);
	fd = create(path);
	if (fd < 0)
		return fd;
	r = image_write(l, fd);
	if (r == 0 && rename(path, l->path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(path);
		close(fd);
		return r;
	}
	folder_sync(l->path);
	l->fd = fd;
	return 0;
}

static void file_aside(const struct ledger *l, const char *fault)
{
	char bad[PATH_MAX];

	snprintf(bad, sizeof(bad), "%s.bad", l->path);
	if (!l->writable)
		log_warn("crash ledger %s: %s; %zu entries can be read", l->path, fault, l->n);
	else if (rename(l->path, bad) == 0)
		log_warn("crash ledger %s: %s; moved to %s and begun anew with %zu entries",
			 l->path, fault, bad, l->n);
	else
		log_warn("crash ledger %s: %s; it cannot be moved to %s: %s", l->path, fault,
			 bad, strerror(errno));
}

/* ---- life -------------------------------------------------------------------------*/

static int entry_order(const void *a, const void *b)
{
	const struct ledger_entry *const *x = a, *const *y = b;

	return ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
}

static void entries_sort(struct ledger *l)
{
	size_t i;

	l->n = 0;
	for (i = 0; i < LEDGER_MAX; i++)
		if (l->slots[i].seq)
			l->order[l->n++] = &l->slots[i];
	qsort(l->order, l->n, sizeof(*l->order), entry_order);
	l->next = l->n ? l->order[l->n - 1]->seq + 1 : 1;
}

struct ledger *ledger_open(const char *path, bool read_only)
{
	const char *fault;
	struct ledger *l;
	int r;

	ALLOC_OBJ(l, LEDGER_OBJ_MAGIC);
	if (!l)
		return NULL;
	l->fd = -1;
	l->writable = !read_only;
	l->path = strdup(path);
	if (!l->path)
		return ledger_close(l);
	r = strlen(path) + sizeof(".new") > PATH_MAX ? -ENAMETOOLONG : file_read(l, &fault);
	entries_sort(l);
	if (r == 0 && fault)
		file_aside(l, fault);
	if (!read_only && (r == -ENOENT || (r == 0 && fault)))
		r = file_begin(l);
	if (r < 0 && !(read_only && r == -ENOENT))
		log_warn("crash ledger %s: %s; crashes are not kept", path, strerror(-r));
	return l;
}

struct ledger *ledger_close(struct ledger *l)
{
	if (!l)
		return NULL;
	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	ledger_disarm(l);
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	FREE_OBJ(l);
	return NULL;
}
