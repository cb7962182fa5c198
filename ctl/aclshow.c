/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl acl show PATH`: all permissions that a file has, of all kinds. A link
 * is looked at itself, and no file is opened for more than its attributes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acl.h"
#include "human.h"
#include "plugins/acl/json.h"
#include "weirctl.h"

#define VALUE_MAX	65536

struct show {
	struct aclroom room;
	struct stat st;
	bool json;
	unsigned n;		/* shown so far */
	bool broken;		/* one could not be decoded */
};

static void print_json(struct show *s, const char *source, const struct acl *a, int status)
{
	struct put *o = &s->room.out;

	put_text(o, s->n ? ",\n {" : "[{");
	PUT(o, "\"source\":");
	put_json_text(o, source);
	put_char(o, ',');
	if (status)
		json_put_fault(o, a);
	else
		json_put_acl(o, a, NULL);
	put_char(o, '}');
}

static void print_text(struct show *s, const char *source, const struct acl *a, int status,
		       struct acl_bytes in)
{
	struct put *o = &s->room.out;

	if (a->kind != ACL_MODE) {
		put_text(o, source);
		PUT(o, ":\n");
	}
	if (status) {
		PUT(o, "Descriptor could not be decoded (");
		put_text(o, a->rule);
		PUT(o, "): ");
		put_u64(o, in.len);
		PUT(o, " bytes, first 32 in hex ");
		put_bytes_hex(o, in.p, in.len < 32 ? in.len : 32);
	} else {
		acljob_put(&s->room, a);
	}
	put_char(o, '\n');
}

static void print(struct show *s, const char *source, const struct acl *a, int status,
		  struct acl_bytes in)
{
	if (s->json)
		print_json(s, source, a, status);
	else
		print_text(s, source, a, status, in);
	fwrite(s->room.out.p, 1, s->room.out.len, stdout);
	s->broken |= status != 0;
	s->n++;
}

static void show_value(struct show *s, const char *name, struct acl_bytes in, enum acl_kind kind)
{
	struct acl_context ctx = { .is_dir = S_ISDIR(s->st.st_mode), .xattr = name };
	struct acl a;
	int status;

	if (!aclroom_reset(&s->room, in.len)) {
		human_error("out of memory");
		return;
	}
	status = acl_decode(kind, in, &ctx, &s->room.arena, &a);
	print(s, name, &a, status, in);
}

static void show_xattr(struct show *s, const char *path, const char *name)
{
	static uint8_t value[VALUE_MAX];
	enum acl_kind kind;
	ssize_t n = lgetxattr(path, name, value, sizeof(value));

	/* That it is not there, or not known here, is no news. */
	if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP || errno == EINVAL))
		return;
	if (n < 0) {
		human_error("%s: %s: %s", path, name, strerror(errno));
		return;
	}
	if (acl_xattr_kind(name, strlen(name), &kind))
		show_value(s, name, (struct acl_bytes){ value, (uint32_t)n }, kind);
}

/* Only of what can be opened without an effect. */
static void show_flags(struct show *s, const char *path)
{
	unsigned flags = 0;
	uint8_t bytes[4];
	int fd;

	if (!S_ISREG(s->st.st_mode) && !S_ISDIR(s->st.st_mode))
		return;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
	if (fd < 0)
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && flags) {
		le32_put(bytes, flags);
		show_value(s, "inode flags", (struct acl_bytes){ bytes, 4 }, ACL_INODE_FLAGS);
	}
	close(fd);
}

static int show(struct show *s, const char *path)
{
	const char *const *name;
	struct acl a;

	if (lstat(path, &s->st) < 0) {
		human_error("%s: %s", path, strerror(errno));
		return ST_FAILED;
	}
	if (mode_set(&a, s->st.st_mode, s->st.st_uid, s->st.st_gid, &s->room.arena))
		return ST_FAILED;
	print(s, "mode", &a, 0, (struct acl_bytes){ 0 });
	for (name = acl_xattr_names; *name; name++)
		show_xattr(s, path, *name);
	show_flags(s, path);
	if (s->json)
		puts("]");
	return s->broken ? ST_RULE : ST_OK;
}

int acl_show_main(int argc, char **argv, bool json)
{
	struct show s = { .json = json };
	int status = ST_FAILED;

	if (argc == 3 && !strcmp(argv[1], "--json")) {
		s.json = true;
		argv++;
		argc--;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: weirctl acl show [--json] PATH\n");
		return ST_USAGE;
	}
	if (aclroom_init(&s.room))
		status = show(&s, argv[1]);
	else
		human_error("out of memory");
	aclroom_fini(&s.room);
	return status;
}
