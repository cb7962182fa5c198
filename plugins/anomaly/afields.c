/* SPDX-License-Identifier: Apache-2.0 */
#include "afields.h"

#include <sys/stat.h>

#include <weir/put.h>

#include "areason.h"

#define REASON	2048u	/* bytes of a sentence */
#define TAGS	32u
#define TAG	320u	/* bytes of one */

const struct weir_want afields_wants[AIN__MAX] = {
	[AIN_TIME] = { "time", WEIR_WANT_REQUIRED, 0 },
	[AIN_PROGRAM] = { "process.name", 0, 0 },
	[AIN_NAME] = { "profile.name", WEIR_WANT_REQUIRED, 0 },
	[AIN_VERSION] = { "profile.version", WEIR_WANT_REQUIRED, 0 },
	[AIN_STATE] = { "profile.state", WEIR_WANT_REQUIRED, 0 },
	[AIN_TYPE] = { "profile.type", WEIR_WANT_REQUIRED, 0 },
	[AIN_KNOWN] = { "profile.known", WEIR_WANT_REQUIRED, 0 },
	[AIN_DRIFT] = { "profile.drift", WEIR_WANT_REQUIRED, 0 },
	[AIN_AGE] = { "profile.age_s", WEIR_WANT_REQUIRED, 0 },
	[AIN_EVENTS] = { "profile.events", WEIR_WANT_REQUIRED, 0 },
	[AIN_ITEM] = { "profile.item", WEIR_WANT_REQUIRED, 0 },
	[AIN_KIND] = { "profile.item_kind", WEIR_WANT_REQUIRED, 0 },
	[AIN_PROCESS] = { "profile.process", WEIR_WANT_REQUIRED, 0 },
	[AIN_PROCESS_KNOWN] = { "profile.process_known", WEIR_WANT_REQUIRED, 0 },
	[AIN_NEAR] = { "profile.near", WEIR_WANT_REQUIRED, 0 },
	[AIN_PROGRAMS] = { "profile.programs", WEIR_WANT_REQUIRED, 0 },
	[AIN_ITEM_ID] = { "profile.item_id", 0, 0 },
	[AIN_MODE] = { "file.mode", 0, 0 },
	[AIN_CREATE_MODE] = { "create.mode", 0, 0 },
	[AIN_NEW_MODE] = { "chmod.mode", 0, 0 },
	[AIN_OPEN_FLAGS] = { "open.flags", 0, 0 },
	[AIN_CONTAINER] = { "container.id", 0, 0 },
	[AIN_CONTAINER_NAME] = { "container.name", 0, 0 },
	[AIN_NAMESPACE] = { "orchestrator.namespace", 0, 0 },
	[AIN_POD] = { "orchestrator.pod.name", 0, 0 },
	[AIN_UNIT] = { "systemd.unit", 0, 0 },
	[AIN_LABELS] = { "container.labels", 0, 0 },
};

static const struct weir_column cut_cols[] = {
	{ "kind", WEIR_KIND_STR, 0, NULL, "Of what kind, as profile.item_kind." },
	{ "count", WEIR_KIND_U64, 0, NULL, "How many." },
	{ "first", WEIR_KIND_STR, 0, NULL, "The first of them." },
};

static const struct weir_column new_cols[] = {
	{ "type", WEIR_KIND_STR, 0, NULL, "Type of the event, as profile.type." },
	{ "kind", WEIR_KIND_STR, 0, NULL, "As profile.item_kind." },
	{ "item", WEIR_KIND_STR, 0, NULL, "What is new." },
	{ "process", WEIR_KIND_STR, 0, NULL, "The program, or who began it." },
};

#define OUT(name_, kind_, ecs_, ocsf_, doc_) \
	{ .name = "anomaly." name_, .kind = WEIR_KIND_##kind_, .sigma = "", .ecs = ecs_, .ocsf = ocsf_, \
	  .doc = doc_ }
#define OUT_ROWS(name_, cols_, doc_) \
	{ .name = "anomaly." name_, .kind = WEIR_KIND_RECORDS, .sigma = "", .ecs = "", .ocsf = "", \
	  .doc = doc_, .cols = cols_, .n_cols = WEIR_N_OF(cols_) }

