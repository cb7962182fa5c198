/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the components. Each is asked whether it is a container, then
 * whether it is a pod's, then whether it is a unit of systemd; the last
 * container counts, and what systemd is around it is forgotten then. Names are
 * those that the runtimes give with the cgroupfs and with the systemd driver.
 */
#include "cgpath.h"

#include <string.h>

#define T(text)	(text), sizeof(text) - 1

static const char *const names[] = {
	[CGRUNTIME_NONE] = "", [CGRUNTIME_DOCKER] = "docker",
	[CGRUNTIME_CONTAINERD] = "containerd", [CGRUNTIME_CRIO] = "cri-o",
	[CGRUNTIME_PODMAN] = "podman", [CGRUNTIME_LXC] = "lxc",
	[CGRUNTIME_NSPAWN] = "systemd-nspawn", [CGRUNTIME_RUNC] = "runc",
	[CGRUNTIME_ANY] = "", [CGRUNTIME_MAYBE] = "",
};

const char *cgruntime_name(enum cgruntime r)
{
	return r < CGRUNTIME__MAX ? names[r] : "";
}

/* ---- texts -----------------------------------------------------------------------*/

static bool is(const struct cgtext *t, const char *text, size_t len)
{
	return t->len == len && !memcmp(t->p, text, len);
}

/* Takes a beginning off; false, and nothing happens, if it has another one. */
static bool skip(struct cgtext *t, const char *text, size_t len)
{
	if (t->len <= len || memcmp(t->p, text, len))
		return false;
	t->p += len;
	t->len -= (uint32_t)len;
	return true;
}

static bool cut(struct cgtext *t, const char *text, size_t len)
{
	if (t->len <= len || memcmp(t->p + t->len - len, text, len))
		return false;
	t->len -= (uint32_t)len;
	return true;
}

static bool is_hex(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
			return false;
	return true;
}

static bool is_id(const struct cgtext *t)
{
	return t->len == 64 && is_hex(t->p, 64);
}

static bool is_number(const char *p, size_t len, uint32_t *n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < len && i < 11; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(p[i] - '0');
	}
	*n = (uint32_t)v;
	return len && len < 11 && v < UINT32_MAX;
}

/* A container of ECS on Fargate: 32 hex digits, -, digits. */
static bool is_task(const struct cgtext *t)
{
	uint32_t n;

	return t->len > 33 && is_hex(t->p, 32) && t->p[32] == '-' &&
	       is_number(t->p + 33, t->len - 33, &n);
}

size_t cgpath_unescape(const struct cgtext *t, char *to, size_t cap)
{
	static const char digits[] = "0123456789abcdef";
	const char *hi, *lo;
	size_t i, n = 0;

	for (i = 0; i < t->len && n < cap; i++) {
		to[n] = t->p[i];
		if (t->p[i] == '\\' && t->len - i >= 4 && t->p[i + 1] == 'x') {
			hi = memchr(digits, t->p[i + 2], 16);
			lo = memchr(digits, t->p[i + 3], 16);
			if (hi && lo) {
				to[n] = (char)((hi - digits) << 4 | (lo - digits));
				i += 3;
			}
		}
		n++;
	}
	return n;
}

/* ---- containers ------------------------------------------------------------------*/

static const struct {
	const char *prefix;
	uint32_t len;
	enum cgruntime runtime;
} prefixes[] = {
	{ T("docker-"), CGRUNTIME_DOCKER },
	{ T("cri-containerd-"), CGRUNTIME_CONTAINERD },
	{ T("nerdctl-"), CGRUNTIME_CONTAINERD },
	{ T("crio-"), CGRUNTIME_CRIO },
	{ T("libpod-payload-"), CGRUNTIME_PODMAN },
	{ T("libpod-"), CGRUNTIME_PODMAN },
};

/* PREFIX-ID or PREFIX-ID.scope. Those of conmon have more before the id. */
static bool is_prefixed(const struct cgtext *c, struct cgpath *out)
{
	struct cgtext t;
	unsigned i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		t = *c;
		if (!skip(&t, prefixes[i].prefix, prefixes[i].len))
			continue;
		cut(&t, T(".scope"));
		if (!is_id(&t))
			continue;
		out->runtime = prefixes[i].runtime;
		out->id = t;
		return true;
	}
	return false;
}

/* SLICE:PREFIX:ID, which is for the systemd driver, given to the other one. */
static bool is_triple(const struct cgtext *c, struct cgpath *out)
{
	const char *last = memrchr(c->p, ':', c->len), *first = memchr(c->p, ':', c->len);
	struct cgtext id, by;

	if (!last || first == last)
		return false;
	id = (struct cgtext){ last + 1, (uint32_t)(c->p + c->len - last - 1) };
	by = (struct cgtext){ first + 1, (uint32_t)(last - first - 1) };
	if (!is_id(&id))
		return false;
	out->runtime = is(&by, T("cri-containerd")) ? CGRUNTIME_CONTAINERD :
		       is(&by, T("crio")) ? CGRUNTIME_CRIO :
		       is(&by, T("docker")) ? CGRUNTIME_DOCKER :
		       is(&by, T("libpod")) ? CGRUNTIME_PODMAN : CGRUNTIME_ANY;
	out->id = id;
	return true;
}

