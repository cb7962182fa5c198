/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a file through libcrypto, and makes sure that it is the same file
 * before and after: the kernel sets ctime whenever content or inode change, and
 * nobody can set it back.
 */
#include "digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK	(128u << 10)

void digest_setup(void)
{
	/* No file of configuration decides what SHA-256 is; exit() stays ours. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_unchanged(int fd, const struct stat *st)
{
	struct stat now;

	return !fstat(fd, &now) && now.st_size == st->st_size &&
	       same_time(&now.st_mtim, &st->st_mtim) && same_time(&now.st_ctim, &st->st_ctim);
}

/* At most one byte more than there should be: a file that grows has an end here. */
static enum outcome read_all(int fd, uint64_t size, EVP_MD_CTX *md, uint8_t *buf,
			     uint64_t *bytes)
{
	uint64_t left;
	ssize_t n;

	for (*bytes = 0; *bytes <= size; *bytes += (uint64_t)n) {
		left = size + 1 - *bytes;
		n = pread(fd, buf, left < CHUNK ? left : CHUNK, (off_t)*bytes);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return OUTCOME_IO;
		else if (!n)
			return *bytes == size ? OUTCOME_OK : OUTCOME_CHANGED;
		if (!EVP_DigestUpdate(md, buf, (size_t)n))
			return OUTCOME_IO;
	}
	return OUTCOME_CHANGED;
}

enum outcome digest_file(int fd, const struct stat *st, uint8_t out[DIGEST_LEN],
			 uint64_t *bytes)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t *buf = malloc(CHUNK);
	enum outcome r = OUTCOME_IO;

	*bytes = 0;
	if (md && buf && EVP_DigestInit_ex(md, EVP_sha256(), NULL))
		r = read_all(fd, (uint64_t)st->st_size, md, buf, bytes);
	if (r == OUTCOME_OK && !is_unchanged(fd, st))
		r = OUTCOME_CHANGED;
	if (r == OUTCOME_OK && !EVP_DigestFinal_ex(md, out, NULL))
		r = OUTCOME_IO;
	free(buf);
	EVP_MD_CTX_free(md);
	return r;
}

void digest_hex(const uint8_t digest[DIGEST_LEN], char hex[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned i;

	for (i = 0; i < DIGEST_LEN; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
}
