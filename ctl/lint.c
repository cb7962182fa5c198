/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the look at a plugin's dynamic section, symbols and segments. Tables
 * are found through the section headers, and only believed if the program
 * headers, by which the file is mapped, name the same ones. It is a lint: it
 * finds mistakes of people who mean well.
 */
#include "lint.h"

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "util/macros.h"

#define NEEDED_TEXT	512

struct lint {
	Elf *elf;
	const struct lint_conf *conf;
	struct findings *f;
	Elf_Scn *dynamic, *dynsym, *verneed;
	uint64_t dynamic_off;	/* as the program headers say */
	uint64_t symtab, n_init, n_fini;
	bool textrel;
	char needed[NEEDED_TEXT];
};

/* ---- imports ----------------------------------------------------------------*/

static const struct banned {
	const char *name;	/* a '*' at its end: all that begin so */
	enum finding_severity severity;
	const char *why;
} banned[] = {
	{ "weir_*", FINDING_ERROR, "the core exports nothing: all comes through the host table" },
	{ "fork", FINDING_ERROR, "a plugin starts no processes" },
	{ "vfork", FINDING_ERROR, "a plugin starts no processes" },
	{ "clone", FINDING_ERROR, "a plugin starts no processes" },
	{ "execl*", FINDING_ERROR, "a plugin starts no processes" },
	{ "execv*", FINDING_ERROR, "a plugin starts no processes" },
	{ "fexecve", FINDING_ERROR, "a plugin starts no processes" },
	{ "posix_spawn*", FINDING_ERROR, "a plugin starts no processes" },
	{ "system", FINDING_ERROR, "a plugin starts no processes" },
	{ "popen", FINDING_ERROR, "a plugin starts no processes" },
	{ "wordexp", FINDING_ERROR, "it starts a shell" },
	{ "daemon", FINDING_ERROR, "a plugin starts no processes" },
	{ "exit", FINDING_ERROR, "it ends the sensor" },
	{ "_exit", FINDING_ERROR, "it ends the sensor" },
	{ "_Exit", FINDING_ERROR, "it ends the sensor" },
	{ "quick_exit", FINDING_ERROR, "it ends the sensor" },
	{ "err", FINDING_ERROR, "it ends the sensor" },
	{ "errx", FINDING_ERROR, "it ends the sensor" },
	{ "abort", FINDING_WARNING, "it ends the sensor" },
	{ "__assert_fail", FINDING_WARNING, "it ends the sensor; build with -DNDEBUG" },
	{ "signal", FINDING_ERROR, "signal handlers are the sensor's" },
	{ "sigaction", FINDING_ERROR, "signal handlers are the sensor's" },
	{ "sigset", FINDING_ERROR, "signal handlers are the sensor's" },
	{ "bsd_signal", FINDING_ERROR, "signal handlers are the sensor's" },
	{ "sysv_signal", FINDING_ERROR, "signal handlers are the sensor's" },
	{ "sigprocmask", FINDING_WARNING, "use pthread_sigmask, in threads of your own" },
	{ "alarm", FINDING_ERROR, "signals are the sensor's" },
	{ "setitimer", FINDING_ERROR, "signals are the sensor's" },
	{ "chdir", FINDING_ERROR, "it is of the whole process" },
	{ "fchdir", FINDING_ERROR, "it is of the whole process" },
	{ "chroot", FINDING_ERROR, "it is of the whole process" },
	{ "umask", FINDING_ERROR, "it is of the whole process" },
	{ "setlocale", FINDING_ERROR, "it is of the whole process" },
	{ "setenv", FINDING_ERROR, "it is of the whole process, and not for threads" },
	{ "putenv", FINDING_ERROR, "it is of the whole process, and not for threads" },
	{ "unsetenv", FINDING_ERROR, "it is of the whole process, and not for threads" },
	{ "clearenv", FINDING_ERROR, "it is of the whole process, and not for threads" },
	{ "setuid", FINDING_ERROR, "it is of the whole process" },
	{ "setgid", FINDING_ERROR, "it is of the whole process" },
	{ "seteuid", FINDING_ERROR, "it is of the whole process" },
	{ "setegid", FINDING_ERROR, "it is of the whole process" },
	{ "setrlimit*", FINDING_WARNING, "it is of the whole process" },
	{ "closefrom", FINDING_ERROR, "it closes what others have open" },
	{ "close_range", FINDING_ERROR, "it closes what others have open" },
	{ "dlclose", FINDING_ERROR, "nothing is unmapped in the sensor" },
	{ "atexit", FINDING_WARNING, "it runs when the sensor ends, after close" },
	{ "gets", FINDING_ERROR, "it cannot be used safely" },
	{ "strtok", FINDING_WARNING, "it is not for threads" },
	{ "localtime", FINDING_WARNING, "it is not for threads" },
	{ "gmtime", FINDING_WARNING, "it is not for threads" },
	{ "srand", FINDING_WARNING, "it is of the whole process" },
};

