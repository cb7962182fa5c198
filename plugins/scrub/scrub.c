/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `scrub`: hides passwords, keys and tokens in the texts of an event
 * from all stages behind it. This file takes the settings and walks over the
 * fields; secret.c finds, scrubval.c hides.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/plugin.h>

#include "scrubfield.h"
#include "scrubval.h"
#include "secret.h"

enum {
	OPT_FIELDS, OPT_ADDED, OPT_EXCEPT, OPT_LINES, OPT_PASSWORDS, OPT_KEYS, OPT_HINTS,
	OPT_HARMLESS, OPT_WORDS, OPT_REMEMBER,
};

static const struct weir_option scrub_options[] = {
	[OPT_FIELDS] = { "fields", WEIR_OPT_STRLIST, 0, 0, 0,
		"process.args,exec.filename,exec.env,mount.source,mount.options,module.parameters,"
		"shell.line", NULL,
		"Fields of the record that are looked at; `*` at one end stands for anything." },
	[OPT_ADDED] = { "added", WEIR_OPT_BOOL, 0, 0, 0, "true", NULL,
		"Look at all texts that stages before this one have added." },
	[OPT_EXCEPT] = { "except", WEIR_OPT_STRLIST, 0, 0, 0,
		"*.path,*.name,*.id,*.status,*.sha256,process.lineage,process.user.source,"
		"container.state,container.runtime,container.reason", NULL,
		"Fields, and columns as field.column, that are left alone." },
	[OPT_LINES] = { "lines", WEIR_OPT_STRLIST, 0, 0, 0, "shell.line", NULL,
		"Fields that are lines of a shell." },
	[OPT_PASSWORDS] = { "passwords", WEIR_OPT_STRLIST, 0, 0, 0,
		"*password,*passwords,*passwd,*passphrase,*passcode,pass,pwd,pw,pswd,psk,pin,"
		"sshpass,dbpass,userpass,*storepass,*keypass,mysqlpwd,userpwd,community", NULL,
		"Words: the value of a name with one in it is hidden. `*` before one: in the middle too." },
	[OPT_KEYS] = { "keys", WEIR_OPT_STRLIST, 0, 0, 0,
		"*secret,secrets,*token,*apikey,*appkey,*accesskey,*secretkey,*privatekey,*authkey,"
		"*encryptionkey,*signingkey,*masterkey,*accountkey,*sessionkey,*sharedkey,auth,"
		"authorization,*credential,*credentials,cred,creds,bearer,jwt,cookie,setcookie,"
		"signature,sig,otp", NULL,
		"The same; of a long value of letters and digits the last four are shown." },
	[OPT_HINTS] = { "hints", WEIR_OPT_STRLIST, 0, 0, 0,
		"key,keys,session,sessionid,sid,nonce,salt,seed", NULL,
		"The same, if the value is long and of letters and digits; else it is left." },
	[OPT_HARMLESS] = { "harmless", WEIR_OPT_STRLIST, 0, 0, 0,
		"file,files,path,dir,directory,sock,socket,type,types,method,methods,mechanism,name,"
		"endpoint,url,uri,size,length,len,count,ttl,timeout,lifetime,expiry,expires,age,"
		"policy,mode,level,authentication,stdin,fd,helper,store,provider,prompt,prompts,"
		"required,enabled,version,format,encoding,algorithm,alg,issuer,audience,scope,"
		"user,username,host,port,db,database", NULL,
		"The value of a name that ends in one of these is left." },
	[OPT_WORDS] = { "words", WEIR_OPT_STRLIST, 0, 0, 0, "", NULL,
		"More words for `passwords`: the site's own." },
	[OPT_REMEMBER] = { "remember", WEIR_OPT_INT, 0, 0, 65536, "1024", NULL,
		"Texts without secrets that are known again; each takes 248 bytes." },
};

enum { OUT_SCRUBBED, OUT_FIELDS };

static const struct weir_field_def scrub_produces[] = {
	[OUT_SCRUBBED] = { "scrubbed", WEIR_KIND_BOOL, 0, NULL, "", "", "",
		"True: secrets were hidden in this event; else absent.", NULL, 0, 0 },
	[OUT_FIELDS] = { "scrub.fields", WEIR_KIND_LIST, WEIR_KIND_STR, NULL, "", "", "",
		"The fields in which they were.", NULL, 0, 0 },
};

