/* SPDX-License-Identifier: Apache-2.0 */
#include "shells.h"

#include <string.h>

#include <weir/wire.h>

static const struct {
	const char *name;
	uint32_t kind;
} shells[] = {
	{ "bash", WEIR_SHELL_BASH }, { "rbash", WEIR_SHELL_BASH },
	{ "zsh", WEIR_SHELL_ZSH }, { "zsh5", WEIR_SHELL_ZSH }, { "rzsh", WEIR_SHELL_ZSH },
	{ "dash", WEIR_SHELL_DASH },
};

uint32_t shells_kind(const char *path, uint32_t len)
{
	const char *slash = len ? memrchr(path, '/', len) : NULL, *name;
	size_t n, i;

	name = slash ? slash + 1 : path;
	n = len - (size_t)(name - path);
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (n == strlen(shells[i].name) && !memcmp(name, shells[i].name, n))
			return shells[i].kind;
	return 0;
}

/* "-c", and in "-ec" too; but not in "--rcfile" or "-o". */
static bool has_c(const char *arg, size_t n)
{
	return n > 1 && arg[0] == '-' && arg[1] != '-' && memchr(arg, 'c', n);
}

/* Options whose value is the next argument. */
static bool takes_value(const char *arg, size_t n)
{
	return (n == 2 && (arg[0] == '-' || arg[0] == '+') && (arg[1] == 'o' || arg[1] == 'O')) ||
	       (n == 8 && !memcmp(arg, "--rcfile", 8)) ||
	       (n == 11 && !memcmp(arg, "--init-file", 11));
}

bool shells_reads_input(const char *args, uint32_t len)
{
	const char *p = args, *end = args + len;
	size_t n;
	bool first = true;

	for (; p < end; p += n + 1, first = false) {
		n = strnlen(p, (size_t)(end - p));
		if (first)
			continue;
		if (has_c(p, n))
			return false;
		if (n == 2 && !memcmp(p, "-s", 2))
			return true;
		if (!n || (*p != '-' && *p != '+'))
			return false;
		if (takes_value(p, n))
			p += n + 1, n = p < end ? strnlen(p, (size_t)(end - p)) : 0;
	}
	return true;
}
