/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and tags lie in the profile, which stays as it is until the event has gone; what is
 * put together lies in the event.
 */
#include "pfields.h"

#include <weir/put.h>

#define TEXT		512u	/* bytes of an item in words */
#define CHILDREN	1000u	/* of a process, that are looked at */

#define OUT(name_, kind_, doc_) \
	{ .name = "profile." name_, .kind = WEIR_KIND_##kind_, .sigma = "", .ecs = "", .ocsf = "", \
	  .doc = doc_ }

const struct weir_field_def pfield_produces[PFIELD_PRODUCES] = {
	[PFIELD_NAME] = OUT("name", STR,
			    "The profile: image:NAME, container:NAME, unit:NAME or user:UID."),
	[PFIELD_VERSION] = OUT("version", STR,
			       "The version of the workload: the image's tag, or latest."),
	[PFIELD_STATE] = OUT("state", STR,
			     "What the profile can say of this type of event: loading, "
		"warming_up, learning, at_maximum_size, stable, unstable, frozen."),
	[PFIELD_TYPE] = OUT("type", STR,
			    "What type of event that is: exec, file, dns, connect, bind, "
		"signal, module, credentials, mount, syscall, capability."),
	[PFIELD_KNOWN] = OUT("known", BOOL, "Whether the profile knew what this event does."),
	[PFIELD_DRIFT] = OUT("drift", BOOL,
			     "True: it is not known, this version is not stable, and "
		"another version is."),
	[PFIELD_AGE] = OUT("age_s", U64, "Seconds since the profile began."),
	[PFIELD_EVENTS] = OUT("events", U64,
			      "Events of this type before this one, in this version."),
	[PFIELD_ITEM] = OUT("item", STR, "What is not known, in words."),
	[PFIELD_ITEM_KIND] = OUT("item_kind", STR,
				 "What that is: program, user, script, arguments, file, "
		"name, network, port, socket, signal, tracing, module, credentials, mount, "
		"system call, capability."),
	[PFIELD_PROCESS] = OUT("process", STR,
			       "The program by which it was done, or the nearest above it "
		"that is known; of an exec what began it."),
	[PFIELD_PROCESS_KNOWN] = OUT("process_known", BOOL,
				     "Whether that program itself is known there."),
	[PFIELD_NEAR] = OUT("near", STR, "The nearest that is known."),
	[PFIELD_PROGRAMS] = OUT("programs", U64,
				"Programs that profile.process has run, of an exec; at "
		"most 1000."),
	[PFIELD_ITEM_ID] = OUT("item_id", STR,
			       "A number of what is not known, the same whenever and "
		"wherever it is; weirctl profile approve takes it."),
};

static void set_const(const struct pfields *f, struct weir_event *ev, unsigned field,
		      const char *text)
{
	weir_set_str(ev, f->out[field], text, (uint32_t)strlen(text));
}

char *pfields_id(uint64_t id, char out[PFIELDS_ID])
{
	snprintf(out, PFIELDS_ID, "%016llx", (unsigned long long)id);
	return out;
}

void pfields_loading(const struct pfields *f, struct weir_event *ev, const char *name, uint32_t len)
{
	struct weir_put put = { f->host, ev };
	struct weir_value v = weir_put_text_value(&put, name, len);

	weir_set(ev, f->out[PFIELD_NAME], &v);
	set_const(f, ev, PFIELD_STATE, "loading");
}

void pfields_whose(const struct pfields *f, struct weir_event *ev, const struct pprofile *p,
		   uint8_t version,
		   uint32_t now_s)
{
	set_const(f, ev, PFIELD_NAME, p->name);
	set_const(f, ev, PFIELD_VERSION, p->versions[version].tag);
	weir_set_u64(ev, f->out[PFIELD_AGE], now_s > p->created_s ? now_s - p->created_s : 0);
}

static void set_item(const struct pfields *f, struct weir_event *ev, const struct pitem *item)
{
	struct weir_put put = { f->host, ev };
	char text[TEXT];

	pitem_text(item, text, sizeof(text));
	weir_put_text(&put, f->out[PFIELD_ITEM], text);
	set_const(f, ev, PFIELD_ITEM_KIND, pitem_kind_name(item->kind));
}

