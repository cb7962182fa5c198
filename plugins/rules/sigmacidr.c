/* SPDX-License-Identifier: Apache-2.0 */
/* Networks as text. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sigmamod.h"

static bool has_host_bits(const struct sigma_cidr *c)
{
	unsigned i, whole = c->bits / 8, size = c->family == 4 ? 4 : 16;

	if (c->bits % 8 && c->addr[whole++] & 0xffu >> c->bits % 8)
		return true;
	for (i = whole; i < size; i++)
		if (c->addr[i])
			return true;
	return false;
}

/* Of an IPv4 address in IPv6 the IPv4 one, as events have it. */
static void unmap(struct sigma_cidr *c)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (c->family != 6 || c->bits < 96 || memcmp(c->addr, mapped, sizeof(mapped)))
		return;
	memmove(c->addr, c->addr + 12, 4);
	memset(c->addr + 4, 0, 12);
	c->family = 4;
	c->bits -= 96;
}

static bool read_bits(const char *text, unsigned most, uint8_t *bits)
{
	unsigned n;

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 3 ||
	    (*text == '0' && text[1]))
		return false;
	n = (unsigned)strtoul(text, NULL, 10);
	*bits = (uint8_t)n;
	return n <= most;
}

const char *sigmacidr_parse(const char *text, struct sigma_cidr *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];

	*out = (struct sigma_cidr){ 0 };
	if (len >= sizeof(addr))
		return "no address: write 10.0.0.0/8 or fe80::/10";
	memcpy(addr, text, len);
	addr[len] = 0;
	if (inet_pton(AF_INET, addr, out->addr) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, addr, out->addr) == 1)
		out->family = 6;
	else
		return "no address: write 10.0.0.0/8 or fe80::/10";
	out->bits = out->family == 4 ? 32 : 128;
	if (slash && !read_bits(slash + 1, out->bits, &out->bits))
		return "no number of bits that there is behind the slash";
	if (has_host_bits(out))
		return "an address inside of the network: clear the bits behind its prefix";
	unmap(out);
	return NULL;
}
