/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members that are missing or of another kind are passed over; only a text that
 * is not JSON at all, or nested too deep, is refused. A user's own files are
 * read too, so nothing about them is trusted.
 */
#include "conjson.h"

#include <json-c/json.h>
#include <string.h>

#define DEPTH	32

/* For json_object_put(); NULL: it is no object and no array. */
static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *t;
	struct json_object *o;

	if (len > INT32_MAX)
		return NULL;
	t = json_tokener_new_ex(DEPTH);
	if (!t)
		return NULL;
	o = json_tokener_parse_ex(t, text, (int)len);
	if (o && !json_object_is_type(o, json_type_object) &&
	    !json_object_is_type(o, json_type_array)) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *m = NULL;

	if (o && json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, name, &m);
	return m;
}

/* NULL: there is none, or it is no text. */
static const char *text_of(struct json_object *o, size_t *len)
{
	if (!o || !json_object_is_type(o, json_type_string))
		return NULL;
	*len = (size_t)json_object_get_string_len(o);
	return json_object_get_string(o);
}

static void add_fact(struct confacts_draft *d, enum confact f, struct json_object *o)
{
	size_t len;
	const char *text = text_of(o, &len);

	if (text)
		confacts_add(d, f, text, len);
}

static void add_image(struct confacts_draft *d, struct json_object *o)
{
	size_t len;
	const char *text = text_of(o, &len);

	if (text && len)
		confacts_add_image(d, text, len);
}

/* ---- labels and annotations --------------------------------------------------------*/

static const struct {
	const char *key;
	enum confact fact;	/* CONFACT__MAX: a reference to an image */
} keys[] = {
	{ "io.kubernetes.pod.name", CONFACT_POD_NAME },
	{ "io.kubernetes.pod.namespace", CONFACT_POD_NAMESPACE },
	{ "io.kubernetes.pod.uid", CONFACT_POD_UID },
	{ "io.kubernetes.container.name", CONFACT_NAME },
	{ "io.kubernetes.cri.sandbox-name", CONFACT_POD_NAME },
	{ "io.kubernetes.cri.sandbox-namespace", CONFACT_POD_NAMESPACE },
	{ "io.kubernetes.cri.sandbox-uid", CONFACT_POD_UID },
	{ "io.kubernetes.cri.container-name", CONFACT_NAME },
	{ "io.kubernetes.cri.image-name", CONFACT__MAX },
	{ "io.kubernetes.cri-o.ImageName", CONFACT__MAX },
	{ "nerdctl/name", CONFACT_NAME },
};

static void add_known(struct confacts_draft *d, const char *key, struct json_object *value)
{
	unsigned i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, key))
			continue;
		if (keys[i].fact == CONFACT__MAX)
			add_image(d, value);
		else
			add_fact(d, keys[i].fact, value);
	}
}

/* What runtimes tell themselves in annotations is nobody's label. */
static bool is_internal(const char *key)
{
	return !strncmp(key, "io.kubernetes.cri-o.", 20) || !strncmp(key, "io.kubernetes.cri.", 18) ||
	       !strncmp(key, "io.container.manager", 20) || !strncmp(key, "io.podman.", 10);
}

static void add_labels(struct confacts_draft *d, struct json_object *labels)
{
	const char *text;
	size_t len;

	if (!labels || !json_object_is_type(labels, json_type_object))
		return;
	json_object_object_foreach(labels, key, value) {
		add_known(d, key, value);
		text = text_of(value, &len);
		if (text && !is_internal(key))
			confacts_add_label(d, key, strlen(key), text, len);
	}
}

/* A text that is JSON itself. */
static struct json_object *inner(struct json_object *o)
{
	size_t len;
	const char *text = text_of(o, &len);

	return text ? parse(text, len) : NULL;
}

/* ---- files -----------------------------------------------------------------------*/

