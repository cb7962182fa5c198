/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: seccompload FILE PROGRAM [ARG...]
 * Runs a program within a filter of system calls in the OCI's JSON, as runtimes of containers do.
 * A name or an action that libseccomp does not know is an error.
 */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "seccompload: %s: %s\n", name, what);
	exit(2);
}

static struct json_object *member(struct json_object *o, const char *name, json_type type)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, type))
		fail("it is not there, or of another type", name);
	return v;
}

static void add_arches(scmp_filter_ctx ctx, struct json_object *list)
{
	const char *name;
	char word[32];
	uint32_t arch;
	size_t i, k;
	int r;

	for (i = 0; i < json_object_array_length(list); i++) {
		name = json_object_get_string(json_object_array_get_idx(list, i));
		if (strncmp(name, "SCMP_ARCH_", 10) || strlen(name) >= sizeof(word))
			fail("no architecture", name);
		for (k = 10; name[k]; k++)
			word[k - 10] = (char)tolower((unsigned char)name[k]);
		word[k - 10] = 0;
		arch = seccomp_arch_resolve_name(word);
		r = arch ? seccomp_arch_add(ctx, arch) : -EINVAL;
		if (r && r != -EEXIST)
			fail("no architecture here", name);
	}
}

static void add_names(scmp_filter_ctx ctx, struct json_object *list)
{
	const char *name;
	int number, r;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		name = json_object_get_string(json_object_array_get_idx(list, i));
		number = seccomp_syscall_resolve_name(name);
		r = number == __NR_SCMP_ERROR ? -EINVAL :
		    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
		if (r)
			fail("no system call, or it is there twice", name);
	}
}

int main(int argc, char **argv)
{
	struct json_object *o = argc > 2 ? json_object_from_file(argv[1]) : NULL, *list, *rule;
	scmp_filter_ctx ctx;
	size_t i;

	if (!o)
		fail("FILE PROGRAM [ARG...]", "usage");
	if (strcmp(json_object_get_string(member(o, "defaultAction", json_type_string)),
		   "SCMP_ACT_ERRNO"))
		fail("not what it has to be", "defaultAction");
	ctx = seccomp_init(SCMP_ACT_ERRNO((uint16_t)json_object_get_int(
		member(o, "defaultErrnoRet", json_type_int))));
	if (!ctx)
		fail("no memory", "seccomp_init");
	add_arches(ctx, member(o, "architectures", json_type_array));
	list = member(o, "syscalls", json_type_array);
	for (i = 0; i < json_object_array_length(list); i++) {
		rule = json_object_array_get_idx(list, i);
		if (strcmp(json_object_get_string(member(rule, "action", json_type_string)),
			   "SCMP_ACT_ALLOW"))
			fail("not what it has to be", "action");
		add_names(ctx, member(rule, "names", json_type_array));
	}
	if (seccomp_load(ctx))
		fail("it cannot be loaded", argv[1]);
	seccomp_release(ctx);
	json_object_put(o);
	execv(argv[2], argv + 2);
	fail(strerror(errno), argv[2]);
}
