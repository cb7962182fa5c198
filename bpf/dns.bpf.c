/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Datagrams that are sent, and DNS: what is asked and what is answered.
 *
 *   udp_send,	lsm/socket_sendmsg	(fentry/udp_sendmsg, udpv6_sendmsg)
 *   dns_query				fexit/udp_sendmsg, udpv6_sendmsg
 *   dns_reply	fentry/skb_consume_udp	(the caller has it)
 *
 * sendmmsg asks the security modules only once for several datagrams to one
 * address: the others are first seen where UDP begins. What lies in the memory
 * of the process can change between here and there; the kernel copies it later.
 */
#include "weir.bpf.h"
#include "sock.bpf.h"

#define DNS_PORT	53
#define DNS_HEAD	12u
#define DNS_REPLY	0x8000u
#define NAME_WIRE	255u	/* bytes that a name may have in a message */
#define QUERY_READ	512u
#define REPLY_READ	1232u
#define READ_STEPS	64
#define READ_STEPS_FEW	4
/* In scratch.path: the message, and from here on the name as text. */
#define TEXT_AT		2048u
#define TEXT_MAX	1024u

/* The message whose security hook the current task has passed. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} m_asked SEC(".maps");

/* ---- the message -----------------------------------------------------------------*/

#define USER_PAGE	4096u

/*
 * What is sent may lie in several pieces. All state is in scratch, so that the
 * verifier finds each step to be like the one before.
 */
static __always_inline bool piece_read(struct scratch *s, __u64 skip)
{
	struct iovec_ v;

	if (bpf_probe_read_kernel(&v, sizeof(v), (void *)s->piece_vec) || skip > v.len)
		return false;
	s->piece_at = v.base + skip;
	s->piece_left = v.len - skip;
	return true;
}

/* false: it lies where no program can look. */
static __always_inline bool piece_first(struct scratch *s, const struct iov_iter *it,
					enum compat_iter kind)
{
	__u64 skip = BPF_CORE_READ(it, iov_offset);

	s->piece_kind = kind;
	if (kind == COMPAT_ITER_UBUF) {
		s->piece_at = (__u64)BPF_CORE_READ(it, ubuf) + skip;
		s->piece_left = BPF_CORE_READ(it, count);
		s->piece_n = 1;
		return true;
	}
	if (kind != COMPAT_ITER_IOVEC && kind != COMPAT_ITER_KVEC)
		return false;
	s->piece_n = BPF_CORE_READ(it, nr_segs);
	s->piece_vec = compat_iter_vec(it);
	return s->piece_n && piece_read(s, skip);
}

static __always_inline bool piece_next(struct scratch *s)
{
	if (s->piece_n <= 1)
		return false;
	s->piece_n--;
	s->piece_vec += sizeof(struct iovec_);
	return piece_read(s, 0);
}

/* A step ends with a page, of which the next may be missing. 1: that was all. */
static __always_inline int payload_step(struct scratch *s)
{
	__u32 done = s->piece_done, step;
	long r;

	if (done >= QUERY_READ || (!s->piece_left && !piece_next(s)))
		return 1;
	step = USER_PAGE - (s->piece_at & (USER_PAGE - 1));
	if (step > s->piece_left)
		step = s->piece_left;
	if (step > QUERY_READ - done)
		step = QUERY_READ - done;
	BOUND(done);
	BOUND(step);
	if (done >= QUERY_READ || step > QUERY_READ)
		return 1;
	if (s->piece_kind == COMPAT_ITER_KVEC)
		r = bpf_probe_read_kernel(&s->path[done], step, (void *)s->piece_at);
	else
		r = bpf_probe_read_user(&s->path[done], step, (void *)s->piece_at);
	if (r)
		return 1;
	s->piece_done = done + step;
	s->piece_at += step;
	s->piece_left -= step;
	return 0;
}

static long payload_loop(__u32 i, struct scratch **sp)
{
	return payload_step(*sp);
}

