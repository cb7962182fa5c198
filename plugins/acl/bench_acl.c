/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the enricher `acl` takes for a change, and the library for a
 * descriptor of ten entries. Not a test: prints, judges nothing.
 */
#include <time.h>

#include "../example/fake.h"
#include "formats.h"
#include "nt.h"
#include "words.h"

#define ROUNDS	200000u

extern const struct weir_plugin weir_plugin;

static const char ten[] =
	"O:BAG:BUD:PAI(D;OICI;0x2;;;BG)(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICIIO;GA;;;CO)"
	"(A;OICI;0x1200a9;;;BU)(A;OICI;0x1301bf;;;S-1-5-21-397955417-626881126-188441444-1010)"
	"(A;OICI;0x1301bf;;;S-1-5-21-397955417-626881126-188441444-1011)"
	"(A;CI;0x100004;;;BU)(A;OICIID;FR;;;AU)(A;OICIID;0x120116;;;S-1-22-2-27)";

static uint8_t memory[1 << 20], scratch_memory[65536];

static uint64_t now_ns(void)
{
	struct timespec ts;

	/* Of this process alone: others may run beside it. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct acl_bytes descriptor(struct acl_arena *a)
{
	struct acl_bytes in = { (const uint8_t *)ten, sizeof(ten) - 1 }, out = { 0 };
	struct acl_context ctx = { 0 };
	struct acl acl;

	if (acl_decode(ACL_SDDL, in, &ctx, a, &acl) || ntsd_encode(&acl, a, &out)) {
		printf("no descriptor: %s\n", acl.why);
		exit(EXIT_FAILURE);
	}
	return out;
}

static void bench_library(struct acl_bytes sd, size_t used)
{
	struct acl_arena arena = { memory, sizeof(memory), used, false };
	struct acl_arena scratch = { scratch_memory, sizeof(scratch_memory), 0, false };
	struct words w = { .scratch = &scratch };
	struct acl_context ctx = { 0 };
	static char text[16384];
	uint64_t begin, decoded, written;
	struct acl a = { 0 };
	struct put o;
	unsigned i;

	begin = now_ns();
	for (i = 0; i < ROUNDS; i++) {
		arena.used = used;
		acl_decode(ACL_NTSD, sd, &ctx, &arena, &a);
	}
	decoded = now_ns() - begin;
	begin = now_ns();
	for (i = 0; i < ROUNDS; i++) {
		put_init(&o, text, sizeof(text));
		words_put(&o, &a, &w);
	}
	written = now_ns() - begin;
	printf("%u entries, %u bytes: decoded in %.0f ns, written as %zu bytes of text in %.0f ns\n",
	       a.n_aces, sd.len, (double)decoded / ROUNDS, o.len, (double)written / ROUNDS);
}

static void setxattr(struct fake *f, const char *name, struct acl_bytes value, unsigned inode)
{
	fake_begin(f, WEIR_EV_setxattr);
	fake_u64(f, "outcome", WEIR_OUTCOME_SUCCESS);
	fake_u64(f, "file.inode", inode);
	fake_u64(f, "file.dev", 1 << 20 | 1);
	fake_u64(f, "file.mode", 040755);
	fake_str(f, "xattr.name", name);
	fake_bytes(f, "xattr.value", value.p, value.len, 0);
	fake_u64(f, "xattr.size", value.len);
}

/* The event as it was begun, again and again. */
static void run(struct fake *f, const char *what)
{
	uint64_t begin;
	unsigned i;

	begin = now_ns();
	for (i = 0; i < ROUNDS; i++) {
		f->store.arena_used = 0;
		weir_plugin.process(f->inst, &f->ev);
	}
	printf("%s: %.0f ns/event: %s\n", what, (double)(now_ns() - begin) / ROUNDS,
	       fake_text(f, "acl.summary"));
}

int main(void)
{
	static const uint8_t posix[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 7, 0,
		0xe9, 3, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 5, 0, 255, 255, 255, 255,
		32, 0, 4, 0, 255, 255, 255, 255 };
	struct acl_arena arena = { memory, sizeof(memory), 0, false };
	struct acl_bytes sd = descriptor(&arena);
	struct fake *f = fake_open(&weir_plugin, "", NULL);

	if (!f->inst) {
		printf("refused: %s\n", f->log);
		return EXIT_FAILURE;
	}
	bench_library(sd, arena.used);
	setxattr(f, "user.other", sd, 1);
	run(f, "an attribute of no concern");
	fake_u64(f, "outcome", WEIR_OUTCOME_FAILURE);
	setxattr(f, "system.ntfs_security", sd, 2);
	fake_u64(f, "outcome", WEIR_OUTCOME_FAILURE);	/* is not remembered */
	run(f, "a descriptor, old one unknown");
	setxattr(f, "system.ntfs_security", sd, 3);
	run(f, "a descriptor, old one remembered");
	setxattr(f, "system.posix_acl_access", (struct acl_bytes){ posix, sizeof(posix) }, 4);
	run(f, "a POSIX ACL");
	fake_begin(f, WEIR_EV_chmod);
	fake_u64(f, "outcome", WEIR_OUTCOME_SUCCESS);
	fake_u64(f, "file.inode", 5);
	fake_u64(f, "chmod.old_mode", 0100755);
	fake_u64(f, "chmod.mode", 0104755);
	run(f, "a chmod");
	fake_close(f);
	return EXIT_SUCCESS;
}
