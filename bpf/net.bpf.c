/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets. The LSM hook has the address that was asked for; the protocol's
 * own function behind it tells the outcome and the local end.
 *
 *   connect	lsm/socket_connect	fexit/inet_stream_connect,
 *					inet_dgram_connect, unix_*_connect;
 *	(Fast Open)			fexit/__inet_stream_connect
 *   accept	lsm/sock_graft		(the connection is there)
 *   bind	lsm/socket_bind		fexit/inet_bind, inet6_bind, unix_bind
 *   listen	lsm/socket_listen	fexit/inet_listen, unix_listen
 *
 * Other families are emitted by the first hook, with outcome unknown.
 */
#include "weir.bpf.h"
#include "sock.bpf.h"

/* ---- what all have -----------------------------------------------------------------*/

/* Apart, so that it is dead code where unix is a module without types. */
static __noinline int unix_name_put(struct scratch *s, const struct sock *sk)
{
	struct unix_address *addr = BPF_CORE_READ((struct unix_sock *)sk, addr);

	if (addr)
		addr_set(s, NULL, NULL, (__u64)addr +
			 bpf_core_field_offset(struct unix_address, name),
			 BPF_CORE_READ(addr, len));
	return 0;
}

static __always_inline void unix_name_set(struct scratch *s, const struct sock *sk)
{
	if (bpf_core_type_exists(struct unix_sock))
		unix_name_put(s, sk);
}

static __always_inline struct scratch *sock_begin(__u32 type, __u32 size,
						  const struct sock *sk)
{
	struct weir_connect *e;
	struct scratch *s = sk ? op_begin_next(type, size) : NULL;

	if (!s)
		return NULL;
	e = (void *)s->rec;
	e->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	e->socktype = BPF_CORE_READ(sk, sk_type);
	e->protocol = BPF_CORE_READ(sk, sk_protocol);
	return s;
}

/* Families and protocols whose functions are followed have an outcome. */
static __always_inline bool has_outcome(const struct weir_connect *e)
{
	if (e->family == AF_UNIX)
		return g_unix_outcomes;
	return is_inet(e->family) && e->protocol != IPPROTO_SCTP &&
	       e->protocol != IPPROTO_MPTCP;
}

static __always_inline int sock_ask(struct scratch *s, void *ctx, __u32 type, __u64 key)
{
	if (!has_outcome((void *)s->rec))
		s->may_wait = 0;
	return op_ask(s, ctx, type, key);
}

/* ---- connect -----------------------------------------------------------------------*/

SEC("lsm/socket_connect")
int on_socket_connect(__u64 *ctx)
{
	struct socket *sock = (void *)ctx[0];
	struct weir_connect *e;
	struct scratch *s;

	s = sock_begin(WEIR_EV_connect, sizeof(*e), sock->sk);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->direction = WEIR_DIR_OUTBOUND;
	addr_set(s, &e->dst, &e->dport, hook_arg(ctx, 1), ctx[2]);
	return sock_ask(s, ctx, WEIR_EV_connect, ctx[0]);
}

static __always_inline int connect_end(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_connect, ctx[0]);
	struct socket *sock = (void *)ctx[0];
	struct weir_connect *e;

	if (!s)
		return 0;
	e = (void *)s->rec;
	if (is_inet(e->family))
		local_set(&e->src, &e->sport, BPF_CORE_READ(sock, sk));
	op_done(s, ret_errno(ctx));
	return 0;
}

SEC("fexit/inet_stream_connect")
int on_inet_stream_connect(__u64 *ctx)
{
	return connect_end(ctx);
}

SEC("fexit/inet_dgram_connect")
int on_inet_dgram_connect(__u64 *ctx)
{
	return connect_end(ctx);
}

SEC("fexit/unix_stream_connect")
int on_unix_stream_connect(__u64 *ctx)
{
	return connect_end(ctx);
}

SEC("fexit/unix_dgram_connect")
int on_unix_dgram_connect(__u64 *ctx)
{
	return connect_end(ctx);
}

/*
 * TCP Fast Open: sendmsg connects, and no hook is asked. The same function
 * serves connect, which tells is_sendmsg 0.
 */