enum {
	N_EVENTS, N_FIELDS, N_FULL, N_FAILED,
	N_ASSIGNED, N_OPTION, N_PROGRAM, N_URL, N_TOKEN, N_PEM,
};

static const struct weir_counter scrub_counters[] = {
	[N_EVENTS] = { "events", "events", "In which something was hidden." },
	[N_FIELDS] = { "fields", "fields", "In which something was hidden." },
	[N_FULL] = { "no_room", "fields", "Left out as a whole, because there was no memory." },
	[N_FAILED] = { "failed", "fields", "NOT hidden: there was no memory for a record." },
	[N_ASSIGNED] = { "assigned", "secrets", "By the name before = or :" },
	[N_OPTION] = { "option", "secrets", "By the option before." },
	[N_PROGRAM] = { "program", "secrets", "In an option of a program that is known." },
	[N_URL] = { "url", "secrets", "Passwords in URLs." },
	[N_TOKEN] = { "token", "secrets", "By their own looks." },
	[N_PEM] = { "pem", "secrets", "Private keys." },
};

struct scrub {
	const struct weir_host *host;
	void *ctx;
	uint64_t *count;
	struct weir_handle out[WEIR_N_OF(scrub_produces)];
	struct secretkeys keys;
	struct scrubseen *seen;
	uint32_t n_fields;
	struct scrubfield *fields;
	struct weir_handle *handles;	/* theirs, side by side: most are looked at in vain */
	struct weir_value *names;	/* of one event; read until it has left the chain */
	struct weir_list hidden;
	uint8_t record[WEIR_REC_MAX];
};

/* ---- events --------------------------------------------------------------------*/

static inline bool is_there(const struct weir_event *ev, struct weir_handle h)
{
	return h.slot < ev->n_wire ? ev->offs[h.slot] != 0 :
				     ev->added[h.slot - ev->n_wire].status != WEIR_ABSENT;
}

/* 0, or -1: the field is as it was. */
static int hide_field(struct scrub *x, struct weir_event *ev, struct scrubval *val, uint32_t i)
{
	const char *name = x->fields[i].field->def.name;
	struct weir_handle h = x->handles[i];
	struct weir_value v = weir_get(ev, h), masked;

	val->record = h.slot < ev->n_wire ? x->record : NULL;
	if (!scrubval_hide(val, &x->fields[i], &v, &masked))
		return 0;
	if (val->record)
		masked.status = WEIR_PRESENT;	/* the record keeps its marks */
	masked.kind = h.kind;
	x->names[x->hidden.n++] = (struct weir_value){ .kind = WEIR_KIND_STR,
		.status = WEIR_PRESENT, .len = (uint32_t)strlen(name), .v.p = name };
	return x->host->mask(x->ctx, ev, h, &masked);
}

static void tell(struct scrub *x, struct weir_event *ev, const struct scrubval *val, int failed)
{
	struct weir_value v = { .status = failed ? WEIR_ERROR : WEIR_PRESENT, .v.u = 1 };
	uint32_t i;

	weir_set(ev, x->out[OUT_SCRUBBED], &v);
	v = (struct weir_value){ .status = WEIR_PRESENT, .v.list = &x->hidden };
	weir_set(ev, x->out[OUT_FIELDS], &v);
	weir_count(&x->count[N_EVENTS], 1);
	weir_count(&x->count[N_FIELDS], x->hidden.n);
	weir_count(&x->count[N_FULL], val->n_full);
	weir_count(&x->count[N_FAILED], (uint64_t)failed);
	for (i = 0; i < SECRET_RULE__MAX; i++)
		weir_count(&x->count[N_ASSIGNED + i], val->n[i]);
}

static int scrub_process(void *inst, struct weir_event *ev)
{
	struct scrub *x = inst;
	struct scrubval val = { .keys = &x->keys, .seen = x->seen, .alloc = x->host->alloc, .ev = ev };
	int failed = 0;
	uint32_t i;

	x->hidden.n = 0;
	for (i = 0; i < x->n_fields; i++)
		if (is_there(ev, x->handles[i]))
			failed += hide_field(x, ev, &val, i) != 0;
	if (x->hidden.n)
		tell(x, ev, &val, failed);
	return failed ? WEIR_FAIL : WEIR_CONTINUE;
}