/* As walk_bounded: for kernels before 5.17. The head of a message, at most. */
static __noinline int payload_bounded(struct scratch *s)
{
	int i, end = 0;

	for (i = 0; i < READ_STEPS_FEW && !end; i++)
		end = payload_step(s);
	return 0;
}

/* The first bytes of what is sent into s->path: how many. */
__noinline int payload_read(struct scratch *s, __u64 msg)
{
	struct iov_iter *it = &((struct msghdr *)msg)->msg_iter;

	if (!s)
		return 0;
	s->piece_done = 0;
	if (!piece_first(s, it, compat_iter_of(it)))
		return 0;
	if (cfg_have_loop)
		bpf_loop(READ_STEPS, payload_loop, &s, 0);
	else
		payload_bounded(s);
	return s->piece_done;
}

static __always_inline __u32 byte_at(struct scratch *s, __u32 at)
{
	return s->path[at & (TEXT_AT - 1)];
}

static __always_inline __u32 short_at(struct scratch *s, __u32 at)
{
	return byte_at(s, at) << 8 | byte_at(s, at + 1);
}

/* ---- names -----------------------------------------------------------------------*/

enum name_state { NAME_RUNS, NAME_DONE, NAME_BAD };

static __always_inline bool is_plain(__u32 c)
{
	return (c | 32) - 'a' < 26u || c - '0' < 10u || c == '-' || c == '_';
}

static __always_inline void text_byte(struct scratch *s, __u32 c)
{
	__u32 out = s->name_out & (TEXT_MAX - 1);

	if (is_plain(c)) {
		s->path[TEXT_AT + out] = c;
		s->name_out = out + 1;
		return;
	}
	s->path[TEXT_AT + out] = '\\';
	s->path[TEXT_AT + out + 1] = '0' + c / 100;
	s->path[TEXT_AT + out + 2] = '0' + c / 10 % 10;
	s->path[TEXT_AT + out + 3] = '0' + c % 10;
	s->name_out = out + 4;
}

/* One byte of the name. 1: it ends. */
static __always_inline int name_step(struct scratch *s)
{
	__u32 in = s->name_in, left = s->name_left, out = s->name_out, c;

	if (in >= s->name_end) {
		s->name_state = NAME_BAD;
		return 1;
	}
	c = byte_at(s, in);
	s->name_in = in + 1;
	if (left) {
		s->name_left = left - 1;
		text_byte(s, c);
		return 0;
	}
	/* Nothing is before the first question that a pointer could point to. */
	if (!c || c > 63) {
		s->name_state = c ? NAME_BAD : NAME_DONE;
		return 1;
	}
	s->name_left = c;
	if (out) {
		s->path[TEXT_AT + (out & (TEXT_MAX - 1))] = '.';
		s->name_out = out + 1;
	}
	return 0;
}

static long name_loop(__u32 i, struct scratch **sp)
{
	return name_step(*sp);
}

/* The name at `at`, in a message of `len` bytes, as text into the tail. */
static __always_inline struct weir_str name_put(struct scratch *s, __u32 at, __u32 len)
{
	__u64 bits;

	s->name_state = NAME_RUNS;
	s->name_in = at;
	s->name_end = len < at + NAME_WIRE ? len : at + NAME_WIRE;
	s->name_out = 0;
	s->name_left = 0;
	/* Without bpf_loop (5.17) a name takes the verifier too long. */
	if (cfg_have_loop)
		bpf_loop(NAME_WIRE + 1, name_loop, &s, 0);
	/* The root's own name. */
	if (s->name_state == NAME_DONE && !s->name_out) {
		s->path[TEXT_AT] = '.';
		s->name_out = 1;
	}
	bits = bytes_put(s, launder(s, &s->path[TEXT_AT]), s->name_out);
	if (s->name_state != NAME_DONE || s->name_in + 4 > len)
		bits |= (__u64)WEIR_STR_ERROR << 32;
	return str_of(bits);
}

