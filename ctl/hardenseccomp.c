/* SPDX-License-Identifier: Apache-2.0 */
/* System calls for a runtime of containers, as JSON of the OCI; capabilities, a line each. */
#include <json-c/json.h>
#include <stdlib.h>
#include <weir/syscall.h>

#include "harden.h"
#include "human.h"
#include "weirctl.h"

/* Names of libseccomp: native, 32 bits, x32. */
#if defined(__x86_64__)
static const char *const arches[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
#elif defined(__aarch64__)
static const char *const arches[] = { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", NULL };
#elif defined(__riscv)
static const char *const arches[] = { "SCMP_ARCH_RISCV64", NULL, NULL };
#else
static const char *const arches[] = { NULL, NULL, NULL };
#endif

static const char *const how =
	"sensor.events and the option types of the plugin profile have to have it, until the "
	"workload was seen to begin once more";

static struct json_object *arches_of(const struct harden *h)
{
	const uint32_t bits[] = { 0, WEIR_SYSCALL_COMPAT, WEIR_SYSCALL_X32 };
	struct json_object *list = json_object_new_array();
	unsigned i;

	for (i = 0; i < 3; i++)
		if (arches[i] && (!bits[i] || harden_did_abi(h, bits[i])))
			json_object_array_add(list, json_object_new_string(arches[i]));
	return list;
}

int hardenseccomp_put(struct harden *h)
{
	struct json_object *o, *rule, *list, *names;
	const struct fact *x = NULL;
	const char **calls;
	size_t n, i;

	if (!facts_has(h->facts, PTYPE_SYSCALL)) {
		human_error("%s: no system calls were recorded: for type syscall, %s", h->path,
			    how);
		return ST_FAILED;
	}
	while ((x = harden_unnamed(h, x)))
		human_error("%s: left out, system call %u has no name here", h->path, x->number);
	o = json_object_new_object();
	rule = json_object_new_object();
	list = json_object_new_array();
	names = json_object_new_array();
	calls = harden_syscalls(h, &n);
	for (i = 0; i < n; i++)
		json_object_array_add(names, json_object_new_string(calls[i]));
	free(calls);
	json_object_object_add(rule, "names", names);
	json_object_object_add(rule, "action", json_object_new_string("SCMP_ACT_ALLOW"));
	json_object_array_add(list, rule);
	json_object_object_add(o, "defaultAction", json_object_new_string("SCMP_ACT_ERRNO"));
	json_object_object_add(o, "defaultErrnoRet", json_object_new_int(1));
	json_object_object_add(o, "architectures", arches_of(h));
	json_object_object_add(o, "syscalls", list);
	fprintf(h->out, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
	json_object_put(o);
	return ST_OK;
}

int hardenseccomp_put_caps(struct harden *h)
{
	const struct fact *x;

	if (!facts_has(h->facts, PTYPE_CAPABILITY)) {
		human_error("%s: no use of capabilities was recorded: for type capability, %s",
			    h->path, how);
		return ST_FAILED;
	}
	harden_comment(h, "Capabilities that %s used, as of %s.", h->facts->profile->name,
		       h->written);
	FACTS_EACH(h->facts, PNODE_CAPUSE, x) {
		if (harden_capability(x))
			fprintf(h->out, "%s\n", harden_capability(x));
		else
			harden_comment(h, "Left out, capability %u has no name here.", x->number);
	}
	return ST_OK;
}