SEC("fexit/__inet_stream_connect")
int on_fastopen(__u64 *ctx)
{
	struct socket *sock = (void *)ctx[0];
	struct sock *sk = sock->sk;
	struct weir_connect *e;
	struct scratch *s;

	if (!(ctx[4] & 0xffffffff) || !hook_arg(ctx, 1) || !sk)
		return 0;
	s = sock_begin(WEIR_EV_connect, sizeof(*e), sk);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->direction = WEIR_DIR_OUTBOUND;
	addr_set(s, &e->dst, &e->dport, hook_arg(ctx, 1), ctx[2]);
	local_set(&e->src, &e->sport, sk);
	if (base_excluded(s))
		scratch_release(s);
	else
		op_done(s, ret_errno(ctx));
	return 0;
}

/* ---- accept ------------------------------------------------------------------------*/

SEC("lsm/sock_graft")
int on_sock_graft(__u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];
	struct weir_accept *e;
	struct scratch *s;

	s = sock_begin(WEIR_EV_accept, sizeof(*e), sk);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->direction = WEIR_DIR_INBOUND;
	if (is_inet(e->family)) {
		local_set(&e->dst, &e->dport, sk);
		remote_set(&e->src, &e->sport, sk);
	} else if (e->family == AF_UNIX) {
		unix_name_set(s, sk);
	}
	op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	return 0;
}

/* ---- bind and listen -----------------------------------------------------------------*/

SEC("lsm/socket_bind")
int on_socket_bind(__u64 *ctx)
{
	struct socket *sock = (void *)ctx[0];
	struct weir_bind *e;
	struct scratch *s;

	s = sock_begin(WEIR_EV_bind, sizeof(*e), sock->sk);
	if (!s)
		return 0;
	e = (void *)s->rec;
	addr_set(s, &e->src, &e->sport, hook_arg(ctx, 1), ctx[2]);
	return sock_ask(s, ctx, WEIR_EV_bind, ctx[0]);
}

/* Port 0 asked the kernel to choose: now it has. */
static __always_inline int bind_end(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_bind, ctx[0]);
	struct socket *sock = (void *)ctx[0];
	struct weir_bind *e;
	int err;

	if (!s)
		return 0;
	e = (void *)s->rec;
	err = ret_errno(ctx);
	if (!err && is_inet(e->family) && !e->sport)
		e->sport = BPF_CORE_READ(sock, sk, __sk_common.skc_num);
	op_done(s, err);
	return 0;
}

SEC("fexit/inet_bind")
int on_inet_bind(__u64 *ctx)
{
	return bind_end(ctx);
}

SEC("fexit/inet6_bind")
int on_inet6_bind(__u64 *ctx)
{
	return bind_end(ctx);
}

SEC("fexit/unix_bind")
int on_unix_bind(__u64 *ctx)
{
	return bind_end(ctx);
}

SEC("lsm/socket_listen")
int on_socket_listen(__u64 *ctx)
{
	struct socket *sock = (void *)ctx[0];
	struct sock *sk = sock->sk;
	struct weir_listen *e;
	struct scratch *s;

	s = sk ? sock_begin(WEIR_EV_listen, sizeof(*e), sk) : NULL;
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->backlog = ctx[1];
	if (is_inet(e->family))
		local_set(&e->src, &e->sport, sk);
	else if (e->family == AF_UNIX)
		unix_name_set(s, sk);
	return sock_ask(s, ctx, WEIR_EV_listen, ctx[0]);
}

/* listen on an unbound socket binds it. */
static __always_inline int listen_end(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_listen, ctx[0]);
	struct socket *sock = (void *)ctx[0];
	struct weir_listen *e;

	if (!s)
		return 0;
	e = (void *)s->rec;
	if (is_inet(e->family) && !e->sport)
		e->sport = BPF_CORE_READ(sock, sk, __sk_common.skc_num);
	op_done(s, ret_errno(ctx));
	return 0;
}

SEC("fexit/inet_listen")
int on_inet_listen(__u64 *ctx)
{
	return listen_end(ctx);
}

SEC("fexit/unix_listen")
int on_unix_listen(__u64 *ctx)
{
	return listen_end(ctx);
}