/*
 * The message that lies in s->path from `at` to `len` into the fields that
 * dns_query and dns_reply share.
 */
__noinline int question_put(struct scratch *s, __u32 at, __u32 len)
{
	struct weir_dns_query *e;
	__u32 in;

	if (!s)
		return 0;
	e = (void *)s->rec;
	if (len < at + DNS_HEAD) {
		e->dns_name.len = WEIR_STR_ERROR;
		return 0;
	}
	e->dns_id = short_at(s, at);
	e->dns_flags = short_at(s, at + 2);
	e->dns_questions = short_at(s, at + 4);
	if (!e->dns_questions)
		return 0;
	e->dns_name = name_put(s, at + DNS_HEAD, len);
	in = s->name_in;
	if (s->name_state == NAME_DONE && in + 4 <= len) {
		e->dns_type = short_at(s, in);
		e->dns_class = short_at(s, in + 2);
	}
	return 0;
}

/* ---- what is sent ------------------------------------------------------------------*/

struct target {
	struct weir_ip ip;
	__u32 port;
	__u32 stream;	/* 1: TCP */
};

/*
 * Where it goes. An IPv4 socket takes an address of no family for its own; an
 * IPv6 socket ignores one.
 */
static __always_inline void target_read(struct target *t, const struct sock *sk,
					const struct msghdr *msg)
{
	struct sockaddr_in6_ a = {};
	__u64 name = (__u64)msg->msg_name;
	__u32 len = msg->msg_namelen;

	if (name && len >= sizeof(a.family)) {
		sockaddr_read(&a, name, len);
		if (a.family == AF_UNSPEC && sk->__sk_common.skc_family == AF_INET)
			a.family = AF_INET;
		if (a.family != AF_UNSPEC) {
			inet_set(&t->ip, &t->port, &a, len);
			return;
		}
	}
	remote_set(&t->ip, &t->port, sk);
}

/* false: nothing that is observed. */
static __always_inline bool target_wanted(struct target *t, const struct sock *sk,
					  const struct msghdr *msg)
{
	if (!sk || !is_inet(sk->__sk_common.skc_family))
		return false;
	if (sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM) {
		if (port_of(sk->__sk_common.skc_dport) != DNS_PORT ||
		    !type_enabled(WEIR_EV_dns_query))
			return false;
		t->stream = 1;
		remote_set(&t->ip, &t->port, sk);
		return true;
	}
	if (sk->sk_protocol != IPPROTO_UDP || sk->sk_type != SOCK_DGRAM)
		return false;
	target_read(t, sk, msg);
	return type_enabled(WEIR_EV_udp_send) ||
	       (t->port == DNS_PORT && type_enabled(WEIR_EV_dns_query));
}

/*
 * Fills a question, if it is one: a message whose head says so, or one that
 * cannot be read. A stream has the length before the message, in one piece.
 */
static __always_inline bool query_fill(struct scratch *s, const struct msghdr *msg,
				       __u32 size, bool stream)
{
	struct weir_dns_query *e = (void *)s->rec;
	__u32 want = size < QUERY_READ ? size : QUERY_READ;
	__u32 at = stream ? 2 : 0, len;

	len = payload_read(s, launder(s, msg));
	BOUND(len);
	e->dns_size = size - at;
	if (len < at + DNS_HEAD) {
		e->dns_name.len = WEIR_STR_ERROR;
		return len < want;
	}
	if (short_at(s, at + 2) & DNS_REPLY)
		return false;
	if (stream) {
		e->dns_size = short_at(s, 0);
		if (e->dns_size < DNS_HEAD || e->dns_size > size - 2)
			return false;
	}
	question_put(s, at, len);
	return true;
}

