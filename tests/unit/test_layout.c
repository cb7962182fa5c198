/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clang for BPF and the host's compiler make of events.def is the same,
 * to the byte: the programs in the kernel and the core share the records.
 */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>

#include "layout.h"
#include "tap.h"
#include "util/macros.h"

static const char *const names[] = {
	"struct weir_str", "weir_str.off", "weir_str.len",
	"struct weir_ip", "weir_ip.family", "weir_ip.scope", "weir_ip.addr",
#define EVENT_BASE(name, doc) "struct weir_" #name,
#define EVENT(id, name, class, actor, doc) "struct weir_" #name,
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	#ev "." #member,
#include <weir/events.def>
	"WEIR_REC_MAX, WEIR_PATH_MAX", "WEIR_ARGS_MAX, WEIR_STR_LEN",
	"WEIR_STR_TRUNCATED, WEIR_STR_ERROR", "WEIR_EV_KERNEL_MAX, WEIR_EV_MAX",
	"WEIR_LOST_KERNEL_MAX, WEIR_LOST_MAX", "WEIR_CLASS_KERNEL_MAX, WEIR_CLASS_MAX",
};
_Static_assert(ARRAY_LEN(names) == ARRAY_LEN(layout_rows), "one name a row");

/* The section's bytes, valid as long as `elf`; NULL: there is none. */
static const Elf_Data *section(Elf *elf)
{
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr shdr;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr))
			continue;
		name = elf_strptr(elf, strings, shdr.sh_name);
		if (name && !strcmp(name, LAYOUT_SECTION))
			return elf_rawdata(scn, NULL);
	}
	return NULL;
}

static void compare(const struct layout_row *bpf)
{
	unsigned i, bad = 0;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		if (!memcmp(&bpf[i], &layout_rows[i], sizeof(*bpf)))
			continue;
		tap_diag("%s: %u, %u for BPF, but %u, %u here", names[i], bpf[i].off,
			 bpf[i].size, layout_rows[i].off, layout_rows[i].size);
		bad++;
	}
	is_int(bad, 0, "all %zu structs and members lie alike", ARRAY_LEN(names));
}

int main(void)
{
	const char *build = getenv("WEIR_BUILD");
	const Elf_Data *data = NULL;
	char path[PATH_MAX];
	Elf *elf = NULL;
	GElf_Ehdr head;
	int fd;

	snprintf(path, sizeof(path), "%.4000s/tests/unit/layout.bpf.o", build ? build : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ok(fd >= 0, "the object is in %s", path)) {
		elf_version(EV_CURRENT);
		elf = elf_begin(fd, ELF_C_READ, NULL);
	}
	if (ok(elf && gelf_getehdr(elf, &head), "it is an ELF file")) {
		is_int(head.e_machine, EM_BPF, "it is for BPF");
		data = section(elf);
	}
	if (ok(data != NULL, "it has the section %s", LAYOUT_SECTION) &&
	    is_int((long long)data->d_size, sizeof(layout_rows), "with as many rows"))
		compare(data->d_buf);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return done_testing();
}
