/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each type of event has a function that makes items of it. What was cut is left out: a
 * part of a name is another name.
 */
#include "pevent.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define EPHEMERAL	32768u	/* ports from here on are whatever was free */

const struct weir_want pevent_wants[PEVENT_WANTS] = {
	[PEVENT_TIME] = { "time", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_OUTCOME] = { "outcome", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_KEY] = { "process.key", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_PARENT_KEY] = { "process.parent.key", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_CHILD_KEY] = { "child.key", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_START] = { "process.start", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_PID] = { "process.ns_pid", 0, 0 },
	[PEVENT_EUID] = { "process.euid", 0, 0 },
	[PEVENT_CAPS] = { "process.capabilities.effective", 0, 0 },
	[PEVENT_CGROUP] = { "process.cgroup.id", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_EXE] = { "process.exe.path", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_ARGS] = { "process.args", 0, 0 },
	[PEVENT_SCRIPT] = { "exec.script.path", 0, 0 },
	[PEVENT_FILE] = { "file.path", 0, 0 },
	[PEVENT_MODE] = { "file.mode", 0, 0 },
	[PEVENT_TARGET] = { "target.path", 0, 0 },
	[PEVENT_CREATE_MODE] = { "create.mode", 0, 0 },
	[PEVENT_NEW_MODE] = { "chmod.mode", 0, 0 },
	[PEVENT_OPEN_FLAGS] = { "open.flags", 0, 0 },
	[PEVENT_DNS_NAME] = { "dns.question.name", 0, 0 },
	[PEVENT_DNS_TYPE] = { "dns.question.type", 0, 0 },
	[PEVENT_PROTOCOL] = { "socket.protocol", 0, 0 },
	[PEVENT_SRC] = { "source.ip", 0, 0 },
	[PEVENT_DST] = { "destination.ip", 0, 0 },
	[PEVENT_SPORT] = { "source.port", 0, 0 },
	[PEVENT_DPORT] = { "destination.port", 0, 0 },
	[PEVENT_UNIX] = { "socket.path", 0, 0 },
	[PEVENT_SIGNAL] = { "signal.number", 0, 0 },
	[PEVENT_TARGET_EXE] = { "target.process.exe.path", 0, 0 },
	[PEVENT_MODULE] = { "module.name", 0, 0 },
	[PEVENT_NEW_EUID] = { "credentials.euid", 0, 0 },
	[PEVENT_NEW_CAPS] = { "credentials.capabilities.effective", 0, 0 },
	[PEVENT_NAMESPACES] = { "namespace.types", 0, 0 },
	[PEVENT_FSTYPE] = { "mount.fstype", 0, 0 },
	[PEVENT_SYSCALL] = { "syscall.name", 0, 0 },
	[PEVENT_CAPABILITY] = { "capability.name", 0, 0 },
	[PEVENT_IMAGE] = { "container.image.name", 0, 0 },
	[PEVENT_TAG] = { "container.image.tag", 0, 0 },
	[PEVENT_CONTAINER] = { "container.name", 0, 0 },
	[PEVENT_CONTAINER_ID] = { "container.id", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_RUNTIME] = { "container.runtime", WEIR_WANT_REQUIRED, 0 },
	[PEVENT_UNIT] = { "systemd.unit", 0, 0 },
	[PEVENT_OWNER] = { "systemd.owner.uid", 0, 0 },
};

static uint64_t number(const struct pevent_conf *c, const struct weir_event *ev, unsigned in)
{
	return weir_get_u64(ev, c->in[in], 0);
}

/* False: it is not there as a whole. */
static bool text(const struct pevent_conf *c, const struct weir_event *ev, unsigned in,
		 struct weir_value *v)
{
	*v = weir_get(ev, c->in[in]);
	return v->status == WEIR_PRESENT && v->len && v->len <= PTEXT_MAX - 8;
}

/* ---- programs --------------------------------------------------------------------*/

/* Programs that are many, and are told by the name that they were called by. */
static bool is_many(const char *path, uint32_t len)
{
	static const char *const names[] = { "/busybox", "/toybox", "/coreutils" };
	uint32_t i, n;

	for (i = 0; i < WEIR_N_OF(names); i++) {
		n = (uint32_t)strlen(names[i]);
		if (len >= n && !memcmp(path + len - n, names[i], n))
			return true;
	}
	return false;
}