int conjson_docker(const char *text, size_t len, const char *id, struct confacts_draft *d)
{
	struct json_object *o = parse(text, len), *config = member(o, "Config");
	size_t n;
	const char *name = text_of(member(o, "Name"), &n);
	int r;

	(void)id;
	if (name && n && *name == '/')
		name++, n--;
	if (name)
		confacts_add(d, CONFACT_NAME, name, n);
	add_image(d, member(config, "Image"));
	add_labels(d, member(config, "Labels"));
	r = o ? 0 : -1;
	json_object_put(o);
	return r;
}

static void add_stored(struct confacts_draft *d, struct json_object *o)
{
	struct json_object *meta = inner(member(o, "metadata")), *names = member(o, "names");

	add_image(d, member(meta, "image-name"));
	add_fact(d, CONFACT_NAME, member(meta, "name"));
	if (names && json_object_is_type(names, json_type_array) &&
	    json_object_array_length(names))
		add_fact(d, CONFACT_NAME, json_object_array_get_idx(names, 0));
	json_object_put(meta);
}

int conjson_storage(const char *text, size_t len, const char *id, struct confacts_draft *d)
{
	struct json_object *o = parse(text, len), *c;
	size_t i, n = o && json_object_is_type(o, json_type_array) ?
		      (size_t)json_object_array_length(o) : 0, id_len;
	const char *found;
	int r = -1;

	for (i = 0; i < n && r; i++) {
		c = json_object_array_get_idx(o, i);
		found = text_of(member(c, "id"), &id_len);
		if (!found || strcmp(found, id))
			continue;
		add_stored(d, c);
		r = 0;
	}
	json_object_put(o);
	return r;
}

int conjson_bundle(const char *text, size_t len, const char *id, struct confacts_draft *d)
{
	struct json_object *o = parse(text, len), *notes = member(o, "annotations"), *labels;
	int r;

	(void)id;
	labels = inner(member(notes, "io.kubernetes.cri-o.Labels"));
	add_labels(d, notes);
	add_labels(d, labels);
	json_object_put(labels);
	r = o ? 0 : -1;
	json_object_put(o);
	return r;
}

int conjson_runc(const char *text, size_t len, const char *id, struct confacts_draft *d)
{
	struct json_object *o = parse(text, len), *labels = member(member(o, "config"), "labels");
	size_t i, n = labels && json_object_is_type(labels, json_type_array) ?
		      (size_t)json_object_array_length(labels) : 0, l;
	const char *label, *equals;
	int r;

	for (i = 0; i < n; i++) {
		label = text_of(json_object_array_get_idx(labels, i), &l);
		equals = label ? memchr(label, '=', l) : NULL;
		if (equals)
			confacts_add_label(d, label, (size_t)(equals - label), equals + 1,
					   (size_t)(label + l - equals - 1));
	}
	confacts_add(d, CONFACT_NAME, id, strlen(id));
	r = o ? 0 : -1;
	json_object_put(o);
	return r;
}

int conjson_machine(const char *text, size_t len, const char *id, struct confacts_draft *d)
{
	const char *at = text, *end = text + len, *stop;
	bool container = false;

	for (; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		if (stop - at > 5 && !memcmp(at, "NAME=", 5))
			confacts_add(d, CONFACT_NAME, at + 5, (size_t)(stop - at - 5));
		container |= stop - at == 15 && !memcmp(at, "CLASS=container", 15);
		if (stop == end)
			break;
	}
	confacts_add(d, CONFACT_NAME, id, strlen(id));
	return container ? 0 : -1;
}

int conjson_cgroup(const char *text, size_t len, char *to, size_t cap)
{
	struct json_object *o = parse(text, len), *at[] = {
		member(member(o, "linux"), "cgroupsPath"),
		/* Empty, where runc took the container's name. */
		member(member(member(o, "config"), "cgroups"), "path"),
		member(member(o, "cgroup_paths"), ""),
	};
	const char *path = NULL;
	size_t n = 0, i;

	for (i = 0; i < sizeof(at) / sizeof(at[0]) && !n; i++)
		path = text_of(at[i], &n);
	if (n && n < cap) {
		memcpy(to, path, n);
		to[n] = 0;
	}
	json_object_put(o);
	return n && n < cap ? 0 : -1;
}
