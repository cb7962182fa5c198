/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner of the plugin `scrub`: arguments, environment, lines, with the plugin's
 * own words. The first byte has the flags of the text and the class of the name that
 * it is the value of; what follows is the text. What is hidden lies in the text, in
 * order, without a NUL; all else stays; the result is not longer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/scrub/secret.h"
#include "../../plugins/scrub/testwords.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct secretkeys keys;

static void must(int cond)
{
	if (!cond)
		abort();
}

static uint32_t hide(const uint8_t *p, uint32_t len, uint8_t how, uint8_t *out)
{
	uint32_t done = 0, n = 0, masked;
	struct secret_range r = { 0 };
	struct secret_scan s;

	secret_begin(&s, &keys, p, len, how & 3u, (how >> 2) % 5u);
	while (secret_next(&s, &r)) {
		must(r.len && r.off >= done && r.off < len && r.len <= len - r.off);
		must(!memchr(p + r.off, 0, r.len));
		must(s.at >= r.off + r.len && s.at <= len);
		memcpy(out + n, p + done, r.off - done);
		n += r.off - done;
		masked = secret_mask(&r, p, out + n);
		must(masked && masked <= r.len);
		n += masked;
		done = r.off + r.len;
	}
	memcpy(out + n, p + done, len - done);
	return n + len - done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *text, *once, *twice;
	uint32_t len, n;

	if (!keys.n)
		testwords_init(&keys);
	if (!size || size > WEIR_REC_MAX)
		return 0;
	/* On the heap without a byte more, so that a look beyond the end is seen. */
	len = (uint32_t)size - 1;
	text = malloc(len);
	once = malloc(len);
	twice = malloc(len);
	must(!len || (text && once && twice));
	if (len) {
		memcpy(text, data + 1, len);
		n = hide(text, len, data[0], once);
		must(n <= len && hide(once, n, data[0], twice) <= n);
	}
	free(text);
	free(once);
	free(twice);
	return 0;
}