const struct weir_field_def afields_produces[AOUT__MAX] = {
	[AOUT_REASON] = OUT("reason", STR, "event.reason", "message", "Why it is one, in words."),
	[AOUT_TYPE] = OUT("type", STR, "", "", "Type of the event, as profile.type."),
	[AOUT_ITEM] = OUT("item", STR, "", "", "What the profile does not know."),
	[AOUT_KIND] = OUT("item_kind", STR, "", "", "As profile.item_kind."),
	[AOUT_PROCESS] = OUT("process", STR, "", "",
			     "The program in the profile, or who began it."),
	[AOUT_NEAR] = OUT("near", STR, "", "", "The nearest that the profile knows."),
	[AOUT_RARITY] = OUT("rarity", U64, "", "",
			    "Events of that type which this version had before, all "
		"of them without this: it is one in so many."),
	[AOUT_PROFILE] = OUT("profile", STR, "", "", "The profile's name."),
	[AOUT_VERSION] = OUT("version", STR, "", "", "The version of the workload."),
	[AOUT_AGE] = OUT("profile_age_s", U64, "", "", "Seconds since the profile began."),
	[AOUT_SERVICE] = OUT("service", STR, "service.name", "",
			     "The service: by a label, the unit, or the "
		"container's name."),
	[AOUT_TAGS] = { .name = "anomaly.tags", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_STR,
		.sigma = "", .ecs = "tags", .ocsf = "metadata.labels",
		.doc = "Whose it is: NAME:VALUE of "
		"container, pod, unit, and the container's labels; at most 32." },
	[AOUT_CUT] = OUT("cut", U64, "", "count",
			 "Anomalies that were not told, for there were too many."),
	[AOUT_CUT_KINDS] = OUT_ROWS("cut_kinds", cut_cols, "The same by kind."),
	[AOUT_NEW] = OUT("new", U64, "", "count", "Things that are new in the version."),
	[AOUT_NEW_ITEMS] = OUT_ROWS("new_items", new_cols, "The first 64 of them."),
	[AOUT_ID] = OUT("id", STR, "", "",
			"A number of what it is, as profile.item_id; weirctl profile approve takes it."),
};

/* ---- reading ---------------------------------------------------------------------*/

/* Cut where it is too long. */
static void get_text(const struct afields *x, const struct weir_event *ev, unsigned in, char *out,
		     size_t size)
{
	struct weir_value v = weir_get(ev, x->in[in]);
	size_t n = weir_present(&v) && v.kind == WEIR_KIND_STR ? v.len : 0;

	n = n < size ? n : size - 1;
	if (n)
		memcpy(out, v.v.p, n);
	out[n] = 0;
}

void afields_read(const struct afields *x, const struct weir_event *ev, struct afacts *f)
{
	get_text(x, ev, AIN_NAME, f->profile, sizeof(f->profile));
	get_text(x, ev, AIN_VERSION, f->version, sizeof(f->version));
	get_text(x, ev, AIN_TYPE, f->type, sizeof(f->type));
	get_text(x, ev, AIN_ITEM, f->item, sizeof(f->item));
	get_text(x, ev, AIN_KIND, f->item_kind, sizeof(f->item_kind));
	get_text(x, ev, AIN_ITEM_ID, f->item_id, sizeof(f->item_id));
	get_text(x, ev, AIN_PROCESS, f->process, sizeof(f->process));
	get_text(x, ev, AIN_NEAR, f->near, sizeof(f->near));
	get_text(x, ev, AIN_PROGRAM, f->program, sizeof(f->program));
	f->process_known = weir_get_u64(ev, x->in[AIN_PROCESS_KNOWN], 0);
	f->programs = weir_get_u64(ev, x->in[AIN_PROGRAMS], 0);
	f->events = weir_get_u64(ev, x->in[AIN_EVENTS], 0);
	f->age_s = weir_get_u64(ev, x->in[AIN_AGE], 0);
	f->time_ns = weir_get_u64(ev, x->in[AIN_TIME], 0);
}