static __always_inline void query_to_send(struct scratch *s)
{
	struct weir_udp_send *e = (void *)s->rec;

	e->base.type = WEIR_EV_udp_send;
	__builtin_memset((void *)e + sizeof(struct weir_connect), 0,
			 sizeof(struct weir_dns_query) - sizeof(struct weir_connect));
}

static __always_inline struct scratch *send_fill(const struct sock *sk,
						 const struct msghdr *msg, __u32 size,
						 const struct target *t)
{
	bool query = t->port == DNS_PORT && type_enabled(WEIR_EV_dns_query);
	struct weir_udp_send *e;
	struct scratch *s;

	s = query ? op_begin(WEIR_EV_dns_query, sizeof(struct weir_dns_query)) :
		    op_begin(WEIR_EV_udp_send, sizeof(*e));
	if (!s)
		return NULL;
	e = (void *)s->rec;
	e->family = sk->__sk_common.skc_family;
	e->socktype = sk->sk_type;
	e->protocol = sk->sk_protocol;
	e->direction = WEIR_DIR_OUTBOUND;
	e->dst = t->ip;
	e->dport = t->port;
	if (query) {
		if (query_fill(s, msg, size, t->stream))
			return s;
		if (t->stream || !type_enabled(WEIR_EV_udp_send)) {
			scratch_release(s);
			return NULL;
		}
		query_to_send(s);
	}
	e->udp_size = size;
	return s;
}

/* The local end; a socket that is bound to no address has none to tell. */
static __always_inline void source_set(struct scratch *s, const struct sock *sk)
{
	struct weir_udp_send *e = (void *)s->rec;
	__u64 *w = (void *)e->src.addr;

	local_set(&e->src, &e->sport, sk);
	if (!w[0] && !w[1])
		e->src.family = 0;
}

static __always_inline int send_begin(__u64 *ctx, const struct sock *sk,
				      const struct msghdr *msg, __u32 size,
				      const struct target *t)
{
	struct weir_base *base;
	struct scratch *s;

	op_flush(WEIR_EV_dns_query, WEIR_OUTCOME_UNKNOWN);
	op_flush(WEIR_EV_udp_send, WEIR_OUTCOME_UNKNOWN);
	s = send_fill(sk, msg, size, t);
	if (!s)
		return 0;
	source_set(s, sk);
	if (t->stream)
		s->may_wait = 0;
	base = (void *)s->rec;
	return op_park_as(s, ctx, base->type, (__u64)sk, ctx && cfg_lsm ? JUDGE_CAN_BLOCK : 0);
}

SEC("lsm/socket_sendmsg")
int on_socket_sendmsg(__u64 *ctx)
{
	struct socket *sock = (void *)ctx[0];
	const struct msghdr *msg = (void *)ctx[1];
	const struct sock *sk = sock->sk;
	struct target t = {};
	__u64 *asked;

	if (!target_wanted(&t, sk, msg))
		return 0;
	asked = bpf_task_storage_get(&m_asked, bpf_get_current_task_btf(), NULL,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (asked)
		*asked = hook_arg(ctx, 1);
	return send_begin(ctx, sk, msg, ctx[2], &t);
}

/* Has the security hook seen this message? Once: the next may lie there, too. */
static __always_inline bool was_asked(__u64 msg)
{
	__u64 *asked = bpf_task_storage_get(&m_asked, bpf_get_current_task_btf(), NULL, 0);

	if (!asked || *asked != msg)
		return false;
	*asked = 0;
	return true;
}

static __always_inline int send_unasked(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	const struct msghdr *msg = (void *)ctx[1];
	struct target t = {};

	if (target_wanted(&t, sk, msg) && !was_asked(hook_arg(ctx, 1)))
		send_begin(NULL, sk, msg, ctx[2], &t);
	return 0;
}

/* An IPv6 socket comes through udpv6_sendmsg and, to an IPv4 address, through both. */
SEC("fentry/udp_sendmsg")
int on_udp_sendmsg(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];

	return sk->__sk_common.skc_family == AF_INET ? send_unasked(ctx) : 0;
}