static void set_path(const struct pfields *f, struct weir_event *ev, unsigned field,
		     const struct ptree *t, uint32_t ref)
{
	struct weir_put put = { f->host, ev };
	char text[TEXT];

	if (!ref || ref == t->root)
		return;
	pitem_path_text(t, ref, text, sizeof(text));
	weir_put_text(&put, f->out[field], text);
}

static uint32_t like_length(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
	uint32_t n = 0;

	while (n < a_len && n < b_len && a[n] == b[n])
		n++;
	return n;
}

/* Of the children of where the way ends, the one of the same kind whose name begins most alike. */
static uint32_t find_near(const struct ptree *t, uint32_t from, const struct pitem *item)
{
	uint32_t ref = ptree_at(t, from)->child, best = 0, n = 0, len, like, most = 0;
	const char *name;

	for (; ref && n < CHILDREN; ref = ptree_at(t, ref)->next, n++) {
		if (ptree_at(t, ref)->kind != item->kind)
			continue;
		name = ptree_name(t, ref, &len);
		/* It may have been learnt just now. */
		if (ptree_at(t, ref)->number == item->number && len == item->len &&
		    (!len || !memcmp(name, item->name, len)))
			continue;
		like = 1 + like_length(name, len, item->name, item->len);
		if (like > most) {
			most = like;
			best = ref;
		}
	}
	return best;
}

static uint32_t n_programs(const struct ptree *t, uint32_t process)
{
	uint32_t ref = ptree_at(t, process)->child, n = 0, i;

	for (i = 0; ref && i < CHILDREN; ref = ptree_at(t, ref)->next, i++)
		n += ptree_at(t, ref)->kind == PNODE_PROCESS;
	return n;
}

/*
 * A file's place is known by the folders that are; all else by who is beside it, but for
 * numbers that are not like any other.
 */
static void set_near(const struct pfields *f, struct weir_event *ev, const struct ptree *t,
		     const struct pprofile_answer *a)
{
	bool is_file = a->unknown->kind == PNODE_FILE && a->near != a->process;

	if (a->unknown->kind == PNODE_SYSCALL || a->unknown->kind == PNODE_CAPUSE)
		return;
	set_path(f, ev, PFIELD_NEAR, t, is_file ? a->near : find_near(t, a->near, a->unknown));
}

static bool began_here(const struct pprofile_ask *ask, const struct pprofile_answer *a)
{
	return ask->item->type == PTYPE_EXEC && a->unknown == ask->item;
}

/* A program that was just learnt is not what has begun it. */
static uint32_t process_of(const struct ptree *t, const struct pprofile_ask *ask,
			   const struct pprofile_answer *a)
{
	const struct pnode *n = ptree_at(t, a->process);
	uint32_t len;
	const char *name = ptree_name(t, a->process, &len);

	if (began_here(ask, a) && a->process != t->root && len == ask->item->len &&
	    !memcmp(name, ask->item->name, len))
		return n->parent;
	return a->process;
}

static void set_unknown(const struct pfields *f, struct weir_event *ev, const struct ptree *t,
			const struct pprofile_ask *ask, const struct pprofile_answer *a)
{
	set_item(f, ev, a->unknown);
	set_path(f, ev, PFIELD_PROCESS, t, process_of(t, ask, a));
	weir_set_u64(ev, f->out[PFIELD_PROCESS_KNOWN], a->process_known);
	set_near(f, ev, t, a);
	if (began_here(ask, a))
		weir_set_u64(ev, f->out[PFIELD_PROGRAMS], n_programs(t, process_of(t, ask, a)));
}

void pfields_answer(const struct pfields *f, struct weir_event *ev, const struct pprofile *p,
		    const struct pprofile_ask *ask, const struct pprofile_answer *a, uint64_t id)
{
	struct weir_put put = { f->host, ev };
	char text[PFIELDS_ID];

	if (a->state == PSTATE_NONE)
		return;
	set_const(f, ev, PFIELD_STATE, pstate_name(a->state));
	set_const(f, ev, PFIELD_TYPE, pitem_type_name(ask->item->type));
	weir_set_u64(ev, f->out[PFIELD_KNOWN], a->known);
	weir_set_u64(ev, f->out[PFIELD_EVENTS], a->n);
	if (a->known)
		return;
	weir_set_u64(ev, f->out[PFIELD_DRIFT], a->elsewhere_stable);
	set_unknown(f, ev, &p->tree, ask, a);
	if (id)
		weir_put_text(&put, f->out[PFIELD_ITEM_ID], pfields_id(id, text));
}