static bool is_write(const struct afields *x, const struct weir_event *ev)
{
	switch (ev->type) {
	case WEIR_EV_create:
	case WEIR_EV_rename:
	case WEIR_EV_link:
	case WEIR_EV_symlink:
	case WEIR_EV_truncate:
	case WEIR_EV_chmod:
	case WEIR_EV_chown:
	case WEIR_EV_setxattr:
	case WEIR_EV_set_acl:
		return true;
	case WEIR_EV_open:
		return weir_get_u64(ev, x->in[AIN_OPEN_FLAGS], 0) &
		       (WEIR_OPEN_WRITE | WEIR_OPEN_TRUNC | WEIR_OPEN_CREATED | WEIR_OPEN_APPEND);
	default:
		return false;
	}
}

static bool may_run(const struct afields *x, const struct weir_event *ev)
{
	uint64_t mode = weir_get_u64(ev, x->in[AIN_MODE], 0);

	if (mode & S_IFMT && (mode & S_IFMT) != S_IFREG)
		return false;
	mode |= weir_get_u64(ev, x->in[AIN_CREATE_MODE], 0) | weir_get_u64(ev, x->in[AIN_NEW_MODE],
									   0);
	return mode & 0111;
}

bool afields_is_code(const struct afields *x, const struct weir_event *ev, const char *item,
		     const char *const *paths, uint32_t n_paths)
{
	uint32_t i;

	if (!is_write(x, ev))
		return false;
	for (i = 0; i < n_paths; i++)
		if (!strncmp(item, paths[i], strlen(paths[i])))
			return true;
	return may_run(x, ev);
}

/* ---- whose it is -----------------------------------------------------------------*/

struct tags {
	const struct weir_put *put;
	struct weir_value *values;
	uint32_t n;
};

static void add_tag(struct tags *t, const char *name, size_t name_len, const char *value,
		    size_t len)
{
	char text[TAG];
	int n;

	if (t->n == TAGS)
		return;
	n = snprintf(text, sizeof(text), "%.*s:%.*s", (int)(name_len < 128 ? name_len : 128), name,
		     (int)(len < TAG ? len : TAG), value);
	t->values[t->n++] = weir_put_text_value(t->put, text, n < (int)TAG ? (size_t)n : TAG - 1);
}

static const struct weir_value *labels_of(const struct afields *x, const struct weir_event *ev,
					  uint32_t *n)
{
	struct weir_value v = weir_get(ev, x->in[AIN_LABELS]);
	bool there = weir_present(&v) && v.kind == WEIR_KIND_RECORDS && v.v.list &&
		v.v.list->n_cols == 2;

	*n = there ? v.v.list->n : 0;
	return there ? v.v.list->values : NULL;
}

static void put_tags(const struct afields *x, const struct weir_put *put,
		     const struct weir_event *ev)
{
	static const struct { unsigned in; const char *name; } fields[] = {
		{ AIN_CONTAINER, "container_id" }, { AIN_CONTAINER_NAME, "container_name" },
		{ AIN_NAMESPACE, "namespace" }, { AIN_POD, "pod" }, { AIN_UNIT, "unit" },
	};
	struct weir_value values[TAGS], *to;
	struct tags t = { .put = put, .values = values };
	const struct weir_value *row;
	char text[TAG];
	uint32_t n, i;

	for (i = 0; i < WEIR_N_OF(fields); i++) {
		get_text(x, ev, fields[i].in, text, sizeof(text));
		if (*text)
			add_tag(&t, fields[i].name, strlen(fields[i].name), text, strlen(text));
	}
	row = labels_of(x, ev, &n);
	for (i = 0; i < n; i++, row += 2)
		add_tag(&t, row[0].v.p, row[0].len, row[1].v.p, row[1].len);
	to = t.n ? weir_put_rows(put, x->out[AOUT_TAGS], t.n, 1, n > TAGS - WEIR_N_OF(fields)) :
		NULL;
	if (to)
		memcpy(to, values, t.n * sizeof(*to));
}

static bool is_service_label(const struct weir_value *v)
{
	static const char *const names[] = { "service", "com.docker.compose.service",
		"app.kubernetes.io/name" };
	uint32_t i;

	for (i = 0; i < WEIR_N_OF(names); i++)
		if (v->len == strlen(names[i]) && !memcmp(v->v.p, names[i], v->len))
			return true;
	return false;
}

