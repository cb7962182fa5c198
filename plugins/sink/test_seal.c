/* SPDX-License-Identifier: Apache-2.0 */
/* Seals, anchors, and names of files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/sink/logfiles.h"
#include "plugins/sink/seal.h"
#include "tap.h"

static const char object[] = "{\"type\":\"exec\",\"seq\":1}";

/* The object with its seal. */
static size_t sealed(char *to, struct sealer *s, struct seal *at)
{
	size_t n = sizeof(object) - 1;

	sealer_next(s, at, object, n);
	memcpy(to, object, n - 1);
	n = n - 1 + seal_print(to + n - 1, sealer_kind(s), at);
	to[n] = '\0';
	return n;
}

static void test_chain(void)
{
	struct sealer *plain = sealer_new(NULL, 0), *keyed = sealer_new("0123456789abcdef", 16);
	struct seal a = { 0 }, b = { 0 }, c = { 0 }, told;
	char line[512], twice[1024];
	size_t n, len;

	n = len = sealed(line, plain, &a);
	is_int(seal_read(line, &len, &told), SEAL_SHA256, "a seal is read");
	is_int((long long)len, sizeof(object) - 2, "and where the object ended");
	ok(told.n == 1 && !memcmp(&told, &a, sizeof(told)), "as it was made");
	/*
	 * From: (head -c 32 /dev/zero; printf '\0\0\0\0\0\0\0\1{"type":"exec","seq":1}') |
	 * sha256sum
	 */
	ok(strstr(line, "885e9578d294e24fa25c5f10199ec584a16e94d6c88be736fc73d23933410aab\"}}") !=
		   NULL,
	   "and is the digest that other tools make, too");
	sealed(line, plain, &a);
	ok(a.n == 2 && memcmp(a.digest, told.digest, SEAL_DIGEST) != 0,
	   "the same object again: another seal");
	sealed(line, keyed, &b);
	sealed(line, keyed, &c);
	ok(!memcmp(&b, &c, sizeof(b)) && memcmp(b.digest, told.digest, SEAL_DIGEST),
	   "a key makes another, always the same");
	len = strlen(line);
	is_int(seal_read(line, &len, &told), SEAL_HMAC, "and says so");
	len = (size_t)snprintf(twice, sizeof(twice), "%.*s,\"seal\":{\"n\":1}}", (int)(n - 1),
			       line);
	is_int(seal_read(twice, &len, &told), SEAL_NONE, "a seal that is cut is none");
	len = sizeof(object) - 1;
	is_int(seal_read(object, &len, &told), SEAL_NONE, "an object without one");
	len = 0;
	is_int(seal_read("", &len, &told), SEAL_NONE, "nothing at all");
	sealer_free(plain);
	sealer_free(keyed);
}

static void test_anchor(void)
{
	struct sealer *plain = sealer_new(NULL, 0), *keyed = sealer_new("0123456789abcdef", 16);
	struct seal_anchor a = { { 12345, { 1, 2, 3 } }, 7 }, b = { 0 };
	char text[SEAL_ANCHOR_LEN];

	ok(seal_anchor_print(plain, &a, text), "an anchor is made");
	ok(seal_anchor_parse(plain, text, sizeof(text), &b) == 0 && !memcmp(&a, &b, sizeof(a)),
	   "and read");
	is_int(seal_anchor_parse(keyed, text, sizeof(text), &b), -EINVAL,
	       "one without a key does for no key");
	*strchr(text, '7') = '8';
	is_int(seal_anchor_parse(plain, text, sizeof(text), &b), -EBADMSG, "a change shows");
	is_int(seal_anchor_parse(plain, text, 40, &b), -EINVAL, "so does a cut");
	a.last.n = a.oldest = UINT64_MAX;
	ok(seal_anchor_print(keyed, &a, text) &&
		   !seal_anchor_parse(keyed, text, sizeof(text), &b) && b.oldest == UINT64_MAX,
	   "the largest numbers fit");
	sealer_free(plain);
	sealer_free(keyed);
}

static void touch(const char *dir, const char *name, mode_t mode, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void test_files(void)
{
	static const char *const names[] = { "log",
					     "log.00000002",
					     "log.00000001.zst",
					     "log.00000010",
					     "log.00000010.zst",
					     "log.123456789012",
					     "log.1",
					     "log.0000000x",
					     "log.00000003.gz",
					     "other.00000001",
					     "log.seal" };
	char dir[] = "/tmp/test_seal.XXXXXX", path[64], name[128];
	uint8_t key[SEAL_KEY_MAX];
	struct logfiles l;
	unsigned i;

	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/log", dir);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		touch(dir, names[i], 0600, "x");
	ok(logfiles_find(path, &l) == 0 && l.n == 4, "rotated files are found, no others");
	ok(l.files[0].number == 1 && l.files[0].packed && !l.files[0].plain &&
		   l.files[1].number == 2 && l.files[2].packed && l.files[2].plain &&
		   l.files[3].number == 123456789012,
	   "in order");
	logfiles_fini(&l);
	is_int(logfiles_find("/nosuch/log", &l), -ENOENT, "a folder that is not there");

	snprintf(name, sizeof(name), "%s/key", dir);
	is_int(seal_key_load(name, key), -ENOENT, "a key that is not there");
	touch(dir, "key", 0600, "0123456789abcdef0\n");
	is_int(seal_key_load(name, key), 17, "a key without its newline");
	touch(dir, "key", 0600, "short\n");
	is_int(seal_key_load(name, key), -EINVAL, "one that is too short");
	chmod(name, 0640);
	is_int(seal_key_load(name, key), -EPERM, "one that others can read");
	unlink(name);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		unlink(name);
	}
	rmdir(dir);
}

int main(void)
{
	test_chain();
	test_anchor();
	test_files();
	return done_testing();
}
