/* SPDX-License-Identifier: Apache-2.0 */
/* A function for each form that data have; what they hold is not judged. */
#include "dnsdata.h"

#include <arpa/inet.h>

struct data {
	const uint8_t *msg;
	size_t at, end;
};

static unsigned short_take(struct data *d)
{
	unsigned v = (unsigned)d->msg[d->at] << 8 | d->msg[d->at + 1];

	d->at += 2;
	return v;
}

static bool has(const struct data *d, size_t n)
{
	return d->end - d->at >= n;
}

static enum dnsname_result address_put(struct dnsbuf *b, struct data *d, int family, size_t n)
{
	char text[INET6_ADDRSTRLEN];

	if (d->end - d->at != n || !inet_ntop(family, d->msg + d->at, text, sizeof(text)))
		return DNSNAME_BAD;
	dnsbuf_print(b, "%s", text);
	d->at = d->end;
	return DNSNAME_OK;
}

/* A name that does not go beyond the data is bad if it has no end. */
static enum dnsname_result name_put(struct dnsbuf *b, struct data *d)
{
	return dnsname_put(b, d->msg, d->end, d->at, &d->at) ? DNSNAME_BAD : DNSNAME_OK;
}

/* `n` numbers, then a name: MX, SRV. */
static enum dnsname_result preferred_put(struct dnsbuf *b, struct data *d, unsigned n)
{
	if (!has(d, n * 2))
		return DNSNAME_BAD;
	while (n--)
		dnsbuf_print(b, "%u ", short_take(d));
	return name_put(b, d);
}

static enum dnsname_result soa_put(struct dnsbuf *b, struct data *d)
{
	unsigned i, high;

	if (name_put(b, d))
		return DNSNAME_BAD;
	dnsbuf_byte(b, ' ');
	if (name_put(b, d) || !has(d, 20))
		return DNSNAME_BAD;
	for (i = 0; i < 5; i++) {
		high = short_take(d);
		dnsbuf_print(b, " %u", high << 16 | short_take(d));
	}
	return DNSNAME_OK;
}

static void quoted_put(struct dnsbuf *b, const uint8_t *p, uint8_t n)
{
	dnsbuf_byte(b, '"');
	for (; n; n--, p++) {
		if (*p == '"' || *p == '\\')
			dnsbuf_byte(b, '\\');
		if (*p >= ' ' && *p < 127)
			dnsbuf_byte(b, (char)*p);
		else
			dnsbuf_print(b, "\\%03u", *p);
	}
	dnsbuf_byte(b, '"');
}

static enum dnsname_result strings_put(struct dnsbuf *b, struct data *d)
{
	const char *before = "";
	uint8_t n;

	if (d->at == d->end)
		return DNSNAME_BAD;
	while (d->at < d->end) {
		n = d->msg[d->at++];
		if (!has(d, n))
			return DNSNAME_BAD;
		dnsbuf_print(b, "%s", before);
		quoted_put(b, d->msg + d->at, n);
		d->at += n;
		before = " ";
	}
	return DNSNAME_OK;
}

static enum dnsname_result unknown_put(struct dnsbuf *b, struct data *d)
{
	dnsbuf_print(b, "\\# %zu%s", d->end - d->at, d->at < d->end ? " " : "");
	while (d->at < d->end)
		dnsbuf_print(b, "%02x", d->msg[d->at++]);
	return DNSNAME_OK;
}

static enum dnsname_result by_type(struct dnsbuf *b, struct data *d, uint16_t type)
{
	switch (type) {
	case DNS_A:
		return address_put(b, d, AF_INET, 4);
	case DNS_AAAA:
		return address_put(b, d, AF_INET6, 16);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
	case DNS_DNAME:
		return name_put(b, d);
	case DNS_MX:
		return preferred_put(b, d, 1);
	case DNS_SRV:
		return preferred_put(b, d, 3);
	case DNS_SOA:
		return soa_put(b, d);
	case DNS_TXT:
	case DNS_SPF:
		return strings_put(b, d);
	default:
		return unknown_put(b, d);
	}
}

enum dnsname_result dnsdata_put(struct dnsbuf *b, const uint8_t *msg, size_t at, size_t end,
				uint16_t type, uint16_t class)
{
	struct data d = { msg, at, end };
	enum dnsname_result r;

	r = class == DNS_CLASS_IN ? by_type(b, &d, type) : unknown_put(b, &d);
	if (!r && d.at != d.end)
		r = DNSNAME_BAD;
	return r;
}