static void put_service(const struct afields *x, const struct weir_put *put,
			const struct weir_event *ev)
{
	struct weir_value v = { 0 };
	const struct weir_value *row;
	char text[TAG];
	uint32_t n, i;

	row = labels_of(x, ev, &n);
	for (i = 0; i < n; i++, row += 2)
		if (is_service_label(&row[0])) {
			v = weir_put_text_value(put, row[1].v.p, row[1].len);
			weir_set(put->ev, x->out[AOUT_SERVICE], &v);
			return;
		}
	get_text(x, ev, AIN_UNIT, text, sizeof(text));
	if (!*text)
		get_text(x, ev, AIN_CONTAINER_NAME, text, sizeof(text));
	weir_put_text(put, x->out[AOUT_SERVICE], text);
}

/* ---- setting ---------------------------------------------------------------------*/

static struct weir_value text_value(const struct weir_put *put, const char *text)
{
	return weir_put_text_value(put, text, strlen(text));
}

void afields_anomaly(const struct afields *x, struct weir_event *to, const struct weir_event *ev,
		     const struct afacts *f)
{
	const struct weir_put put = { x->host, to };
	char reason[REASON];

	areason_text(f, reason, sizeof(reason));
	weir_put_text(&put, x->out[AOUT_REASON], reason);
	weir_put_text(&put, x->out[AOUT_TYPE], f->type);
	weir_put_text(&put, x->out[AOUT_ITEM], f->item);
	weir_put_text(&put, x->out[AOUT_KIND], f->item_kind);
	weir_put_text(&put, x->out[AOUT_ID], f->item_id);
	weir_put_text(&put, x->out[AOUT_PROCESS], f->process);
	weir_put_text(&put, x->out[AOUT_NEAR], f->near);
	weir_put_text(&put, x->out[AOUT_PROFILE], f->profile);
	weir_put_text(&put, x->out[AOUT_VERSION], f->version);
	weir_set_u64(to, x->out[AOUT_RARITY], f->events);
	weir_set_u64(to, x->out[AOUT_AGE], f->age_s);
	put_service(x, &put, ev);
	put_tags(x, &put, ev);
}

void afields_summary(const struct afields *x, struct weir_event *to, const struct alimit_window *w)
{
	const struct weir_put put = { x->host, to };
	struct weir_value *row = weir_put_rows(&put, x->out[AOUT_CUT_KINDS], w->n_kinds,
					       WEIR_N_OF(cut_cols), false);
	uint32_t i;

	weir_put_text(&put, x->out[AOUT_PROFILE], w->profile);
	weir_put_text(&put, x->out[AOUT_VERSION], w->version);
	weir_put_text(&put, x->out[AOUT_TYPE], w->type);
	weir_set_u64(to, x->out[AOUT_CUT], w->n_cut);
	for (i = 0; row && i < w->n_kinds; i++) {
		*row++ = text_value(&put, w->kinds[i].kind);
		*row++ = weir_put_number_value(w->kinds[i].n);
		*row++ = text_value(&put, w->kinds[i].first);
	}
}

void afields_drift(const struct afields *x, struct weir_event *to, const struct adrift_report *r)
{
	const struct weir_put put = { x->host, to };
	struct weir_value *row = weir_put_rows(&put, x->out[AOUT_NEW_ITEMS], r->n_rows,
					       WEIR_N_OF(new_cols), r->n > r->n_rows);
	uint32_t i;

	weir_put_text(&put, x->out[AOUT_PROFILE], r->profile);
	weir_put_text(&put, x->out[AOUT_VERSION], r->version);
	weir_set_u64(to, x->out[AOUT_NEW], r->n);
	for (i = 0; row && i < r->n_rows; i++) {
		*row++ = text_value(&put, r->rows[i].type);
		*row++ = text_value(&put, r->rows[i].kind);
		*row++ = text_value(&put, r->rows[i].item);
		*row++ = text_value(&put, r->rows[i].process);
	}
}