/* Names that their owner chose. */
static bool is_named(const struct cgtext *c, const struct cgtext *before, struct cgpath *out)
{
	struct cgtext t = *c;

	if (skip(&t, T("lxc.payload.")) || is(before, T("lxc.payload")) || is(before, T("lxc"))) {
		out->runtime = CGRUNTIME_LXC;
	} else if (is(before, T("machine.slice")) && skip(&t, T("machine-")) &&
		   cut(&t, T(".scope"))) {
		/* Of libvirt, and of its LXC driver. */
		if (t.len > 8 && (!memcmp(t.p, T("qemu\\x2d")) || !memcmp(t.p, T("lxc\\x2d"))))
			return false;
		out->runtime = CGRUNTIME_NSPAWN;
	} else if (skip(&t, T("systemd-nspawn@")) && cut(&t, T(".service"))) {
		out->runtime = CGRUNTIME_NSPAWN;
	} else if ((skip(&t, T("runc-")) || skip(&t, T("crun-"))) && cut(&t, T(".scope"))) {
		out->runtime = CGRUNTIME_RUNC;
	} else {
		return false;
	}
	out->id = t;
	return true;
}

static bool is_container(const struct cgtext *c, const struct cgtext *before, struct cgpath *out)
{
	if (is_id(c) || is_task(c)) {
		out->runtime = is(before, T("docker")) ? CGRUNTIME_DOCKER : CGRUNTIME_ANY;
		out->id = *c;
		return true;
	}
	return is_prefixed(c, out) || is_triple(c, out) || is_named(c, before, out);
}

/* ---- pods ------------------------------------------------------------------------*/

/* podUID, or ...-podUID.slice; of a triple, what is before the first colon. */
static void take_pod(const struct cgtext *c, struct cgpath *out)
{
	const char *colon = memchr(c->p, ':', c->len), *at;
	struct cgtext t = *c;
	uint32_t i;

	if (colon)
		t.len = (uint32_t)(colon - t.p);
	cut(&t, T(".slice"));
	at = memmem(t.p, t.len, T("-pod"));
	if (at)
		t = (struct cgtext){ at + 1, (uint32_t)(t.p + t.len - at - 1) };
	if (!skip(&t, T("pod")) || (t.len != 36 && t.len != 32))
		return;
	for (i = 0; i < t.len; i++)
		if (!is_hex(t.p + i, 1) && t.p[i] != '-' && t.p[i] != '_')
			return;
	out->pod = t;
}

/* ---- systemd ---------------------------------------------------------------------*/

static void take_slice(const struct cgtext *c, struct cgpath *out)
{
	struct cgtext t = *c;
	uint32_t uid;

	/* Those of the manager of a user are its own affair. */
	if (out->unit.len)
		return;
	out->slice = *c;
	if (skip(&t, T("user-")) && cut(&t, T(".slice")) && is_number(t.p, t.len, &uid))
		out->uid = uid;
}

static bool is_unit(const struct cgtext *c)
{
	static const char *const suffixes[] = { ".service", ".scope", ".mount", ".socket",
		".swap" };
	struct cgtext t;
	unsigned i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		t = *c;
		if (cut(&t, suffixes[i], strlen(suffixes[i])))
			return true;
	}
	return false;
}

static void take_unit(const struct cgtext *c, struct cgpath *out)
{
	struct cgtext t = *c;
	uint32_t uid;

	if (out->unit.len) {
		t = out->unit;
		if (!out->user_unit.len && skip(&t, T("user@")))
			out->user_unit = *c;
		return;
	}
	out->unit = *c;
	if (skip(&t, T("session-")) && cut(&t, T(".scope")))
		out->session = t;
	t = *c;
	if (skip(&t, T("user@")) && cut(&t, T(".service")) && is_number(t.p, t.len, &uid))
		out->uid = uid;
}

static void take_systemd(const struct cgtext *c, struct cgpath *out)
{
	struct cgtext t = *c;

	if (cut(&t, T(".slice")))
		take_slice(c, out);
	else if (is_unit(c))
		take_unit(c, out);
}

/* ---- the path --------------------------------------------------------------------*/

static void enter_container(struct cgpath *out)
{
	static const struct cgtext none;

	out->slice = out->unit = out->user_unit = out->session = none;
}

static void take(const struct cgtext *c, const struct cgtext *before, struct cgpath *out)
{
	struct cgtext t = *c;

	/* So systemd escapes names that could be taken for files of the kernel. */
	skip(&t, T("_"));
	take_pod(&t, out);
	if (is_container(&t, before, out))
		enter_container(out);
	else
		take_systemd(&t, out);
}

static uint64_t hash(const char *p, size_t len)
{
	uint64_t h = 1;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)p[i]) * 0x100000001b3u;
	return h;
}

void cgpath_parse(const char *path, size_t len, struct cgpath *out)
{
	const char *at = path, *end = path + len, *stop;
	struct cgtext c = { 0 }, before;

	*out = (struct cgpath){ .uid = CGPATH_UID_NONE };
	if (len > CGPATH_MAX)
		return;
	while (at < end) {
		stop = memchr(at, '/', (size_t)(end - at));
		if (!stop)
			stop = end;
		if (stop > at) {
			before = c;
			c = (struct cgtext){ at, (uint32_t)(stop - at) };
			take(&c, &before, out);
		}
		at = stop + 1;
	}
	/* Outside of all units, where runc and ctr put theirs: NAME, NAMESPACE/NAME. */
	if (out->runtime == CGRUNTIME_NONE && c.len && !out->unit.len && !out->slice.len) {
		out->runtime = CGRUNTIME_MAYBE;
		out->id = c;
		out->scope = hash(path, (size_t)(c.p - path));
	}
}