static uint32_t add_called(const struct weir_value *args, char *out, uint32_t len)
{
	const char *name = args->v.p, *slash;
	uint32_t n = args->len ? (uint32_t)strnlen(name, args->len) : 0;

	slash = n ? memrchr(name, '/', n) : NULL;
	if (slash) {
		n -= (uint32_t)(slash + 1 - name);
		name = slash + 1;
	}
	if (!n || n > PTEXT_MAX - 8 - len)
		return len;
	out[len] = ' ';
	memcpy(out + len + 1, name, n);
	return len + 1 + n;
}

uint32_t pevent_program(const struct pevent_conf *c, const struct weir_event *ev,
			char out[PREDUCE_ROOM(PTEXT_MAX)])
{
	struct weir_value v, args;
	uint32_t len;

	if (!text(c, ev, PEVENT_EXE, &v)) {
		/* Who hides the path of a program is not to pass for one that has none. */
		if (v.status == WEIR_ABSENT || (v.status == WEIR_PRESENT && !v.len))
			return 0;
		memcpy(out, "/?", 2);
		return 2;
	}
	len = preduce_path(v.v.p, v.len, 0, PREDUCE_EXACT, out);
	args = weir_get(ev, c->in[PEVENT_ARGS]);
	return is_many(out, len) && weir_present(&args) ? add_called(&args, out, len) : len;
}

static void add(struct pevent *e, uint8_t kind, uint32_t n, const char *name, uint32_t len)
{
	if (len || kind == PNODE_USER)
		e->more[e->n_more++] = (struct pitem){ .type = e->item.type, .kind = kind,
			.number = n,
			.name = name, .len = len };
}

static bool read_exec(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	struct weir_value v;
	int n;

	if (number(c, ev, PEVENT_OUTCOME) == WEIR_OUTCOME_FAILURE)
		return false;
	e->item = (struct pitem){ .type = PTYPE_EXEC, .kind = PNODE_PROCESS, .name = e->name };
	e->item.len = pevent_program(c, ev, e->name);
	add(e, PNODE_USER, (uint32_t)number(c, ev, PEVENT_EUID), NULL, 0);
	if (text(c, ev, PEVENT_SCRIPT, &v))
		add(e, PNODE_SCRIPT, 0, e->second,
		    preduce_path(v.v.p, v.len, 0, PREDUCE_EXACT, e->second));
	v = weir_get(ev, c->in[PEVENT_ARGS]);
	if (weir_present(&v))
		add(e, PNODE_ARGS, 0, e->args, preduce_args(v.v.p, v.len, e->args));
	n = snprintf(e->caps, sizeof(e->caps), "0x%llx",
		     (unsigned long long)number(c, ev, PEVENT_CAPS));
	add(e, PNODE_CAPS, 0, e->caps, (uint32_t)n);
	return e->item.len;
}

/* ---- files -----------------------------------------------------------------------*/

static bool file_item(const struct pevent_conf *c, const struct weir_event *ev, unsigned in,
		      uint64_t mode, uint8_t access, char *name, struct pitem *item)
{
	bool may_run = mode & 0111 && ((mode & S_IFMT) == S_IFREG || !(mode & S_IFMT));
	struct weir_value v;

	if (!text(c, ev, in, &v))
		return false;
	*item = (struct pitem){ .type = PTYPE_FILE, .kind = PNODE_FILE, .name = name,
		.access = (uint8_t)(access | (may_run ? PNODE_EXEC : 0)),
		.exact = may_run || access & PNODE_MAP };
	item->len = preduce_path(v.v.p, v.len, (uint32_t)number(c, ev, PEVENT_PID),
				 item->exact ? PREDUCE_EXACT : 0, name);
	return item->len;
}

static bool read_file(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e,
		      uint8_t access)
{
	return file_item(c, ev, PEVENT_FILE, number(c, ev, PEVENT_MODE), access, e->name, &e->item);
}

static bool read_open(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	const uint64_t flags = number(c, ev, PEVENT_OPEN_FLAGS);
	const uint64_t writes = WEIR_OPEN_WRITE | WEIR_OPEN_TRUNC | WEIR_OPEN_CREATED | WEIR_OPEN_APPEND;

	if (flags & WEIR_OPEN_PATH)
		return false;
	return read_file(c, ev, e, (uint8_t)((flags & writes ? PNODE_WRITE : 0) |
		(flags & WEIR_OPEN_READ || !(flags & writes) ? PNODE_READ : 0)));
}

static bool read_write(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return read_file(c, ev, e, PNODE_WRITE);
}

static bool read_create(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return file_item(c, ev, PEVENT_FILE, number(c, ev, PEVENT_CREATE_MODE), PNODE_WRITE,
			 e->name, &e->item);
}

