/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, and text that somebody else has written, into a put. */
#include "put.h"

static const char digits_text[] = "0123456789abcdef";

static void put_base(struct put *o, uint64_t u, unsigned shift, unsigned digits)
{
	char text[24], *end = text + sizeof(text), *at = end;

	do {
		*--at = digits_text[u & ((1u << shift) - 1)];
		u >>= shift;
	} while (u || (size_t)(end - at) < digits);
	put_short(o, at, (size_t)(end - at));
}

void put_part(struct put *o, const void *p)
{
	memcpy(o->p + o->len, p, o->cap - o->len);
	o->len = o->cap;
	o->full = true;
}

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

/* Most numbers here are of one digit, or of 32 bits, whose division is cheaper. */
void put_u64(struct put *o, uint64_t u)
{
	char text[20], *end = text + sizeof(text), *at = end;
	uint32_t small;

	if (u < 10) {
		put_char(o, (char)('0' + u));
		return;
	}
	for (; u > UINT32_MAX; u /= 10)
		*--at = (char)('0' + u % 10);
	for (small = (uint32_t)u; small >= 100; small /= 100)
		memcpy(at -= 2, &pairs[small % 100 * 2], 2);
	if (small >= 10)
		memcpy(at -= 2, &pairs[small * 2], 2);
	else
		*--at = (char)('0' + small);
	put_short(o, at, (size_t)(end - at));
}

void put_i64(struct put *o, int64_t i)
{
	if (i < 0)
		put_char(o, '-');
	put_u64(o, i < 0 ? 0 - (uint64_t)i : (uint64_t)i);
}

void put_hex(struct put *o, uint64_t u, unsigned digits)
{
	put_base(o, u, 4, digits);
}

void put_octal(struct put *o, uint64_t u, unsigned digits)
{
	put_base(o, u, 3, digits);
}

void put_bytes_hex(struct put *o, const uint8_t *p, size_t n)
{
	while (n--) {
		put_char(o, digits_text[*p >> 4]);
		put_char(o, digits_text[*p++ & 15]);
	}
}

void put_guid(struct put *o, const uint8_t guid[16])
{
	put_hex(o, le32(guid), 8);
	put_char(o, '-');
	put_hex(o, le16(guid + 4), 4);
	put_char(o, '-');
	put_hex(o, le16(guid + 6), 4);
	put_char(o, '-');
	put_bytes_hex(o, guid + 8, 2);
	put_char(o, '-');
	put_bytes_hex(o, guid + 10, 6);
}

/* ---- UTF-8 ---------------------------------------------------------------------*/

size_t utf8_get(const uint8_t *p, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	if (!n)
		return 0;
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	*c = p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	return *c < least[len] || *c > 0x10ffff || (*c & 0xfffff800) == 0xd800 ? 0 : len;
}

size_t utf8_len(const uint8_t *p, size_t n)
{
	uint32_t c;

	return utf8_get(p, n, &c);
}

static void put_utf8(struct put *o, uint32_t c)
{
	char text[4];
	size_t n;

	if (c < 0x80) {
		put_char(o, (char)c);
		return;
	}
	n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	text[0] = (char)((0xf00u >> n) | c >> (6 * (n - 1)));
	text[1] = (char)(0x80 | (c >> (6 * (n - 2)) & 0x3f));
	if (n > 2)
		text[2] = (char)(0x80 | (c >> (6 * (n - 3)) & 0x3f));
	if (n > 3)
		text[3] = (char)(0x80 | (c & 0x3f));
	put_mem(o, text, n);
}

void put_utf16(struct put *o, const uint8_t *p, size_t n)
{
	uint32_t c, low;
	size_t i;

	for (i = 0; i + 2 <= n; i += 2) {
		c = le16(p + i);
		if ((c & 0xf800) == 0xd800) {
			low = (c & 0x400) == 0 && i + 4 <= n ? le16(p + i + 2) : 0;
			if ((low & 0xfc00) == 0xdc00) {
				c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
				i += 2;
			} else {
				c = 0xfffd;
			}
		}
		put_utf8(o, c);
	}
}

/* ---- others' text -----------------------------------------------------------------*/

static void put_x(struct put *o, uint8_t byte)
{
	PUT(o, "\\x");
	put_bytes_hex(o, &byte, 1);
}

void put_escaped(struct put *o, const void *p, size_t n)
{
	const uint8_t *s = p;
	size_t len, i;
	uint32_t c = 0;

	for (; n; s += len, n -= len) {
		len = utf8_get(s, n, &c);
		if (len && c >= ' ' && c != '"' && c != '\'' && c != '\\' &&
		    !(c >= 0x7f && c < 0xa0) && c != 0x2028 && c != 0x2029) {
			put_mem(o, s, len);
			continue;
		}
		len = len ? len : 1;
		for (i = 0; i < len; i++)
			put_x(o, s[i]);
	}
}

void put_json(struct put *o, const void *p, size_t n)
{
	const uint8_t *s = p;
	size_t len;
	uint32_t c = 0;

	put_char(o, '"');
	for (; n; s += len, n -= len) {
		len = utf8_get(s, n, &c);
		if (!len) {
			put_utf8(o, 0xfffd);
			len = 1;
		} else if (c < ' ' || (c >= 0x7f && c < 0xa0)) {
			PUT(o, "\\u");
			put_hex(o, c, 4);
		} else {
			if (c == '"' || c == '\\')
				put_char(o, '\\');
			put_mem(o, s, len);
		}
	}
	put_char(o, '"');
}

void put_tame(struct put *o, size_t begin)
{
	size_t i;

	for (i = begin; i < o->len; i++) {
		uint8_t c = (uint8_t)o->p[i], next = i + 1 < o->len ? (uint8_t)o->p[i + 1] : 0;

		if (c < ' ' || c == 0x7f)
			o->p[i] = '?';
		/* The C1 controls are two bytes. */
		if (c == 0xc2 && next >= 0x80 && next < 0xa0)
			o->p[i] = o->p[i + 1] = '?';
	}
}
