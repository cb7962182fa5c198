/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns PATH.NUMBER.zst. It is written under another name, synced and renamed, and only then the
 * plain file goes: whatever stops it, each line is there once at least, and a file of that name
 * is whole.
 */
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "fconf.h"
#include "plugins/sink/logfiles.h"
#include "plugins/sink/outbox.h"

#define PIECE		(128u << 10)
#define LEVEL		3
#define NICE		10
#define E_STOPPED	1

struct packer {
	const struct file_conf *conf;
	struct outbox *ob;
	uint64_t *n_packed;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t news;
	bool kicked;
	atomic_bool stop;
	int told;		/* the last error */
};

bool packer_there(void)
{
	return true;
}

/* ---- one file ------------------------------------------------------------------*/

static int put(int fd, const char *p, size_t n)
{
	ssize_t r;

	while (n) {
		r = write(fd, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r ? -errno : -EIO;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* What zstd has of it goes out; with ZSTD_e_end all of it. */
static int piece_pack(ZSTD_CCtx *z, const char *p, size_t n, ZSTD_EndDirective how, int out)
{
	char buf[PIECE];
	ZSTD_inBuffer from = { p, n, 0 };
	ZSTD_outBuffer to;
	size_t left;
	int r;

	do {
		to = (ZSTD_outBuffer){ buf, sizeof(buf), 0 };
		left = ZSTD_compressStream2(z, &to, &from, how);
		if (ZSTD_isError(left))
			return -EIO;
		r = put(out, buf, to.pos);
		if (r)
			return r;
	} while (how == ZSTD_e_end ? left != 0 : from.pos < from.size);
	return 0;
}

static int stream_pack(struct packer *p, ZSTD_CCtx *z, int in, int out)
{
	char buf[PIECE];
	ssize_t n;
	int r;

	do {
		n = read(in, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		r = piece_pack(z, buf, (size_t)n, n ? ZSTD_e_continue : ZSTD_e_end, out);
		if (!r && atomic_load(&p->stop))
			return E_STOPPED;
	} while (!r && n);
	return r;
}

static int file_pack(struct packer *p, int in, int out)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	struct stat st;
	int r;

	if (!z || fstat(in, &st)) {
		ZSTD_freeCCtx(z);
		return -ENOMEM;
	}
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setPledgedSrcSize(z, (unsigned long long)st.st_size);
	r = stream_pack(p, z, in, out);
	ZSTD_freeCCtx(z);
	if (!r &&
	    (fchown(out, (uid_t)-1, st.st_gid) || fchmod(out, st.st_mode & 0777) || fsync(out)))
		r = -errno;
	return r;
}

/* `from` becomes `to` by way of `tmp`. */
static int pack_over(struct packer *p, const char *from, const char *tmp, const char *to)
{
	int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out, r;

	if (in < 0)
		return -errno;
	out = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = out < 0 ? -errno : file_pack(p, in, out);
	close(in);
	if (out >= 0)
		close(out);
	if (!r && rename(tmp, to))
		r = -errno;
	if (r)
		unlink(tmp);
	return r;
}

static int number_pack(struct packer *p, const struct logfile *f)
{
	char from[PATH_MAX], to[PATH_MAX], tmp[PATH_MAX];
	int r = 0;

	/* All names of a log have one length, but for the suffix of this one. */
	if (!logfile_name(from, sizeof(from), p->conf->path, f->number, false) ||
	    !logfile_name(to, sizeof(to), p->conf->path, f->number, true) ||
	    (size_t)snprintf(tmp, sizeof(tmp), "%s.tmp", to) >= sizeof(tmp))
		return -ENAMETOOLONG;
	if (!f->packed)
		r = pack_over(p, from, tmp, to);
	if (!r && unlink(from) && errno != ENOENT)
		r = -errno;
	if (!r)
		weir_count(p->n_packed, 1);
	return r;
}

/* ---- the thread ----------------------------------------------------------------*/

static void error_tell(struct packer *p, int error)
{
	if (error != p->told && error < 0)
		outbox_say(p->ob, WEIR_LOG_ERROR, "%s: rotated files are not compressed: %s",
			   p->conf->path, strerror(-error));
	p->told = error;
}

static void all_pack(struct packer *p)
{
	struct logfiles l = { 0 };
	int r = logfiles_find(p->conf->path, &l);
	size_t i;

	for (i = 0; !r && i < l.n; i++)
		if (l.files[i].plain)
			r = number_pack(p, &l.files[i]);
	/* One that was removed meanwhile is none of ours. */
	error_tell(p, r == -ENOENT ? 0 : r);
	logfiles_fini(&l);
}

static void *packer_main(void *arg)
{
	struct packer *p = arg;

	/* A thread's own; it has time. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while (!atomic_load(&p->stop)) {
		all_pack(p);
		pthread_mutex_lock(&p->lock);
		while (!p->kicked && !atomic_load(&p->stop))
			pthread_cond_wait(&p->news, &p->lock);
		p->kicked = false;
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

struct packer *packer_new(const struct file_conf *conf, struct outbox *ob, uint64_t *n_packed)
{
	struct packer *p = calloc(1, sizeof(*p));
	sigset_t all, old;
	int r;

	if (!p)
		return NULL;
	p->conf = conf;
	p->ob = ob;
	p->n_packed = n_packed;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->news, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&p->thread, NULL, packer_main, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!r)
		return p;
	free(p);
	return NULL;
}

void packer_kick(struct packer *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->kicked = true;
	pthread_cond_signal(&p->news);
	pthread_mutex_unlock(&p->lock);
}

struct packer *packer_free(struct packer *p)
{
	if (!p)
		return NULL;
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->stop, true);
	pthread_cond_signal(&p->news);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->news);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return NULL;
}
