/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's names of SIDs. */
#include "sidmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void sidmap_fini(struct sidmap *m)
{
	free(m->rows);
	free(m->text);
	memset(m, 0, sizeof(*m));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* What would not go into a log as it is. */
static bool is_plain(const char *p, size_t n)
{
	uint32_t c = 0;
	size_t len;

	for (; n; p += len, n -= len) {
		len = utf8_get((const uint8_t *)p, n, &c);
		if (!len || c < ' ' || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

/* Without blanks and comments: nothing, or a SID and a name. */
static const char *parse_line(struct sid_name *row, char *line, size_t n, bool *empty)
{
	uint8_t memory[128] __attribute__((aligned(8)));
	struct acl_arena a = { memory, sizeof(memory), 0, false };
	struct acl_context none = { 0 };
	struct sid sid;
	size_t used = 0;

	while (n && is_blank(line[n - 1]))
		n--;
	for (; n && is_blank(*line); n--)
		line++;
	*empty = !n || *line == '#';
	if (*empty)
		return NULL;
	if (n < 4 || memcmp(line, "S-1-", 4) || !sid_parse(line, n, &none, &a, &sid, &used))
		return "a line does not begin with a SID";
	if (used == n || !is_blank(line[used]))
		return "a SID without a name";
	while (used < n && is_blank(line[used]))
		used++;
	if (n - used > UINT8_MAX || !is_plain(line + used, n - used))
		return "a name is too long or no text";
	row->size = (uint8_t)(8 + 4u * sid.p[1]);
	memcpy(row->sid, sid.p, row->size);
	row->name = line + used;
	row->len = (uint8_t)(n - used);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct sid_name *x = a, *y = b;

	return sid_name_compare(x, y->sid, y->size);
}

int sidmap_parse(struct sidmap *m, char *text, size_t n, const char **why)
{
	size_t lines = 1, i, at, end;
	int line = 0;
	bool empty;

	memset(m, 0, sizeof(*m));
	m->text = text;
	for (i = 0; i < n; i++)
		lines += text[i] == '\n';
	lines = lines < SIDMAP_MAX_NAMES ? lines : SIDMAP_MAX_NAMES;
	m->rows = calloc(lines, sizeof(*m->rows));
	*why = m->rows ? NULL : "out of memory";
	for (at = 0; at < n && !*why; at = end + 1) {
		for (end = at; end < n && text[end] != '\n'; end++)
			;
		line++;
		if (m->names.n == SIDMAP_MAX_NAMES) {
			*why = "more than 65536 names";
			break;
		}
		*why = parse_line(&m->rows[m->names.n], text + at, end - at, &empty);
		m->names.n += !*why && !empty;
	}
	if (*why) {
		sidmap_fini(m);
		return line ? line : -ENOMEM;
	}
	qsort(m->rows, m->names.n, sizeof(*m->rows), compare);
	m->names.names = m->rows;
	return 0;
}

static ssize_t read_all(int fd, char *text, size_t cap)
{
	size_t n = 0;
	ssize_t r;

	while (n < cap) {
		r = read(fd, text + n, cap - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (!r)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

int sidmap_read(struct sidmap *m, const char *path, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	memset(m, 0, sizeof(*m));
	*why = NULL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		n = -errno;
	else if (!S_ISREG(st.st_mode))
		n = -EINVAL;
	else if (st.st_size > SIDMAP_MAX_SIZE)
		n = -EFBIG;
	else if (!(text = malloc((size_t)st.st_size + 1)))
		n = -ENOMEM;
	else
		n = read_all(fd, text, (size_t)st.st_size);
	close(fd);
	if (n >= 0)
		return sidmap_parse(m, text, (size_t)n, why);
	free(text);
	return (int)n;
}