static bool name_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return !strncmp(pattern, name, n - 1);
	return !strcmp(pattern, name);
}

static void import_check(struct lint *l, const char *name)
{
	const struct banned *b;

	for (b = banned; b < banned + ARRAY_LEN(banned); b++)
		if (name_matches(b->name, name))
			finding_add(l->f, b->severity, "imports", "uses %s: %s", name, b->why);
}

/* ---- symbols ----------------------------------------------------------------*/

static bool export_is_own(const GElf_Sym *sym)
{
	int bind = GELF_ST_BIND(sym->st_info), vis = GELF_ST_VISIBILITY(sym->st_other);

	return sym->st_shndx != SHN_UNDEF && (bind == STB_GLOBAL || bind == STB_WEAK ||
	       bind == STB_GNU_UNIQUE) && (vis == STV_DEFAULT || vis == STV_PROTECTED);
}

static void export_check(struct lint *l, const GElf_Sym *sym, const char *name,
			 unsigned *n_own, unsigned *n_other)
{
	if (!strcmp(name, "weir_plugin")) {
		++*n_own;
		if (GELF_ST_TYPE(sym->st_info) != STT_OBJECT)
			finding_add(l->f, FINDING_ERROR, "exports",
				    "weir_plugin is no data");
		return;
	}
	if (++*n_other <= 8)
		finding_add(l->f, FINDING_ERROR, "exports",
			    "exports %s: only weir_plugin may be; build with -fvisibility=hidden",
			    name);
}

static void symbols_check(struct lint *l)
{
	Elf_Data *data = elf_getdata(l->dynsym, NULL);
	unsigned n_own = 0, n_other = 0;
	const char *name;
	GElf_Shdr sh;
	GElf_Sym sym;
	int i;

	gelf_getshdr(l->dynsym, &sh);
	for (i = 1; gelf_getsym(data, i, &sym); i++) {
		name = elf_strptr(l->elf, sh.sh_link, sym.st_name);
		if (!name)
			continue;
		if (export_is_own(&sym))
			export_check(l, &sym, name, &n_own, &n_other);
		else if (sym.st_shndx == SHN_UNDEF)
			import_check(l, name);
	}
	if (!n_own)
		finding_add(l->f, FINDING_ERROR, "exports", "exports no weir_plugin");
	else if (!n_other)
		finding_add(l->f, FINDING_OK, "exports", "exports weir_plugin and nothing else");
	else if (n_other > 8)
		finding_add(l->f, FINDING_ERROR, "exports", "exports %u more", n_other - 8);
}

/* ---- the dynamic section ----------------------------------------------------*/

static void needed_add(struct lint *l, const char *name)
{
	size_t n = strlen(l->needed);

	snprintf(l->needed + n, sizeof(l->needed) - n, "%s%s", n ? " " : "", name);
	if (!strncmp(name, "libweir", 7))
		finding_add(l->f, FINDING_ERROR, "needed",
			    "needs %s: a plugin links nothing of the sensor", name);
}

static void dynamic_entry(struct lint *l, const GElf_Dyn *dyn, size_t strtab)
{
	const char *text = elf_strptr(l->elf, strtab, dyn->d_un.d_val);

	switch (dyn->d_tag) {
	case DT_NEEDED:
		needed_add(l, text ? text : "?");
		break;
	case DT_RPATH:
	case DT_RUNPATH:
		finding_add(l->f, FINDING_ERROR, "runpath",
			    "has a %s (%s): libraries would come from folders that nobody checks",
			    dyn->d_tag == DT_RPATH ? "RPATH" : "RUNPATH", text ? text : "?");
		break;
	case DT_TEXTREL:
		l->textrel = true;
		break;
	case DT_FLAGS:
		l->textrel |= dyn->d_un.d_val & DF_TEXTREL;
		break;
	case DT_SYMTAB:
		l->symtab = dyn->d_un.d_ptr;
		break;
	case DT_INIT_ARRAYSZ:
		l->n_init = dyn->d_un.d_val / sizeof(void *);
		break;
	case DT_FINI_ARRAYSZ:
		l->n_fini = dyn->d_un.d_val / sizeof(void *);
		break;
	}
}

/* The toolchain's crtbegin has one of each. */
static void life_check(struct lint *l)
{
	if (l->n_init > 1)
		finding_add(l->f, FINDING_WARNING, "constructors",
			    "has %llu constructors: they run when it is mapped, for --check too",
			    (unsigned long long)l->n_init - 1);
	else
		finding_add(l->f, FINDING_OK, "constructors", "no constructors of its own");
	if (l->n_fini > 1)
		finding_add(l->f, FINDING_WARNING, "destructors",
			    "has %llu destructors: they run when the sensor ends",
			    (unsigned long long)l->n_fini - 1);
}

