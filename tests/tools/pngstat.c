/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: pngstat FILE [X Y]...
 * Prints of a picture its width, height, number of different colours, and how many of a
 * thousand pixels have the most frequent of them; then the colour of each pixel that is
 * named, as #rrggbb. Takes what browsers write: eight bits, with or without alpha, not interlaced.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PIXELS_MAX	(1u << 24)

struct picture {
	uint32_t width, height;
	unsigned n;		/* bytes of a pixel: 3 or 4 */
	uint8_t *packed;
	size_t packed_len;
	uint8_t *lines;		/* each begins with the number of its filter */
};

static void fail(const char *what)
{
	fprintf(stderr, "pngstat: %s\n", what);
	exit(2);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void take_head(struct picture *x, const uint8_t *p, uint32_t len)
{
	if (len != 13 || p[8] != 8 || (p[9] != 2 && p[9] != 6) || p[12])
		fail("this kind of PNG is not known");
	x->width = be32(p);
	x->height = be32(p + 4);
	x->n = p[9] == 2 ? 3 : 4;
	if (!x->width || !x->height || (uint64_t)x->width * x->height > PIXELS_MAX)
		fail("it is too large");
}

static void take_data(struct picture *x, const uint8_t *p, uint32_t len)
{
	x->packed = realloc(x->packed, x->packed_len + len + 1);
	if (!x->packed)
		fail("out of memory");
	memcpy(x->packed + x->packed_len, p, len);
	x->packed_len += len;
}

static void read_file(struct picture *x, const char *path)
{
	uint8_t head[8], *body;
	FILE *f = fopen(path, "r");
	uint32_t len;

	if (!f || fread(head, 1, 8, f) != 8 || memcmp(head, "\x89PNG\r\n\x1a\n", 8))
		fail("it is no PNG");
	while (fread(head, 1, 8, f) == 8) {
		len = be32(head);
		body = len < 1u << 28 ? malloc(len + 4) : NULL;
		if (!body || fread(body, 1, len + 4, f) != len + 4)
			fail("it ends too early");
		if (!memcmp(head + 4, "IHDR", 4))
			take_head(x, body, len);
		else if (!memcmp(head + 4, "IDAT", 4))
			take_data(x, body, len);
		free(body);
	}
	fclose(f);
}

static void unpack(struct picture *x)
{
	uLongf len = ((uLongf)x->width * x->n + 1) * x->height, want = len;

	x->lines = malloc(len + 1);
	if (!x->lines || !x->width ||
	    uncompress(x->lines, &len, x->packed, x->packed_len) != Z_OK || len != want)
		fail("its pixels cannot be read");
}

static int paeth(int a, int b, int c)
{
	int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);

	return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

static void unfilter_line(uint8_t *line, const uint8_t *above, size_t len, unsigned n)
{
	int a, b, c;
	size_t i;

	for (i = 1; i < len; i++) {
		a = i > n ? line[i - n] : 0;
		b = above ? above[i] : 0;
		c = above && i > n ? above[i - n] : 0;
		switch (line[0]) {
		case 0: break;
		case 1: line[i] = (uint8_t)(line[i] + a); break;
		case 2: line[i] = (uint8_t)(line[i] + b); break;
		case 3: line[i] = (uint8_t)(line[i] + (a + b) / 2); break;
		case 4: line[i] = (uint8_t)(line[i] + paeth(a, b, c)); break;
		default: fail("a filter is not known");
		}
	}
}

static uint32_t colour(const struct picture *x, uint32_t column, uint32_t line)
{
	const uint8_t *p = x->lines + (size_t)line * ((size_t)x->width * x->n + 1) + 1 +
			   (size_t)column * x->n;

	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static void print_counts(const struct picture *x)
{
	uint32_t *n = calloc(1u << 24, sizeof(*n)), i, k, c, different = 0, most = 0;

	if (!n)
		fail("out of memory");
	for (i = 0; i < x->height; i++)
		for (k = 0; k < x->width; k++) {
			c = colour(x, k, i);
			different += !n[c]++;
			most = n[c] > most ? n[c] : most;
		}
	printf("%u %u %u %u\n", x->width, x->height, different,
	       (unsigned)((uint64_t)most * 1000 / x->width / x->height));
	free(n);
}

int main(int argc, char **argv)
{
	struct picture x = { 0 };
	unsigned long column, line;
	uint8_t *above = NULL;
	size_t len;
	uint32_t i;
	int k;

	if (argc < 2 || argc % 2)
		fail("FILE [X Y]...");
	read_file(&x, argv[1]);
	unpack(&x);
	len = (size_t)x.width * x.n + 1;
	for (i = 0; i < x.height; i++) {
		unfilter_line(x.lines + i * len, above, len, x.n);
		above = x.lines + i * len;
	}
	print_counts(&x);
	for (k = 2; k < argc; k += 2) {
		column = strtoul(argv[k], NULL, 10);
		line = strtoul(argv[k + 1], NULL, 10);
		if (column >= x.width || line >= x.height)
			fail("there is no such pixel");
		printf("#%06x\n", (unsigned)colour(&x, (uint32_t)column, (uint32_t)line));
	}
	free(x.lines);
	free(x.packed);
	return 0;
}
