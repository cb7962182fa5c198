/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the making of a tree: which files belong to a configuration, and the
 * only use of libconfig, whose settings become nodes here. scan.c has made all
 * whole numbers 64-bit ones and bounded the nesting before.
 */
#include "conf/tree.h"

#include <dirent.h>
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/merge.h"
#include "conf/text.h"

/* ---- settings to nodes -----------------------------------------------------*/

static int node_value(struct conf *c, const config_setting_t *s,
		      struct conf_node *node)
{
	const char *text;

	switch (config_setting_type(s)) {
	case CONFIG_TYPE_BOOL:
		node->type = CONF_BOOL;
		node->v.b = config_setting_get_bool(s);
		return 0;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		node->type = CONF_INT;
		node->v.i = config_setting_get_int64(s);
		return 0;
	case CONFIG_TYPE_FLOAT:
		node->type = CONF_FLOAT;
		node->v.f = config_setting_get_float(s);
		return 0;
	case CONFIG_TYPE_STRING:
		node->type = CONF_STRING;
		text = config_setting_get_string(s);
		node->v.s = mem_strdup(&c->mem, text ? text : "");
		return node->v.s ? 0 : -ENOMEM;
	case CONFIG_TYPE_ARRAY:
		node->type = CONF_ARRAY;
		return 0;
	case CONFIG_TYPE_LIST:
		node->type = CONF_LIST;
		return 0;
	default:
		node->type = CONF_GROUP;
		return 0;
	}
}

static int node_make(struct conf *c, const struct text *t,
		     const config_setting_t *s, struct conf_node **out)
{
	struct conf_node *node = mem_alloc(&c->mem, sizeof(*node)), **at;
	int i, n, r;

	if (!node)
		return -ENOMEM;
	/* The macro config_setting_source_line cuts to 16 bits. */
	text_where(t, (int)s->line, &node->file, &node->line);
	if (s->name) {
		node->name = mem_strdup(&c->mem, s->name);
		if (!node->name)
			return -ENOMEM;
	}
	r = node_value(c, s, node);
	n = config_setting_is_aggregate(s) ? config_setting_length(s) : 0;
	at = &node->children;
	for (i = 0; i < n && r == 0; i++, at = *at ? &(*at)->next : at)
		r = node_make(c, t, config_setting_get_elem(s, (unsigned)i), at);
	if (r == 0)
		*out = node;
	return r;
}

static int text_parse(struct conf *c, const struct text *t, struct diag *d)
{
	struct conf_node *root;
	const char *file;
	config_t cfg;
	int line, r;

	config_init(&cfg);
	if (config_read_string(&cfg, t->buf)) {
		r = node_make(c, t, config_root_setting(&cfg), &root);
		if (r == 0)
			r = merge_file(c, root, d);
	} else {
		text_where(t, config_error_line(&cfg), &file, &line);
		r = diag_error(d, file, line, "%s", config_error_text(&cfg));
	}
	config_destroy(&cfg);
	return r;
}

/* ---- files -----------------------------------------------------------------*/

/* A file that cannot be used is in the diag; only lack of memory ends the run. */
static int load_text(struct conf *c, struct diag *d, const char *path,
		     const struct conf_bytes *bytes)
{
	struct text t;
	int r;

	text_init(&t, &c->mem, d);
	r = bytes ? text_add_bytes(&t, bytes->name, bytes->p, bytes->len) :
		    text_add_file(&t, path);
	if (r == 0 && t.cut)
		r = -EINVAL;
	if (r == 0)
		r = text_parse(c, &t, d);
	text_fini(&t);
	return r;
}

static int is_snippet(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && !strcmp(e->d_name + n - 5, ".conf");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_folder(struct conf *c, struct diag *d, const char *dir)
{
	struct dirent **all = NULL;
	char *path;
	int i, n, r = 0;

	n = scandir(dir, &all, is_snippet, by_bytes);
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		r = -errno;
		diag_error(d, NULL, 0, "%s: %s", dir, strerror(-r));
		return r;
	}
	for (i = 0; i < n; i++) {
		if (r == -ENOMEM || asprintf(&path, "%s/%s", dir, all[i]->d_name) < 0) {
			r = -ENOMEM;
		} else {
			r = load_text(c, d, path, NULL);
			free(path);
		}
		free(all[i]);
	}
	free(all);
	return r == -ENOMEM ? r : 0;
}

static int load_files(struct conf *c, struct diag *d, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int r;

	r = load_text(c, d, path, NULL);
	/* Without the main file, errors of the others only hide the cause. */
	if (r < 0 && r != -EINVAL)
		return r;
	if (asprintf(&dir, "%.*sconf.d", slash ? (int)(slash + 1 - path) : 0, path) < 0)
		return -ENOMEM;
	r = load_folder(c, d, dir);
	free(dir);
	return r;
}

static int load_all(struct diag *d, const char *path,
		    const struct conf_bytes *texts, size_t n, struct conf **out)
{
	size_t n_errors = d->n_errors, i;
	struct conf *c = calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (c)
		c->root = mem_alloc(&c->mem, sizeof(*c->root));
	if (!c || !c->root)
		goto out;
	c->root->type = CONF_GROUP;
	r = 0;
	if (path) {
		c->root->file = mem_strdup(&c->mem, path);
		r = load_files(c, d, path);
	}
	for (i = 0; i < n && r != -ENOMEM; i++)
		r = load_text(c, d, NULL, &texts[i]);
	if (r != -ENOMEM)
		merge_finish(c, d);
	if (r >= 0 && d->n_errors != n_errors)
		r = -EINVAL;
out:
	if (r == -ENOMEM)
		diag_error(d, path, 0, "out of memory");
	if (r < 0)
		conf_free(c);
	else
		*out = c;
	return r;
}

int conf_load(const char *path, struct diag *d, struct conf **out)
{
	return load_all(d, path, NULL, 0, out);
}

int conf_load_bytes(const struct conf_bytes *texts, size_t n, struct diag *d,
		    struct conf **out)
{
	return load_all(d, NULL, texts, n, out);
}