static void dynamic_check(struct lint *l)
{
	Elf_Data *data = elf_getdata(l->dynamic, NULL);
	GElf_Shdr sh;
	GElf_Dyn dyn;
	int i;

	gelf_getshdr(l->dynamic, &sh);
	for (i = 0; gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++)
		dynamic_entry(l, &dyn, sh.sh_link);
	if (l->textrel)
		finding_add(l->f, FINDING_ERROR, "textrel",
			    "has relocations in its code (TEXTREL): build with -fPIC");
	finding_add(l->f, FINDING_OK, "needed", "needs %s",
		    *l->needed ? l->needed : "no library");
	life_check(l);
}

/* ---- versions of glibc ------------------------------------------------------*/

static bool newer(unsigned major, unsigned minor, unsigned than_major, unsigned than_minor)
{
	return major > than_major || (major == than_major && minor > than_minor);
}

static void version_take(const char *name, unsigned *major, unsigned *minor)
{
	unsigned a, b = 0;

	if (name && sscanf(name, "GLIBC_%u.%u", &a, &b) >= 1 && newer(a, b, *major, *minor)) {
		*major = a;
		*minor = b;
	}
}

static void glibc_tell(struct lint *l, unsigned major, unsigned minor)
{
	const struct lint_conf *c = l->conf;

	if (!major)
		finding_add(l->f, FINDING_OK, "glibc", "needs no version of glibc");
	else if (!newer(major, minor, c->glibc_major, c->glibc_minor))
		finding_add(l->f, FINDING_OK, "glibc", "needs glibc %u.%u; %u.%u is the floor",
			    major, minor, c->glibc_major, c->glibc_minor);
	else
		finding_add(l->f, c->glibc_given ? FINDING_ERROR : FINDING_WARNING, "glibc",
			    "needs glibc %u.%u: systems with %u.%u cannot map it", major,
			    minor, c->glibc_major, c->glibc_minor);
}

static void verneed_check(struct lint *l)
{
	Elf_Data *data = l->verneed ? elf_getdata(l->verneed, NULL) : NULL;
	unsigned major = 0, minor = 0, left = 4096;
	size_t at = 0, aux_at;
	GElf_Verneed need;
	GElf_Vernaux aux;
	GElf_Shdr sh;
	int i;

	if (l->verneed)
		gelf_getshdr(l->verneed, &sh);
	while (data && left-- && gelf_getverneed(data, (int)at, &need)) {
		aux_at = at + need.vn_aux;
		for (i = 0; i < need.vn_cnt && gelf_getvernaux(data, (int)aux_at, &aux); i++) {
			version_take(elf_strptr(l->elf, sh.sh_link, aux.vna_name), &major,
				     &minor);
			aux_at += aux.vna_next;
		}
		if (!need.vn_next)
			break;
		at += need.vn_next;
	}
	glibc_tell(l, major, minor);
}

/* ---- segments and sections --------------------------------------------------*/

static void segments_check(struct lint *l)
{
	bool stack = false;
	GElf_Phdr ph;
	size_t n = 0, i;

	elf_getphdrnum(l->elf, &n);
	for (i = 0; i < n && gelf_getphdr(l->elf, (int)i, &ph); i++) {
		if (ph.p_type == PT_DYNAMIC)
			l->dynamic_off = ph.p_offset;
		if (ph.p_type == PT_GNU_STACK && !(ph.p_flags & PF_X))
			stack = true;
		if (ph.p_type == PT_LOAD && (ph.p_flags & PF_W) && (ph.p_flags & PF_X))
			finding_add(l->f, FINDING_ERROR, "segments",
				    "has a segment that can be written to and executed");
	}
	if (!stack)
		finding_add(l->f, FINDING_ERROR, "stack",
			    "asks for an executable stack: link with -Wl,-z,noexecstack");
	else
		finding_add(l->f, FINDING_OK, "stack", "no executable stack");
}

static bool sections_find(struct lint *l)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(l->elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			continue;
		if (sh.sh_type == SHT_DYNAMIC && sh.sh_offset == l->dynamic_off)
			l->dynamic = scn;
		else if (sh.sh_type == SHT_DYNSYM)
			l->dynsym = scn;
		else if (sh.sh_type == SHT_GNU_verneed)
			l->verneed = scn;
	}
	return l->dynamic && l->dynsym;
}

void lint_elf(int fd, const struct lint_conf *conf, struct findings *f)
{
	struct lint l = { .conf = conf, .f = f };
	GElf_Shdr sh;

	elf_version(EV_CURRENT);
	l.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!l.elf) {
		finding_add(f, FINDING_ERROR, "elf", "not an ELF file");
		return;
	}
	segments_check(&l);
	if (!sections_find(&l)) {
		finding_add(f, FINDING_ERROR, "elf",
			    "its section headers are missing or not those of its segments");
	} else {
		dynamic_check(&l);
		gelf_getshdr(l.dynsym, &sh);
		if (sh.sh_addr == l.symtab)
			symbols_check(&l);
		else
			finding_add(f, FINDING_ERROR, "elf",
				    "its table of symbols is not the one that is used");
		verneed_check(&l);
	}
	elf_end(l.elf);
}
