/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of ELF files: header, sections, symbols, and the segment
 * that a symbol's address lies in. Files of the other word size are not for
 * this machine's probes.
 */
#include "elfsym.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define SECTIONS_MAX	4096u
#define SEGMENTS_MAX	256u
#define SYMBOLS_MAX	(1u << 20)
#define AT_ONCE		256u
#define NAME_MAX_LEN	64u

#if defined(__x86_64__)
#define MACHINE	EM_X86_64
#elif defined(__aarch64__)
#define MACHINE	EM_AARCH64
#else
#define MACHINE	EM_NONE
#endif

static int read_at(int fd, void *buf, size_t n, uint64_t off)
{
	ssize_t got;

	if (off > INT64_MAX - n)
		return -ENOEXEC;
	got = pread(fd, buf, n, (off_t)off);
	if (got < 0)
		return -errno;
	return (size_t)got == n ? 0 : -ENOEXEC;
}

static int header_read(int fd, Elf64_Ehdr *e)
{
	int r = read_at(fd, e, sizeof(*e), 0);

	if (r)
		return r;
	if (memcmp(e->e_ident, ELFMAG, SELFMAG) || e->e_ident[EI_CLASS] != ELFCLASS64 ||
	    e->e_ident[EI_DATA] != ELFDATA2LSB || e->e_machine != MACHINE ||
	    e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phnum > SEGMENTS_MAX ||
	    (e->e_shnum && e->e_shentsize != sizeof(Elf64_Shdr)) || e->e_shnum > SECTIONS_MAX)
		return -ENOEXEC;
	return 0;
}

/* From an address in memory to the place in the file. */
static int offset_of(int fd, const Elf64_Ehdr *e, uint64_t addr, uint64_t *offset)
{
	Elf64_Phdr p;
	unsigned i;
	int r;

	for (i = 0; i < e->e_phnum; i++) {
		r = read_at(fd, &p, sizeof(p), e->e_phoff + i * sizeof(p));
		if (r)
			return r;
		if (p.p_type != PT_LOAD || !(p.p_flags & PF_X) || addr < p.p_vaddr ||
		    addr - p.p_vaddr >= p.p_filesz)
			continue;
		*offset = addr - p.p_vaddr + p.p_offset;
		return 0;
	}
	return -ENOEXEC;
}

static bool has_name(int fd, const Elf64_Shdr *strings, uint32_t at, const char *name)
{
	char text[NAME_MAX_LEN];
	size_t n = strlen(name) + 1;

	if (n > sizeof(text) || at >= strings->sh_size || n > strings->sh_size - at)
		return false;
	return !read_at(fd, text, n, strings->sh_offset + at) && !memcmp(text, name, n);
}

/* 0 and the address, or -ENOENT. */
static int table_search(int fd, const Elf64_Shdr *symbols, const Elf64_Shdr *strings,
			const char *name, uint64_t *addr)
{
	uint64_t n = symbols->sh_size / sizeof(Elf64_Sym), done, k;
	Elf64_Sym sym[AT_ONCE];
	unsigned i;
	int r;

	if (n > SYMBOLS_MAX)
		return -ENOEXEC;
	for (done = 0; done < n; done += k) {
		k = n - done < AT_ONCE ? n - done : AT_ONCE;
		r = read_at(fd, sym, k * sizeof(*sym),
			    symbols->sh_offset + done * sizeof(*sym));
		if (r)
			return r;
		for (i = 0; i < k; i++) {
			if (ELF64_ST_TYPE(sym[i].st_info) != STT_FUNC || !sym[i].st_value ||
			    !has_name(fd, strings, sym[i].st_name, name))
				continue;
			*addr = sym[i].st_value;
			return 0;
		}
	}
	return -ENOENT;
}

int elfsym_find(int fd, const char *name, uint64_t *offset)
{
	Elf64_Shdr symbols, strings;
	Elf64_Ehdr e;
	uint64_t addr;
	unsigned i;
	int r = header_read(fd, &e);

	for (i = 0; !r && i < e.e_shnum; i++) {
		r = read_at(fd, &symbols, sizeof(symbols), e.e_shoff + i * sizeof(symbols));
		if (r || (symbols.sh_type != SHT_DYNSYM && symbols.sh_type != SHT_SYMTAB))
			continue;
		if (symbols.sh_link >= e.e_shnum || symbols.sh_entsize != sizeof(Elf64_Sym))
			return -ENOEXEC;
		r = read_at(fd, &strings, sizeof(strings),
			    e.e_shoff + symbols.sh_link * sizeof(strings));
		if (r)
			break;
		r = table_search(fd, &symbols, &strings, name, &addr);
		if (!r)
			return offset_of(fd, &e, addr, offset);
		r = r == -ENOENT ? 0 : r;
	}
	return r ? r : -ENOENT;
}
