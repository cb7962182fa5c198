/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the child in which a plugin is mapped. It sends its findings through a
 * pipe, one in a line: a digit for the severity, and the text. Code of the
 * plugin may run there (constructors); no callback is called.
 */
#include "mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/instance.h"
#include "conf/options.h"
#include "findings.h"
#include "plugin/check.h"
#include "plugin/map.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "schema/values.h"
#include "util/macros.h"

#define SECONDS		10
#define CHILD_DONE	79	/* not what exit() in a constructor would give */
#define WHY_MAX		512

/* ---- in the child -------------------------------------------------------------*/

/* A name that will not break the line. */
static void words_print(FILE *out, const char *s)
{
	for (; s && *s; s++)
		fputc((unsigned char)*s < 0x20 ? ' ' : *s, out);
}

static void tell_names(FILE *out, const char *what, const void *rows, uint32_t n, size_t row)
{
	uint32_t i;

	if (!n)
		return;
	fprintf(out, "%d%s", FINDING_OK, what);
	for (i = 0; i < n; i++) {
		fputs(i ? ", " : " ", out);
		words_print(out, *(const char *const *)(const void *)
				 ((const char *)rows + i * row));
	}
	fputc('\n', out);
}

static void tell_options(FILE *out, const struct weir_plugin *p)
{
	const struct weir_option *o;

	for (o = p->options; o < p->options + p->n_options; o++) {
		fprintf(out, "%doption %s%s%s", FINDING_OK, o->name,
			o->flags & WEIR_OPTION_REQUIRED ? ", required" : "",
			o->dflt ? ", default \"" : "");
		words_print(out, o->dflt);
		fprintf(out, "%s: ", o->dflt ? "\"" : "");
		words_print(out, o->doc);
		fputc('\n', out);
	}
}

/* Fields that no chain could have: of the table's, those of others are unknown here. */
static void tell_fields(FILE *out, const struct weir_plugin *p)
{
	struct dict *dict = dict_new();
	struct schema *s = dict ? schema_new(dict) : NULL;
	const struct weir_field *field;
	uint32_t i;

	for (i = 0; s && i < p->n_wants; i++)
		if (!schema_find(s, p->wants[i].name))
			fprintf(out, "%dwants %s, which the kernel does not have: some stage before must produce it%s\n",
				FINDING_OK, p->wants[i].name,
				p->wants[i].flags & WEIR_WANT_REQUIRED ? "" : ", else it is absent");
	for (i = 0; s && i < p->n_produces; i++) {
		field = schema_find(s, p->produces[i].name);
		if (field)
			fprintf(out, "%dproduces %s, which is a field of the kernel's\n",
				FINDING_ERROR, field->def.name);
		if (p->produces[i].values && !values_find(p->produces[i].values))
			fprintf(out, "%dfield %s: there are no values \"%s\"\n", FINDING_ERROR,
				p->produces[i].name, p->produces[i].values);
	}
	for (i = 0; s && i < p->n_types; i++)
		if (schema_type(s, p->types[i]) < 0)
			fprintf(out, "%devent type %s is not one of the kernel's\n",
				FINDING_WARNING, p->types[i]);
	schema_free(s);
	dict_free(dict);
}

static void tell_plugin(FILE *out, const struct weir_plugin *p)
{
	fprintf(out, "%d", p->summary ? FINDING_OK : FINDING_WARNING);
	words_print(out, p->summary ? p->summary : "has no summary");
	fputc('\n', out);
	tell_options(out, p);
	tell_names(out, "wants", p->wants, p->n_wants, sizeof(*p->wants));
	tell_names(out, "produces", p->produces, p->n_produces, sizeof(*p->produces));
	tell_names(out, "counts", p->counters, p->n_counters, sizeof(*p->counters));
	tell_names(out, "sees", p->types, p->n_types, sizeof(*p->types));
	if (WEIR_HAS(p, adopt)) {
		tell_names(out, "emits", p->emits, p->n_emits, sizeof(*p->emits));
		if (p->adopt)
			fprintf(out, "%dhands over its state (%u) in a reload\n", FINDING_OK,
				p->state);
	}
	tell_fields(out, p);
}

static void child(int fd, const struct stat *st, const struct weir_note_desc *note, int to)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	FILE *out = fdopen(to, "w");
	struct map_symbol sym;
	void *handle = NULL;
	char why[WHY_MAX] = "";
	int r;

	if (!out || null < 0)
		_exit(1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	alarm(SECONDS);
	r = map_open(&fd, st, &handle, why, sizeof(why));
	if (r == 0)
		r = map_find(handle, "weir_plugin", _Alignof(struct weir_plugin), &sym,
			     why, sizeof(why));
	if (r == 0)
		r = check_plugin(sym.p, sym.size, note, instance_reserved, why, sizeof(why));
	if (r < 0)
		fprintf(out, "%d%s\n", FINDING_ERROR, why);
	else
		tell_plugin(out, sym.p);
	fflush(out);
	/* Its destructors are not ours to run. */
	_exit(CHILD_DONE);
}

/* ---- in the parent ------------------------------------------------------------*/

static void pipe_read(int from, struct findings *f)
{
	FILE *in = fdopen(from, "r");
	size_t size = 0, n = 0;
	char *line = NULL;
	int severity;

	while (in && n++ < 10000 && getline(&line, &size, in) > 1) {
		severity = line[0] - '0';
		line[strcspn(line, "\n")] = 0;
		if (severity >= 0 && severity < FINDING__MAX)
			finding_add(f, (enum finding_severity)severity, "struct", "%s", line + 1);
	}
	free(line);
	if (in)
		fclose(in);
	else
		close(from);
}

void mapped_check(int fd, const struct stat *st, const struct weir_note_desc *note,
		  struct findings *f)
{
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		finding_add(f, FINDING_ERROR, "map", "no pipe: %s", strerror(errno));
		return;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(fd, st, note, ends[1]);
	}
	close(ends[1]);
	pipe_read(ends[0], f);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		finding_add(f, FINDING_ERROR, "map", "no child process: %s", strerror(errno));
	else if (WIFSIGNALED(status))
		finding_add(f, FINDING_ERROR, "map", "mapping it: %s",
			    WTERMSIG(status) == SIGALRM ? "takes for ever" :
			    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != CHILD_DONE)
		finding_add(f, FINDING_ERROR, "map", "mapping it ended the process");
}