static bool read_mkdir(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return file_item(c, ev, PEVENT_FILE, S_IFDIR, PNODE_WRITE, e->name, &e->item);
}

static bool read_remove(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return read_file(c, ev, e, PNODE_REMOVE);
}

static bool read_meta(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return read_file(c, ev, e, PNODE_META);
}

static bool read_chmod(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	uint64_t mode = number(c, ev, PEVENT_MODE) | (number(c, ev, PEVENT_NEW_MODE) & 0111);

	return file_item(c, ev, PEVENT_FILE, mode, PNODE_META, e->name, &e->item);
}

static bool read_map(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return read_file(c, ev, e, PNODE_MAP);
}

/* The new name is what is written; of a rename, the old one is removed. */
static bool read_link(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return file_item(c, ev, PEVENT_TARGET, number(c, ev, PEVENT_MODE), PNODE_WRITE, e->name,
			 &e->item);
}

static bool read_rename(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	if (!read_link(c, ev, e))
		return false;
	e->n_more = file_item(c, ev, PEVENT_FILE, number(c, ev, PEVENT_MODE), PNODE_REMOVE,
			      e->second,
			      &e->more[0]);
	return true;
}

/* ---- network ---------------------------------------------------------------------*/

static bool read_dns(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	struct weir_value v;

	if (!text(c, ev, PEVENT_DNS_NAME, &v))
		return false;
	e->item = (struct pitem){ .type = PTYPE_DNS, .kind = PNODE_DNS, .name = e->name,
		.number = (uint32_t)number(c, ev, PEVENT_DNS_TYPE) };
	e->item.len = preduce_dns(v.v.p, v.len, c->dns_labels, e->name);
	return e->item.len;
}

static bool net_item(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e,
		     uint8_t kind, unsigned ip, uint32_t port)
{
	struct weir_value v = weir_get(ev, c->in[ip]);
	const struct weir_ip *at = v.v.p;
	unsigned bits;

	if (v.status != WEIR_PRESENT)
		return false;
	bits = kind == PNODE_BIND ? 0 : at->family == 2 ? c->bits4 : c->bits6;
	e->item = (struct pitem){ .type = kind == PNODE_BIND ? PTYPE_BIND : PTYPE_CONNECT,
		.kind = kind,
		.number = port, .name = (const char *)&e->net };
	e->item.len = pitem_net(&e->net, (uint8_t)at->family,
				(uint8_t)number(c, ev, PEVENT_PROTOCOL),
				at->addr, bits);
	return true;
}

static bool read_connect(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	struct weir_value v;

	if (net_item(c, ev, e, PNODE_CONNECT, PEVENT_DST, (uint32_t)number(c, ev, PEVENT_DPORT)))
		return true;
	if (!text(c, ev, PEVENT_UNIX, &v))
		return false;
	e->item = (struct pitem){ .type = PTYPE_CONNECT, .kind = PNODE_UNIX, .name = e->name };
	e->item.len = preduce_path(v.v.p, v.len, 0, 0, e->name);
	return e->item.len;
}

static uint32_t local_port(uint64_t port)
{
	return port < EPHEMERAL ? (uint32_t)port : 0;
}

static bool read_bind(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return net_item(c, ev, e, PNODE_BIND, PEVENT_SRC, local_port(number(c, ev, PEVENT_SPORT)));
}

static bool read_accept(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return net_item(c, ev, e, PNODE_BIND, PEVENT_DST, local_port(number(c, ev, PEVENT_DPORT)));
}

/* ---- others ----------------------------------------------------------------------*/

static bool named(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e,
		  unsigned in, uint8_t type, uint8_t kind, uint32_t n)
{
	struct weir_value v;

	if (!text(c, ev, in, &v))
		return false;
	e->item = (struct pitem){ .type = type, .kind = kind, .number = n, .name = e->name,
		.len = v.len };
	memcpy(e->name, v.v.p, v.len);
	return true;
}

static bool read_signal(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return named(c, ev, e, PEVENT_TARGET_EXE, PTYPE_SIGNAL, PNODE_SIGNAL,
		     (uint32_t)number(c, ev, PEVENT_SIGNAL));
}

static bool read_ptrace(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return named(c, ev, e, PEVENT_TARGET_EXE, PTYPE_SIGNAL, PNODE_PTRACE, 0);
}

static bool read_module(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return named(c, ev, e, PEVENT_MODULE, PTYPE_MODULE, PNODE_MODULE, 0);
}