SEC("fentry/udpv6_sendmsg")
int on_udpv6_sendmsg(__u64 *ctx)
{
	return send_unasked(ctx);
}

static __always_inline int send_end(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_dns_query, ctx[0]);

	if (!s)
		s = op_waiting(WEIR_EV_udp_send, ctx[0]);
	if (!s)
		return 0;
	source_set(s, (const struct sock *)ctx[0]);
	op_done(s, ret_errno(ctx));
	return 0;
}

SEC("fexit/udp_sendmsg")
int on_udp_sendmsg_end(__u64 *ctx)
{
	return send_end(ctx);
}

SEC("fexit/udpv6_sendmsg")
int on_udpv6_sendmsg_end(__u64 *ctx)
{
	return send_end(ctx);
}

/* ---- what is received ---------------------------------------------------------------*/

/* The exchange was begun here: the answer's destination is its source. */
static __always_inline void ends_of(struct weir_dns_reply *e, const struct sk_buff *skb,
				    const __be16 *ports)
{
	__u64 net = (__u64)skb->head + skb->network_header;
	__u32 w[8] = {};

	e->dport = port_of(ports[0]);
	e->sport = port_of(ports[1]);
	if (port_of(skb->protocol) == ETH_P_IP) {
		bpf_probe_read_kernel(w, 8, (void *)(net + 12));
		ip4_set(&e->dst, w[0]);
		ip4_set(&e->src, w[1]);
	} else {
		bpf_probe_read_kernel(w, 32, (void *)(net + 8));
		ip6_set(&e->dst, w);
		ip6_set(&e->src, w + 4);
	}
}

/* The message, as far as it lies in one piece of memory. */
static __always_inline void reply_fill(struct scratch *s, const struct sk_buff *skb)
{
	struct weir_dns_reply *e = (void *)s->rec;
	__u32 len = skb->len - skb->data_len;
	__u64 bits;

	e->dns_size = skb->len;
	if (len > REPLY_READ)
		len = REPLY_READ;
	BOUND(len);
	if (len > REPLY_READ || bpf_probe_read_kernel(s->path, len, skb->data))
		len = 0;
	question_put(s, 0, len);
	e->dns_rcode = e->dns_flags & 15;
	bits = bytes_put(s, launder(s, s->path), len);
	if (len < e->dns_size)
		bits |= (__u64)WEIR_STR_TRUNCATED << 32;
	e->dns_message = str_of(bits);
}

/* Who only looks (MSG_PEEK) tells a negative length, or holds the message twice. */
static __always_inline bool is_peek(const struct sk_buff *skb, int len)
{
	return len < 0 || (!len && skb->users.refs.counter > 1);
}

SEC("fentry/skb_consume_udp")
int on_skb_consume_udp(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	const struct sk_buff *skb = (void *)ctx[1];
	struct weir_dns_reply *e;
	__be16 ports[2], head[2];
	struct scratch *s;

	if (!type_enabled(WEIR_EV_dns_reply) || is_peek(skb, ctx[2]))
		return 0;
	if (bpf_probe_read_kernel(ports, sizeof(ports), skb->head + skb->transport_header) ||
	    port_of(ports[0]) != DNS_PORT || skb->len < DNS_HEAD)
		return 0;
	if (skb->len - skb->data_len >= sizeof(head) &&
	    !bpf_probe_read_kernel(head, sizeof(head), skb->data) &&
	    !(port_of(head[1]) & DNS_REPLY))
		return 0;
	s = op_begin(WEIR_EV_dns_reply, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->family = sk->__sk_common.skc_family;
	e->socktype = sk->sk_type;
	e->protocol = sk->sk_protocol;
	e->direction = WEIR_DIR_INBOUND;
	ends_of(e, skb, ports);
	reply_fill(s, skb);
	op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	return 0;
}
