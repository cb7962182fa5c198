/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the look into an ELF file. Only the program headers count, since only
 * they decide what is mapped; section headers may be missing or lie. The file
 * is read, never mapped: one that is cut meanwhile must not end in SIGBUS.
 */
#include "plugin/note.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/macros.h"

#define NOTE_SEGMENT_MAX	(1u << 20)

#if defined(__x86_64__)
#define NOTE_MACHINE	EM_X86_64
#elif defined(__aarch64__)
#define NOTE_MACHINE	EM_AARCH64
#else
#error "which ELF machine is this?"
#endif
#define NOTE_CLASS	(sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define NOTE_DATA	(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? \
			 ELFDATA2LSB : ELFDATA2MSB)

static int header_check(Elf *elf, char *why, size_t size)
{
	GElf_Ehdr eh;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh))
		snprintf(why, size, "not an ELF file");
	else if (eh.e_ident[EI_CLASS] != NOTE_CLASS)
		snprintf(why, size, "of the wrong ELF class (%d)", eh.e_ident[EI_CLASS]);
	else if (eh.e_ident[EI_DATA] != NOTE_DATA)
		snprintf(why, size, "of the wrong byte order");
	else if (eh.e_machine != NOTE_MACHINE)
		snprintf(why, size, "for another machine (%d)", eh.e_machine);
	else if (eh.e_type != ET_DYN)
		snprintf(why, size, "not a shared object (ELF type %d)", eh.e_type);
	else
		return 0;
	return -EINVAL;
}

/* The bytes of one of the texts, which a hostile file may leave without end. */
static bool text_ok(const char *s, size_t size)
{
	size_t n = strnlen(s, size), i;

	for (i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] >= 0x7f)
			return false;
	return n && n < size;
}

static int desc_read(const uint8_t *p, size_t len, struct note *note,
		     char *why, size_t size)
{
	struct weir_note_desc *desc = &note->desc;
	size_t head = offsetof(struct weir_note_desc, kind);

	if (desc->abi_major || desc->abi_minor) {
		snprintf(why, size, "has two weir notes");
		return -EINVAL;
	}
	if (len < head) {
		snprintf(why, size, "its weir note has %zu bytes", len);
		return -EINVAL;
	}
	memcpy(desc, p, head);
	/* Another major may have another layout: it only is to be named. */
	if (desc->abi_major != WEIR_ABI_MAJOR)
		return 0;
	if (len != sizeof(*desc)) {
		snprintf(why, size, "its weir note has %zu bytes, need %zu", len,
			 sizeof(*desc));
		return -EINVAL;
	}
	memcpy(desc, p, sizeof(*desc));
	if (text_ok(desc->name, sizeof(desc->name)) &&
	    text_ok(desc->version, sizeof(desc->version)) &&
	    text_ok(desc->licence, sizeof(desc->licence)))
		return 0;
	snprintf(why, size, "the name, version or licence in its weir note is no text");
	return -EINVAL;
}

static void build_id_read(const uint8_t *p, size_t len, struct note *note)
{
	size_t i;

	for (i = 0; i < MIN(len, (size_t)NOTE_BUILD_ID); i++)
		sprintf(note->build_id + 2 * i, "%02x", p[i]);
}

static int notes_read(Elf_Data *data, struct note *note, char *why, size_t size)
{
	size_t at = 0, next, name, desc;
	const uint8_t *p = data->d_buf;
	GElf_Nhdr nh;
	int r;

	for (; at < data->d_size; at = next) {
		next = gelf_getnote(data, at, &nh, &name, &desc);
		if (!next && data->d_size - at < sizeof(nh))
			return 0;	/* padding */
		if (!next) {
			snprintf(why, size, "its ELF notes are broken");
			return -EINVAL;
		}
		if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == 4 &&
		    !memcmp(p + name, "GNU", 4))
			build_id_read(p + desc, nh.n_descsz, note);
		if (nh.n_type != WEIR_NOTE_TYPE ||
		    nh.n_namesz != sizeof(WEIR_NOTE_NAME) ||
		    memcmp(p + name, WEIR_NOTE_NAME, sizeof(WEIR_NOTE_NAME)))
			continue;
		r = desc_read(p + desc, nh.n_descsz, note, why, size);
		if (r < 0)
			return r;
	}
	return 0;
}

static int segment_read(Elf *elf, const GElf_Phdr *ph, uint64_t file_size,
			struct note *note, char *why, size_t size)
{
	Elf_Data *data;

	if (ph->p_type != PT_LOAD && ph->p_type != PT_NOTE)
		return 0;
	/* Touching what is mapped beyond the end of a file is a SIGBUS. */
	if (ph->p_offset > file_size || ph->p_filesz > file_size - ph->p_offset) {
		snprintf(why, size, "the file is cut");
		return -EINVAL;
	}
	if (ph->p_type != PT_NOTE || !ph->p_filesz)
		return 0;
	data = ph->p_filesz > NOTE_SEGMENT_MAX ? NULL :
	       elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, ph->p_filesz,
				    ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	if (!data) {
		snprintf(why, size, "its ELF notes are broken");
		return -EINVAL;
	}
	return notes_read(data, note, why, size);
}

static int segments_read(Elf *elf, uint64_t file_size, struct note *note,
			 char *why, size_t size)
{
	GElf_Phdr ph;
	size_t n, i;
	int r;

	if (elf_getphdrnum(elf, &n) < 0)
		n = 0;
	for (i = 0; i < n && i <= INT32_MAX; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph)) {
			snprintf(why, size, "its program headers are broken");
			return -EINVAL;
		}
		r = segment_read(elf, &ph, file_size, note, why, size);
		if (r < 0)
			return r;
	}
	if (note->desc.abi_major || note->desc.abi_minor)
		return 0;
	snprintf(why, size, "has no weir note, so it is no plugin");
	return -EINVAL;
}

int note_read(int fd, struct note *out, char *why, size_t size)
{
	struct note note = { 0 };
	struct stat st;
	Elf *elf;
	int r;

	if (fstat(fd, &st) < 0) {
		r = -errno;
		snprintf(why, size, "%s", strerror(-r));
		return r;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf) {
		snprintf(why, size, "not an ELF file");
		return -EINVAL;
	}
	r = header_check(elf, why, size);
	if (r == 0)
		r = segments_read(elf, (uint64_t)st.st_size, &note, why, size);
	elf_end(elf);
	if (r == 0)
		*out = note;
	return r;
}
