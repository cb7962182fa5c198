/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses: of sockets, and of what user space asks for. */
#pragma once

#include "weir.bpf.h"

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

/* false: of another family, or too short. */
static __always_inline bool inet_set(struct weir_ip *ip, __u32 *port,
				     const struct sockaddr_in6_ *a, __u32 len)
{
	const struct sockaddr_in_ *a4 = (void *)a;
	__u32 w[4];

	if (a->family == AF_INET) {
		ip4_set(ip, a4->addr);
	} else if (a->family == AF_INET6 && len >= 24) {
		__builtin_memcpy(w, a->addr, 16);
		ip6_set(ip, w);
		ip->scope = len >= sizeof(*a) ? a->scope : 0;
	} else {
		return false;
	}
	*port = port_of(a->port);
	return true;
}

static __always_inline void sockaddr_read(struct sockaddr_in6_ *a, __u64 addr, __u32 len)
{
	bpf_probe_read_kernel(a, len < sizeof(*a) ? sizeof(struct sockaddr_in_) :
						    sizeof(*a), (void *)addr);
}

/* An address of user space that the kernel has copied in. */
static __always_inline void addr_set(struct scratch *s, struct weir_ip *ip, __u32 *port,
				     __u64 addr, __u32 len)
{
	struct weir_connect *e = (void *)s->rec;
	struct sockaddr_in6_ a = {};

	sockaddr_read(&a, addr, len);
	if (ip && inet_set(ip, port, &a, len))
		return;
	if (a.family == AF_UNIX && len > 2 && len <= 110) {
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

static __always_inline void local_set(struct weir_ip *ip, __u32 *port, const struct sock *sk)
{
	__u32 w[4];

	*port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		bpf_core_read(w, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		ip6_set(ip, w);
	} else {
		ip4_set(ip, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	}
}

/* Only once connected. */
static __always_inline void remote_set(struct weir_ip *ip, __u32 *port, const struct sock *sk)
{
	__u32 w[4];

	*port = port_of(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		bpf_core_read(w, 16, &sk->__sk_common.skc_v6_daddr);
		ip6_set(ip, w);
	} else {
		ip4_set(ip, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	}
}

static __always_inline bool is_inet(__u32 family)
{
	return family == AF_INET || family == AF_INET6;
}
