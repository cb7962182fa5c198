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

/* ---- addresses ------------------------------------------------------------------*/

static __always_inline void ip4_set(struct weir_ip *ip, __be32 addr)
{
	ip->family = AF_INET;
	__builtin_memcpy(ip->addr, &addr, 4);
}

/* An IPv4 address in IPv6 form is an IPv4 address. */
static __always_inline void ip6_set(struct weir_ip *ip, const __u32 *w)
{
	if (!w[0] && !w[1] && w[2] == 0xffff0000) {
		ip4_set(ip, w[3]);
		return;
	}
	ip->family = AF_INET6;
	__builtin_memcpy(ip->addr, w, 16);
}

static __always_inline __u32 port_of(__be16 port)
{
	return (__u16)(port >> 8 | port << 8);
}

/* An address of user space that the kernel has copied in. */
static __always_inline void addr_set(struct scratch *s, struct weir_ip *ip, __u32 *port,
				     __u64 addr, __u32 len)
{
	struct weir_connect *e = (void *)s->rec;
	struct sockaddr_in6_ a = {};
	struct sockaddr_in_ *a4 = (void *)&a;

	bpf_probe_read_kernel(&a, len < sizeof(a) ? sizeof(struct sockaddr_in_) :
						    sizeof(a), (void *)addr);
	if (a.family == AF_INET && ip) {
		ip4_set(ip, a4->addr);
		*port = port_of(a.port);
	} else if (a.family == AF_INET6 && len >= 24 && ip) {
		__u32 w[4];

		__builtin_memcpy(w, a.addr, 16);
		ip6_set(ip, w);
		ip->scope = len >= sizeof(a) ? a.scope : 0;
		*port = port_of(a.port);
	} else if (a.family == AF_UNIX && len > 2 && len <= 110) {
		__u32 at = s->tail;

		if (a.port & 0xff) {
			e->unix_path = str_of(text_put(s, addr + 2, len - 2));
			return;
		}
		e->unix_path = str_of(bytes_put(s, addr + 2, len - 2));
		if (e->unix_path.off && at < WEIR_REC_MAX)
			s->rec[at] = '@';
	}
}

/* The ends that the socket itself knows: remote only once connected. */
static __always_inline void ends_set(struct weir_ip *local, __u32 *lport,
				     struct weir_ip *remote, __u32 *rport,
				     const struct sock *sk)
{
	__u32 w[4];

	*lport = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (remote)
		*rport = port_of(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		bpf_core_read(w, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		ip6_set(local, w);
		if (!remote)
			return;
		bpf_core_read(w, 16, &sk->__sk_common.skc_v6_daddr);
		ip6_set(remote, w);
	} else {
		ip4_set(local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		if (remote)
			ip4_set(remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	}
}

static __always_inline bool is_inet(__u32 family)
{
	return family == AF_INET || family == AF_INET6;
}

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
	struct scratch *s;

	if (!type_enabled(type) || !sk)
		return NULL;
	op_flush(type, WEIR_OUTCOME_UNKNOWN);
	s = op_begin(type, size);
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

static __always_inline void sock_park(struct scratch *s, void *ctx, __u32 type, __u64 key)
{
	if (!has_outcome((void *)s->rec))
		s->may_wait = 0;
	op_park(s, ctx, type, key);
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
	sock_park(s, ctx, WEIR_EV_connect, ctx[0]);
	return 0;
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
		ends_set(&e->src, &e->sport, NULL, NULL, BPF_CORE_READ(sock, sk));
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
	ends_set(&e->src, &e->sport, NULL, NULL, sk);
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
	if (is_inet(e->family))
		ends_set(&e->dst, &e->dport, &e->src, &e->sport, sk);
	else if (e->family == AF_UNIX)
		unix_name_set(s, sk);
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
	sock_park(s, ctx, WEIR_EV_bind, ctx[0]);
	return 0;
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
		ends_set(&e->src, &e->sport, NULL, NULL, sk);
	else if (e->family == AF_UNIX)
		unix_name_set(s, sk);
	sock_park(s, ctx, WEIR_EV_listen, ctx[0]);
	return 0;
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