/* ---- life ----------------------------------------------------------------------*/

static void scrub_close(void *inst)
{
	struct scrub *x = inst;

	scrubseen_free(x->seen);
	free(x->fields);
	free(x->handles);
	free(x->names);
	free(x);
}

static int take_words(struct scrub *x, const struct weir_setup *s, unsigned opt,
		      enum secret_class cls)
{
	const struct weir_optval *o = &s->options[opt];
	const char *why;
	uint32_t i;

	for (i = 0; i < o->n; i++) {
		if (!secretkeys_add(&x->keys, o->v.list[i], cls, &why))
			continue;
		weir_logf(s, WEIR_LOG_ERROR, "%s: \"%s\" %s", scrub_options[opt].name,
			  o->v.list[i], why);
		return -1;
	}
	return 0;
}

static struct scrubfield_words words_of(const struct weir_setup *s, unsigned opt)
{
	return (struct scrubfield_words){ s->options[opt].n, s->options[opt].v.list };
}

static int check_names(const struct weir_setup *s, unsigned opt)
{
	struct scrubfield_words w = words_of(s, opt);
	const char *unknown = scrubfield_unknown(s->schema, &w);

	if (!unknown)
		return 0;
	weir_logf(s, WEIR_LOG_ERROR, "%s: there is no field \"%s\" here",
		  scrub_options[opt].name, unknown);
	return -1;
}

static int take_fields(struct scrub *x, const struct weir_setup *s)
{
	struct scrubfield_conf conf = {
		.fields = words_of(s, OPT_FIELDS), .except = words_of(s, OPT_EXCEPT),
		.lines = words_of(s, OPT_LINES), .added = s->options[OPT_ADDED].v.i,
	};
	uint32_t i;

	if (check_names(s, OPT_FIELDS) || check_names(s, OPT_LINES))
		return -1;
	x->n_fields = scrubfield_find(s->schema, &conf, NULL);
	x->fields = calloc(x->n_fields + 1, sizeof(*x->fields));
	x->handles = calloc(x->n_fields + 1, sizeof(*x->handles));
	x->names = calloc(x->n_fields + 1, sizeof(*x->names));
	x->seen = scrubseen_new((uint32_t)s->options[OPT_REMEMBER].v.i);
	if (!x->fields || !x->handles || !x->names || !x->seen) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
		return -1;
	}
	scrubfield_find(s->schema, &conf, x->fields);
	for (i = 0; i < x->n_fields; i++)
		x->handles[i] = x->fields[i].field->handle;
	x->hidden.values = x->names;
	return 0;
}

static int scrub_open(const struct weir_setup *s, void **inst)
{
	struct scrub *x;

	if (!WEIR_HAS(s->host, mask) || !s->host->mask) {
		weir_logf(s, WEIR_LOG_ERROR, "cannot run in a process of its own");
		return -1;
	}
	x = calloc(1, sizeof(*x));
	if (!x) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
		return -1;
	}
	x->host = s->host;
	x->ctx = s->ctx;
	x->count = s->counters;
	memcpy(x->out, s->produces, sizeof(x->out));
	if (take_words(x, s, OPT_PASSWORDS, SECRET_PASSWORD) ||
	    take_words(x, s, OPT_WORDS, SECRET_PASSWORD) ||
	    take_words(x, s, OPT_KEYS, SECRET_KEY) || take_words(x, s, OPT_HINTS, SECRET_HINT) ||
	    take_words(x, s, OPT_HARMLESS, SECRET_HARMLESS) || take_fields(x, s)) {
		scrub_close(x);
		return -1;
	}
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE_FLAGS(scrub, WEIR_PLUGIN_ENRICHER, WEIR_PLUGIN_MASKS, "1.0", "Apache-2.0",
	.summary = "Hides passwords, keys and tokens from the stages behind it.",
	.options = scrub_options, .n_options = WEIR_N_OF(scrub_options),
	.produces = scrub_produces, .n_produces = WEIR_N_OF(scrub_produces),
	.counters = scrub_counters, .n_counters = WEIR_N_OF(scrub_counters),
	.open = scrub_open, .close = scrub_close, .process = scrub_process);
