/* SPDX-License-Identifier: Apache-2.0 */
/* Reads names: labels, and pointers to labels. */
#include "dnsname.h"

#include <stdbool.h>

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static void label_put(struct dnsbuf *b, const uint8_t *p, uint8_t n)
{
	for (; n; n--, p++) {
		if (is_plain(*p)) {
			dnsbuf_byte(b, (char)*p);
			continue;
		}
		dnsbuf_byte(b, '\\');
		dnsbuf_byte(b, (char)('0' + *p / 100));
		dnsbuf_byte(b, (char)('0' + *p / 10 % 10));
		dnsbuf_byte(b, (char)('0' + *p % 10));
	}
}

/* Where a name goes on, and what it has taken so far. */
struct walk {
	size_t at;
	size_t start;	/* of the labels that are being read */
	size_t next;	/* behind the name, 0: no pointer yet */
	size_t wire;
};

static enum dnsname_result pointer_follow(struct walk *w, const uint8_t *msg, size_t len)
{
	size_t to;

	if (w->at + 2 > len)
		return DNSNAME_SHORT;
	to = (size_t)(msg[w->at] & 63) << 8 | msg[w->at + 1];
	if (to >= w->start)
		return DNSNAME_BAD;
	if (!w->next)
		w->next = w->at + 2;
	w->at = w->start = to;
	return DNSNAME_OK;
}

static enum dnsname_result label_read(struct walk *w, struct dnsbuf *b, const uint8_t *msg,
				      size_t len)
{
	uint8_t n = msg[w->at];

	if (n > 63)
		return DNSNAME_BAD;
	if (w->at + 1 + n > len)
		return DNSNAME_SHORT;
	/* The byte that ends the name needs room besides. */
	if (w->wire + 1 + n >= DNSNAME_WIRE)
		return DNSNAME_BAD;
	if (w->wire)
		dnsbuf_byte(b, '.');
	label_put(b, msg + w->at + 1, n);
	w->wire += 1u + n;
	w->at += 1u + n;
	return DNSNAME_OK;
}

enum dnsname_result dnsname_put(struct dnsbuf *b, const uint8_t *msg, size_t len, size_t at,
				size_t *next)
{
	struct walk w = { .at = at, .start = at };
	enum dnsname_result r = DNSNAME_OK;

	while (!r) {
		if (w.at >= len)
			return DNSNAME_SHORT;
		if (!msg[w.at])
			break;
		r = msg[w.at] >= 0xc0 ? pointer_follow(&w, msg, len) :
					label_read(&w, b, msg, len);
	}
	if (r)
		return r;
	if (!w.wire)
		dnsbuf_byte(b, '.');
	*next = w.next ? w.next : w.at + 1;
	return DNSNAME_OK;
}
