/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the order, has the profile lent by the event path (pdesk.h), or reads its file if it
 * is not in memory, does what is asked, writes it, and gives it back.
 */
#include "pcommand.h"

#include <errno.h>
#include <json-c/json.h>

#include "pcommandpriv.h"
#include "pedit.h"
#include "pmerge.h"
#include "precorder.h"

#define NEWS_AT_ONCE	256u	/* that are approved, or listed */

/* ---- arguments -------------------------------------------------------------------*/

int pcommand_fail(struct pcommand *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return -1;
}

const char *pcommand_text(const struct pcommand *c, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(c->args, name, &v) &&
	       json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

bool pcommand_flag(const struct pcommand *c, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(c->args, name, &v) && json_object_get_boolean(v);
}

void pcommand_say(struct pcommand *c, const char *name, const char *text)
{
	json_object_object_add(c->result, name, json_object_new_string(text));
}

void pcommand_count(struct pcommand *c, const char *name, uint64_t n)
{
	json_object_object_add(c->result, name, json_object_new_int64((int64_t)n));
}

/* NULL: it was said that there has to be one. */
static const char *name_of(struct pcommand *c)
{
	const char *name = pcommand_text(c, "name");

	if (name && *name && strlen(name) < PPROFILE_NAME)
		return name;
	pcommand_fail(c, "which profile? \"name\" is missing, or too long");
	return NULL;
}

/* ---- what the event path does ----------------------------------------------------*/

int pcommand_order(struct pcommand *c, struct porder *o, bool must)
{
	int r = pdesk_do(c->desk, o, c->cmd, c->x, must);

	if (r == -ETIMEDOUT)
		return pcommand_fail(c, "the sensor did not come to it in time: it is busy or stuck");
	return r ? pcommand_fail(c, "given up: a reload, the end, or nobody waits any more") : 0;
}

struct lend {
	struct porder o;
	const char *name;
	struct pprofile *p;
	uint32_t now_s;
	int result;
};

static bool run_lend(void *plugin, struct porder *o)
{
	struct lend *l = (struct lend *)o;
	struct profile *x = plugin;

	if (!x)
		return true;
	l->now_s = x->now_s;
	l->result = pkeep_lend(&x->keep, l->name, x->now_s, &l->p);
	return l->result != -EAGAIN;
}

static bool run_give_back(void *plugin, struct porder *o)
{
	struct lend *l = (struct lend *)o;
	struct profile *x = plugin;

	if (x)
		pkeep_give_back(&x->keep, l->name, l->p, x->now_s);
	else
		pprofile_free(l->p);
	return true;
}

struct news {
	struct porder o;
	const char *profile, *text;	/* NULL: all */
	uint64_t id;
	bool forget;
	struct pnews_item *items[NEWS_AT_ONCE];
	uint32_t n;
};

static bool run_news(void *plugin, struct porder *o)
{
	struct news *q = (struct news *)o;
	struct profile *x = plugin;
	uint32_t i;

	for (i = 0; x && q->forget && i < q->n; i++)
		pnews_forget(x->news, q->items[i]->id);
	if (x && !q->forget)
		q->n = pnews_find(x->news, q->profile ?
				  pshelf_workload(q->profile, (uint32_t)strlen(q->profile)) : 0,
				  q->id, q->text, q->items, NEWS_AT_ONCE);
	return true;
}

static void news_put(struct news *q)
{
	while (q->n)
		pnews_put(q->items[--q->n]);
}

/* ---- a profile that is ours for a while ------------------------------------------*/

int pcommand_lend(struct pcommand *c, const char *name)
{
	struct lend l = { .o.run = run_lend, .name = name };
	char why[400];
	int r = pcommand_order(c, &l.o, false);

	if (r)
		return r;
	if (l.result)
		return pcommand_fail(c, "%s: there is no room for one more profile (max_profiles)",
				     name);
	c->p = l.p;
	if (c->p)
		pprofile_drop_all(c->p);
	c->name = name;
	c->now_s = l.now_s;
	if (c->p || c->x->keep.store.dir < 0)
		return 0;
	r = pstore_load(&c->x->keep.store, name, l.now_s, &c->p, why, sizeof(why));
	if (!r || r == -ENOENT)
		return 0;
	pcommand_back(c);
	return pcommand_fail(c, "%s", *why ? why : strerror(-r));
}

void pcommand_back(struct pcommand *c)
{
	struct lend l = { .o.run = run_give_back, .name = c->name, .p = c->p };

	pcommand_order(c, &l.o, true);
	c->p = NULL;
}

/* What it has to be after the next start, too. */
static int save(struct pcommand *c)
{
	int r = 0;

	if (c->x->keep.store.dir >= 0)
		r = pstore_save(&c->x->keep.store, c->p, c->now_s);
	c->p->dirty = r != 0;
	json_object_object_add(c->result, "saved",
			       json_object_new_boolean(!r && c->x->keep.store.dir >= 0));
	return r ? pcommand_fail(c, "%s: it is changed, but not saved: %s", c->name, strerror(-r)) :
		   0;
}

int pcommand_edit(struct pcommand *c, const char *name, pcommand_edit_f *edit, void *arg)
{
	int r = pcommand_lend(c, name);

	if (r)
		return r;
	pcommand_say(c, "profile", name);
	r = c->p ? edit(c, arg) : pcommand_fail(c, "there is no profile %s", name);
	if (!r && c->p)
		r = save(c);
	pcommand_back(c);
	return r;
}

/* ---- approve, forget, freeze, thaw ------------------------------------------------*/

static int edit_approve(struct pcommand *c, void *arg)
{
	const char *item = pcommand_text(c, "item");
	struct news *q = arg;
	uint32_t i, n = 0, added = 0;

	if (!q->id)
		n = pedit_approve(c->p, item);
	for (i = 0; i < q->n; i++)
		added += pedit_add(c->p, q->items[i], c->now_s);
	pcommand_count(c, "approved", n);
	pcommand_count(c, "added", added);
	if (added < q->n)
		return pcommand_fail(c, "%s: there is no room for %u of the items", c->name,
				     q->n - added);
	return n + added || !item ? 0 :
	       pcommand_fail(c, "%s: nothing in it, nor of what was not known, is \"%s\"", c->name,
			     item);
}

static int take_id(struct pcommand *c, struct news *q)
{
	const char *id = pcommand_text(c, "id");
	char *end;

	if (!id)
		return 0;
	q->id = strtoull(id, &end, 16);
	return q->id && !*end ? 0 : pcommand_fail(c, "\"%.40s\" is no number of an item", id);
}

static int run_approve(struct pcommand *c)
{
	struct news q = { .o.run = run_news, .profile = pcommand_text(c, "name"),
		.text = pcommand_text(c, "item") };
	const char *name;
	int r = take_id(c, &q);

	if (!r && !q.id && !q.text && !pcommand_flag(c, "all"))
		r = pcommand_fail(c, "approve what? an item, an id, or all");
	/* All is all that is in it. */
	if (!r && (q.id || q.text))
		r = pcommand_order(c, &q.o, false);
	if (!r && q.id && !q.n)
		r = pcommand_fail(c, "nothing of that number is among the last %u things that were not "
				  "known since the start", PNEWS_MAX);
	name = q.n && q.id ? q.items[0]->profile : r ? NULL : name_of(c);
	r = name ? pcommand_edit(c, name, edit_approve, &q) : -1;
	q.forget = true;
	if (!r && q.n)
		r = pcommand_order(c, &q.o, false);
	news_put(&q);
	return r;
}

static int forget_version(struct pcommand *c, const char *tag)
{
	int at = pprofile_find_version(c->p, tag, (uint32_t)strlen(tag));
	uint32_t before = c->p->tree.n_nodes;

	if (at < 0)
		return pcommand_fail(c, "%s: there is no version \"%s\"", c->name, tag);
	pprofile_drop_version(c->p, (uint8_t)at);
	pcommand_count(c, "forgotten", before - c->p->tree.n_nodes);
	return 0;
}

/* A new one begins with the next event. */
static int forget_all(struct pcommand *c)
{
	char file[PSTORE_FILE];
	int r = 0;

	pcommand_count(c, "forgotten", c->p->tree.n_nodes);
	pstore_file(c->name, file);
	if (c->x->keep.store.dir >= 0)
		r = pstore_remove(&c->x->keep.store, file);
	if (r && r != -ENOENT)
		return pcommand_fail(c, "%s: %s", file, strerror(-r));
	c->p = pprofile_free(c->p);
	return 0;
}

static int edit_forget(struct pcommand *c, void *arg)
{
	const char *item = pcommand_text(c, "item"), *tag = pcommand_text(c, "version");
	uint32_t n;

	(void)arg;
	if (tag)
		return forget_version(c, tag);
	if (!item)
		return forget_all(c);
	n = pedit_forget(c->p, item);
	pcommand_count(c, "forgotten", n);
	return n ? 0 : pcommand_fail(c, "%s: nothing in it is \"%s\"", c->name, item);
}

static int run_forget(struct pcommand *c)
{
	const char *name = name_of(c);

	if (pcommand_text(c, "item") && pcommand_text(c, "version"))
		return pcommand_fail(c, "an item or a version, not both");
	return name ? pcommand_edit(c, name, edit_forget, NULL) : -1;
}

static int edit_freeze(struct pcommand *c, void *arg)
{
	(void)arg;
	pprofile_freeze(c->p, c->now_s);
	return 0;
}

static int edit_thaw(struct pcommand *c, void *arg)
{
	(void)arg;
	pprofile_thaw(c->p, c->now_s);
	return 0;
}

static int run_freeze(struct pcommand *c)
{
	const char *name = name_of(c);

	return name ? pcommand_edit(c, name, edit_freeze, NULL) : -1;
}

static int run_thaw(struct pcommand *c)
{
	const char *name = name_of(c);

	return name ? pcommand_edit(c, name, edit_thaw, NULL) : -1;
}

/* ---- what was not known ------------------------------------------------------------*/

/* Of what is no text, what JSON can have. */
static void add_text(struct json_object *o, const char *name, const char *text)
{
	char plain[PTEXT_MAX + 64], *p;

	snprintf(plain, sizeof(plain), "%s", text);
	if (!pitem_is_utf8(plain, (uint32_t)strlen(plain)))
		for (p = plain; *p; p++)
			*p = (unsigned char)*p < 0x80 ? *p : '?';
	json_object_object_add(o, name, json_object_new_string(plain));
}

static struct json_object *news_json(const struct pnews_item *x)
{
	struct json_object *o = json_object_new_object();
	char text[PTEXT_MAX + 64], id[PFIELDS_ID];

	add_text(o, "id", pfields_id(x->id, id));
	add_text(o, "profile", x->profile);
	add_text(o, "version", x->tag);
	add_text(o, "type", pitem_type_name(x->item.type));
	add_text(o, "kind", pitem_kind_name(x->item.kind));
	pitem_text(&x->item, text, sizeof(text));
	add_text(o, "item", text);
	pnews_process(x, text, sizeof(text));
	add_text(o, "process", text);
	json_object_object_add(o, "time", json_object_new_int64(x->first_s));
	return o;
}

static int run_pending(struct pcommand *c)
{
	struct news q = { .o.run = run_news, .profile = pcommand_text(c, "name") };
	struct json_object *list = json_object_new_array();
	int r = pcommand_order(c, &q.o, false);
	uint32_t i;

	for (i = 0; i < q.n; i++)
		json_object_array_add(list, news_json(q.items[i]));
	news_put(&q);
	json_object_object_add(c->result, "pending", list);
	return r;
}

/* ---- files: what is large goes by them, not over the socket ------------------------*/

static int run_where(struct pcommand *c)
{
	if (c->x->keep.store.dir < 0)
		return pcommand_fail(c, "the sensor keeps its profiles in memory only");
	pcommand_say(c, "state", c->x->keep.dir);
	return 0;
}

static int edit_nothing(struct pcommand *c, void *arg)
{
	char file[PSTORE_FILE];

	(void)arg;
	pstore_file(c->name, file);
	pcommand_say(c, "file", file);
	return 0;
}

static int run_save(struct pcommand *c)
{
	const char *name = name_of(c);

	return !name || run_where(c) ? -1 : pcommand_edit(c, name, edit_nothing, NULL);
}

/* ours: what was read, which is gone afterwards. */
static int take_in(struct pcommand *c, struct pprofile *ours)
{
	struct pprofile *both = NULL;
	bool replace = pcommand_flag(c, "replace");
	int r = 0;

	if (c->p && !replace && !pcommand_flag(c, "merge"))
		r = pcommand_fail(c, "%s is there already: replace it, or merge", c->name);
	else if (c->p && !replace && pmerge_new(c->p, ours, &both))
		r = pcommand_fail(c, "%s: no memory, or too many versions together", c->name);
	if (r) {
		pprofile_free(ours);
		return r;
	}
	if (both)
		pprofile_free(ours);
	pprofile_free(c->p);
	c->p = both ? both : ours;
	pcommand_count(c, "nodes", c->p->tree.n_nodes);
	return save(c);
}

int pcommand_import(struct pcommand *c, struct pprofile *p)
{
	char name[PPROFILE_NAME];
	int r;

	memcpy(name, p->name, sizeof(name));
	r = pcommand_lend(c, name);
	if (r) {
		pprofile_free(p);
		return r;
	}
	pcommand_say(c, "profile", name);
	r = take_in(c, p);
	pcommand_back(c);
	return r;
}

static int run_import(struct pcommand *c)
{
	const char *file = pcommand_text(c, "file");
	struct pprofile *p = NULL;
	struct pformat_error e;
	uint32_t saved_s;
	int r;

	if (run_where(c))
		return -1;
	if (!file || strchr(file, '/'))
		return pcommand_fail(c, "import which file of %s?", c->x->keep.dir);
	r = pstore_read(&c->x->keep.store, file, &p, &saved_s, &e);
	if (r == -EINVAL)
		return pcommand_fail(c, "%s: byte %zu: %s", file, e.at, e.what);
	return r ? pcommand_fail(c, "%s: %s", file, strerror(-r)) : pcommand_import(c, p);
}

/* ---- the table ---------------------------------------------------------------------*/

static const struct {
	const char *what;
	int (*run)(struct pcommand *c);
} commands[] = {
	{ "approve", run_approve }, { "forget", run_forget }, { "freeze", run_freeze },
	{ "thaw", run_thaw }, { "pending", run_pending }, { "where", run_where },
	{ "save", run_save }, { "import", run_import },
	{ "record", precorder_record }, { "recordings", precorder_list },
	{ "stop", precorder_stop },
};

static int run(struct pcommand *c)
{
	const char *what = pcommand_text(c, "what");
	size_t i;

	for (i = 0; what && i < WEIR_N_OF(commands); i++)
		if (!strcmp(commands[i].what, what))
			return commands[i].run(c);
	return pcommand_fail(c, "there is no command \"%.40s\"", what ? what : "");
}

static int put(const struct pcommand *c, const char *text, struct weir_buf *out)
{
	size_t n = strlen(text);

	if (c->x->setup->host->grow(out, n + 1))
		return -1;
	memcpy(out->p + out->len, text, n);
	out->len += n;
	return 0;
}

static struct pdesk *take_desk(struct profile *x)
{
	struct pdesk *d;

	pthread_mutex_lock(&x->lock);
	d = pdesk_ref(x->desk);
	pthread_mutex_unlock(&x->lock);
	return d;
}

int pcommand_run(void *inst, const struct weir_command *cmd, struct weir_buf *out)
{
	struct pcommand c = { .x = inst, .cmd = cmd };
	int r;

	c.desk = take_desk(c.x);
	c.args = json_tokener_parse(cmd->args);
	c.result = json_object_new_object();
	r = run(&c);
	if (put(&c, r ? c.why : json_object_to_json_string_ext(c.result, JSON_C_TO_STRING_PLAIN),
		out))
		r = -1;
	json_object_put(c.args);
	json_object_put(c.result);
	pdesk_unref(c.desk);
	return r;
}