static bool words(struct pevent *e, uint8_t type, uint8_t kind, int n)
{
	e->item = (struct pitem){ .type = type, .kind = kind, .name = e->name };
	e->item.len = n < (int)sizeof(e->name) ? (uint32_t)n : (uint32_t)sizeof(e->name) - 1;
	return true;
}

static bool read_credentials(const struct pevent_conf *c, const struct weir_event *ev,
			     struct pevent *e)
{
	return words(e, PTYPE_CREDENTIALS, PNODE_CRED, snprintf(e->name, sizeof(e->name),
		"effective user %u, capabilities 0x%llx", (uint32_t)number(c, ev, PEVENT_NEW_EUID),
		(unsigned long long)number(c, ev, PEVENT_NEW_CAPS)));
}

static bool read_namespace(const struct pevent_conf *c, const struct weir_event *ev,
			   struct pevent *e)
{
	return words(e, PTYPE_CREDENTIALS, PNODE_CRED, snprintf(e->name, sizeof(e->name),
		"new namespaces 0x%x", (uint32_t)number(c, ev, PEVENT_NAMESPACES)));
}

static bool read_mount(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	struct weir_value type = weir_get(ev, c->in[PEVENT_FSTYPE]), path;
	uint32_t len;

	if (!text(c, ev, PEVENT_FILE, &path))
		return false;
	len = preduce_path(path.v.p, path.len, 0, 0, e->second);
	return words(e, PTYPE_MOUNT, PNODE_MOUNT, snprintf(e->name, PTEXT_MAX, "%.*s at %.*s",
		weir_present(&type) ? (int)(type.len < 64 ? type.len : 64) : 0,
			(const char *)type.v.p,
		(int)(len < PTEXT_MAX - 80 ? len : PTEXT_MAX - 80), e->second));
}

static bool numbered(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e,
		     unsigned in, uint8_t type, uint8_t kind)
{
	struct weir_value v = weir_get(ev, c->in[in]);

	if (v.status != WEIR_PRESENT)
		return false;
	e->item = (struct pitem){ .type = type, .kind = kind, .number = (uint32_t)v.v.u };
	return true;
}

static bool read_syscall(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	return numbered(c, ev, e, PEVENT_SYSCALL, PTYPE_SYSCALL, PNODE_SYSCALL);
}

static bool read_capability(const struct pevent_conf *c, const struct weir_event *ev,
			    struct pevent *e)
{
	return numbered(c, ev, e, PEVENT_CAPABILITY, PTYPE_CAPABILITY, PNODE_CAPUSE);
}

typedef bool read_f(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e);

static read_f *const readers[WEIR_EV_KERNEL_MAX + 1] = {
	[WEIR_EV_exec] = read_exec, [WEIR_EV_snapshot] = read_exec,
	[WEIR_EV_open] = read_open, [WEIR_EV_create] = read_create, [WEIR_EV_unlink] = read_remove,
	[WEIR_EV_rename] = read_rename, [WEIR_EV_link] = read_link, [WEIR_EV_symlink] = read_write,
	[WEIR_EV_mkdir] = read_mkdir, [WEIR_EV_rmdir] = read_remove,
	[WEIR_EV_truncate] = read_write,
	[WEIR_EV_chmod] = read_chmod, [WEIR_EV_chown] = read_meta, [WEIR_EV_setxattr] = read_meta,
	[WEIR_EV_removexattr] = read_meta, [WEIR_EV_set_acl] = read_meta,
	[WEIR_EV_mmap_exec] = read_map,
	[WEIR_EV_connect] = read_connect, [WEIR_EV_udp_send] = read_connect,
	[WEIR_EV_bind] = read_bind,
	[WEIR_EV_listen] = read_bind, [WEIR_EV_accept] = read_accept,
	[WEIR_EV_dns_query] = read_dns,
	[WEIR_EV_signal] = read_signal, [WEIR_EV_ptrace] = read_ptrace,
	[WEIR_EV_module_load] = read_module, [WEIR_EV_credentials] = read_credentials,
	[WEIR_EV_namespace] = read_namespace, [WEIR_EV_mount] = read_mount,
	[WEIR_EV_syscall] = read_syscall, [WEIR_EV_capability] = read_capability,
};

bool pevent_read(const struct pevent_conf *c, const struct weir_event *ev, struct pevent *e)
{
	e->n_more = 0;
	if (ev->type > WEIR_EV_KERNEL_MAX || !readers[ev->type] ||
	    number(c, ev, PEVENT_OUTCOME) == WEIR_OUTCOME_BLOCKED)
		return false;
	return readers[ev->type](c, ev, e);
}
