/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the value sets. Those of values.def are constant; the names of errno
 * and signals are libc's, those of system calls this machine's, made once.
 */
#include "schema/values.h"

#include <signal.h>
#include <string.h>

#include <weir/syscall.h>

#include "util/macros.h"

#define VALUE_SET(set) static const struct weir_value_name set_##set[] = {
#define VALUE(set, number, name) { (number), (name) },
#define VALUE_SET_END(set) { 0, NULL } };
#include <weir/values.def>

static const struct weir_value_name set_event[] = {
#define EVENT(id, name, class, actor, doc) { (id), #name },
#include <weir/events.def>
	{ 0, NULL }
};

#define ERRNO_MAX	134
static struct weir_value_name set_errno[ERRNO_MAX + 1];
static struct weir_value_name set_signal[NSIG + 1];
#define SYSCALLS_MAX	1024
static struct weir_value_name set_syscall[SYSCALLS_MAX + 1];

static const struct {
	const char *name;
	const struct weir_value_name *names;
} sets[] = {
#define VALUE_SET(set) { #set, set_##set },
#include <weir/values.def>
	{ "event", set_event },
	{ "errno", set_errno },
	{ "signal", set_signal },
	{ "syscall", set_syscall },
};

static void libc_sets_fill(void)
{
	static char signals[NSIG][16];
	const char *name;
	unsigned i, n;

	for (i = 1, n = 0; i < ERRNO_MAX; i++) {
		name = strerrorname_np((int)i);
		if (name)
			set_errno[n++] = (struct weir_value_name){ i, name };
	}
	for (i = 1, n = 0; i < NSIG; i++) {
		name = sigabbrev_np((int)i);
		if (!name)
			continue;
		snprintf(signals[i], sizeof(signals[i]), "SIG%s", name);
		set_signal[n++] = (struct weir_value_name){ i, signals[i] };
	}
}

static void syscalls_fill(void)
{
	static char names[SYSCALLS_MAX][40];
	size_t n_rows, i, n = 0;
	const struct weir_syscall_row *rows = weir_syscalls(&n_rows);
	uint32_t codes[2];
	unsigned k;

	for (i = 0; i < n_rows; i++) {
		codes[0] = (uint32_t)rows[i].native;
		codes[1] = (uint32_t)rows[i].compat | WEIR_SYSCALL_COMPAT;
		for (k = 0; k < 2; k++) {
			if ((k ? rows[i].compat : rows[i].native) < 0)
				continue;
			MUST(n < SYSCALLS_MAX);
			weir_syscall_text(codes[k], names[n], sizeof(names[n]));
			set_syscall[n] = (struct weir_value_name){ codes[k], names[n] };
			n++;
		}
	}
}

static void sets_fill(void)
{
	syscalls_fill();
	libc_sets_fill();
}

const struct weir_value_name *values_find(const char *set)
{
	size_t i;

	if (!set_errno[0].name)
		sets_fill();
	for (i = 0; i < ARRAY_LEN(sets); i++)
		if (!strcmp(sets[i].name, set))
			return sets[i].names;
	return NULL;
}
