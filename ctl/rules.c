/* SPDX-License-Identifier: Apache-2.0 */
/* Files of rules to a set and an image. Errors of files are told at once, those of rules kept. */
#include "rules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "human.h"
#include "weirctl.h"

#define DEPTH	16u	/* of folders */

const char *rules_name(const struct sigma_meta *m)
{
	return m->id ? m->id : m->title ? m->title : "";
}

/* ---- files -----------------------------------------------------------------------*/

/* To be freed; NULL: told why. */
static char *read_file(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;
	struct stat st;
	ssize_t got = 0;

	if (fd < 0 || fstat(fd, &st)) {
		human_error("%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size > RULES_FILE_MAX) {
		human_error("%s: is no file of at most %u MiB", path, RULES_FILE_MAX >> 20);
	} else {
		bytes = malloc((size_t)st.st_size + 1);
		got = bytes ? read(fd, bytes, (size_t)st.st_size) : -1;
		if (got < 0) {
			human_error("%s: %s", path, strerror(errno));
			free(bytes);
			bytes = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	*n = bytes ? (size_t)got : 0;
	if (bytes)
		bytes[got] = 0;
	return bytes;
}

static int take_file(struct rules *r, const char *path)
{
	size_t n;
	char *bytes = read_file(path, &n);
	int done = bytes ? sigma_read(r->set, path, bytes, n) : 0;

	free(bytes);
	if (bytes && done < 0) {
		human_error("out of memory");
		return ST_FAILED;
	}
	return bytes ? ST_OK : ST_FAILED;
}

static int is_rule_file(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	if (*e->d_name == '.')
		return 0;
	return e->d_type == DT_DIR || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN ||
	       (dot && (!strcmp(dot, ".yml") || !strcmp(dot, ".yaml")));
}

static int take_path(struct rules *r, const char *path, unsigned depth, bool named);

static int take_folder(struct rules *r, const char *path, unsigned depth)
{
	struct dirent **list;
	int i, n = scandir(path, &list, is_rule_file, alphasort), status = ST_OK;
	char *inner;

	if (n < 0) {
		human_error("%s: %s", path, strerror(errno));
		return ST_FAILED;
	}
	for (i = 0; i < n; i++) {
		if (status == ST_OK && asprintf(&inner, "%s/%s", path, list[i]->d_name) > 0) {
			status = take_path(r, inner, depth + 1, false);
			free(inner);
		}
		free(list[i]);
	}
	free(list);
	return status;
}

/* What lies in a folder is a rule by its name; what was named is one anyway. */
static int take_path(struct rules *r, const char *path, unsigned depth, bool named)
{
	const char *dot = strrchr(path, '.');
	struct stat st;

	if (stat(path, &st)) {
		human_error("%s: %s", path, strerror(errno));
		return ST_FAILED;
	}
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH ? take_folder(r, path, depth) : ST_OK;
	if (!named && (!dot || (strcmp(dot, ".yml") && strcmp(dot, ".yaml"))))
		return ST_OK;
	return take_file(r, path);
}

/* ---- placeholders ------------------------------------------------------------------*/

/* Each line that is not empty is a value. */
static bool split(struct rules *r, char *bytes, struct sigma_words *out)
{
	const char **words = NULL;
	char *line, *save = NULL;
	uint32_t n = 0, cap = 0;

	for (line = strtok_r(bytes, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		if (!rulearena_more(&r->texts, &words, n, &cap, sizeof(*words)))
			return false;
		words[n++] = line;
	}
	*out = (struct sigma_words){ n, words };
	return true;
}

static bool expand(void *arg, const char *name, struct sigma_words *out)
{
	struct rules *r = arg;
	char *path, *bytes = NULL, *text = NULL;
	size_t n;

	if (!r->placeholder_dir || strchr(name, '/') ||
	    asprintf(&path, "%s/%s.txt", r->placeholder_dir, name) < 0)
		return false;
	if (!access(path, R_OK))
		bytes = read_file(path, &n);
	if (bytes)
		text = rulearena_text(&r->texts, bytes, n);
	free(bytes);
	free(path);
	return text && split(r, text, out);
}

/* ---- all -------------------------------------------------------------------------*/

static int make_map(struct rules *r)
{
	char *bytes = NULL;
	size_t n = 0;

	if (r->map_file) {
		bytes = read_file(r->map_file, &n);
		if (!bytes)
			return ST_FAILED;
	}
	r->map = rulemap_new(r->map_file, bytes, n, &r->diags);
	free(bytes);
	return r->map ? ST_OK : ST_FAILED;
}

int rules_load(struct rules *r, char *const *paths, int n, bool lenient)
{
	struct sigma_conf conf = { .expand = expand, .arg = r };
	struct ruleset_conf make = { .lenient = lenient };
	int i, status = make_map(r);

	r->set = status == ST_OK ? sigma_new(&conf) : NULL;
	for (i = 0; i < n && status == ST_OK && r->set; i++)
		status = take_path(r, paths[i], 0, true);
	if (status != ST_OK)
		return status;
	make.map = r->map;
	if (r->set && !sigma_link(r->set))
		r->image = ruleset_new(r->set, &make, &r->diags);
	if (r->image)
		return ST_OK;
	human_error("out of memory");
	return ST_FAILED;
}

unsigned rules_errors(const struct rules *r)
{
	return r->diags.n_errors + (r->set ? r->set->diags.n_errors : 0);
}

static void complain(const struct rulediags *d)
{
	char line[2048];
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		rulediag_format(&d->items[i], line, sizeof(line));
		fprintf(stderr, "%s\n", line);
	}
}

void rules_complain(const struct rules *r)
{
	if (r->set)
		complain(&r->set->diags);
	complain(&r->diags);
}

void rules_fini(struct rules *r)
{
	ruleset_free(r->image);
	sigma_free(r->set);
	rulemap_free(r->map);
	rulediag_fini(&r->diags);
	rulearena_fini(&r->texts);
}
