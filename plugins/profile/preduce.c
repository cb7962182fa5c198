/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is looked at component by component. What a component may lose depends on
 * where it is: numbers below /proc, numbers of devices below /sys and /dev, random
 * names in folders for temporary files; ids of 32 and more hex digits anywhere.
 */
#include "preduce.h"

#include <string.h>

#define ID_LEN		32u	/* hex digits */
#define TOKEN_LEN	6u	/* characters of a random name */
#define LITERAL_LEN	3u	/* letters that a template has to keep */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool is_number(const char *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && is_digit(p[i]); i++)
		;
	return n && i == n;
}

static bool is(const char *p, uint32_t n, const char *word)
{
	return n == strlen(word) && !memcmp(p, word, n);
}

static bool begins(const char *p, uint32_t n, const char *word)
{
	return n >= strlen(word) && !memcmp(p, word, strlen(word));
}

static uint32_t star(char *out)
{
	*out = '*';
	return 1;
}

static uint32_t copy(char *out, const char *p, uint32_t n)
{
	memmove(out, p, n);
	return n;
}

/* ---- ids anywhere ----------------------------------------------------------------*/

/* Bytes of the id at p: hex digits, or a UUID with - or _ in it; 0: none. */
static uint32_t id_at(const char *p, uint32_t n)
{
	uint32_t i, hex = 0, digits = 0;

	for (i = 0; i < n; i++) {
		if (is_hex(p[i])) {
			hex++;
			digits += is_digit(p[i]);
		} else if ((p[i] != '-' && p[i] != '_') || hex >= ID_LEN || hex < 8 ||
			   (hex - 8) % 4) {
			break;
		}
	}
	return hex >= ID_LEN && digits ? i : 0;
}

static uint32_t reduce_ids(const char *p, uint32_t n, char *out)
{
	uint32_t i = 0, o = 0, id;

	while (i < n) {
		id = id_at(p + i, n - i);
		if (id) {
			o += star(out + o);
			i += id;
		} else {
			out[o++] = p[i++];
		}
	}
	return o;
}

/* ---- templates ---------------------------------------------------------------------*/

static bool is_separator(char c)
{
	return c == '-' || c == '.' || c == '_' || c == ':' || c == '@' || c == '=' || c == ',';
}

/* A run of letters and digits between separators. */
static uint32_t token_len(const char *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && !is_separator(p[i]); i++)
		;
	return i;
}

/* Digits within letters, or capitals within: as no word is written. */
static bool is_random(const char *p, uint32_t n)
{
	uint32_t i, digits = 0, letters = 0, inner = 0;

	for (i = 0; i < n; i++) {
		digits += is_digit(p[i]);
		letters += is_letter(p[i]);
		inner += i && is_upper(p[i]) && is_letter(p[i - 1]) && !is_upper(p[i - 1]);
	}
	return n >= TOKEN_LEN && digits + letters == n && letters && (digits || inner > 1);
}

static uint32_t digits_len(const char *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && is_digit(p[i]); i++)
		;
	return i;
}

/* Runs of digits in it become a *. */
static uint32_t reduce_digits(const char *p, uint32_t n, char *out, bool *varies)
{
	uint32_t i = 0, o = 0, run;

	while (i < n) {
		run = digits_len(p + i, n - i);
		if (run) {
			o += star(out + o);
			i += run;
			*varies = true;
		} else {
			out[o++] = p[i++];
		}
	}
	return o;
}

static uint32_t literals(const char *p, uint32_t n)
{
	uint32_t i, k = 0;

	for (i = 0; i < n; i++)
		k += is_letter(p[i]);
	return k;
}

/* 0: nothing varies, or fewer than `least` letters stay. */
static uint32_t make_template(const char *name, uint32_t len, uint32_t least, char *out)
{
	uint32_t i = 0, o = 0, n;
	bool varies = false;

	while (i < len) {
		n = token_len(name + i, len - i);
		if (n && is_random(name + i, n)) {
			o += star(out + o);
			varies = true;
		} else if (n) {
			o += reduce_digits(name + i, n, out + o, &varies);
		} else {
			out[o++] = name[i];
			n = 1;
		}
		i += n;
	}
	return varies && literals(out, o) >= least ? o : 0;
}

uint32_t preduce_template(const char *name, uint32_t len, char *out)
{
	return make_template(name, len, LITERAL_LEN, out);
}

/* ---- where a component is ----------------------------------------------------------*/

struct walk {
	const char *out;	/* what is before it, reduced */
	uint32_t len;
	uint32_t own_pid;
	bool last;
};

static bool below(const struct walk *w, const char *dir)
{
	size_t n = strlen(dir);

	return begins(w->out, w->len, dir) && (w->len == n || w->out[n] == '/');
}

static uint64_t number_of(const char *p, uint32_t n)
{
	uint64_t v = 0;

	for (; n && v <= UINT32_MAX; n--)
		v = v * 10 + (uint64_t)(*p++ - '0');
	return v;
}

static uint32_t reduce_proc(const struct walk *w, const char *p, uint32_t n, char *out)
{
	bool top = is(w->out, w->len, "/proc");

	if (!is_number(p, n))
		return 0;
	if (top && w->own_pid && number_of(p, n) == w->own_pid)
		return copy(out, "self", 4);
	return star(out);
}

/* loop0, dm-1, tty3: the number is that of a device. */
static uint32_t reduce_device(const char *p, uint32_t n, char *out)
{
	static const char *const names[] = { "loop", "dm-", "pts" };
	uint32_t i, k;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		k = (uint32_t)strlen(names[i]);
		if (begins(p, n, names[i]) && is_number(p + k, n - k)) {
			k = copy(out, p, k);
			return k + star(out + k);
		}
	}
	return is_number(p, n) ? star(out) : 0;
}

static bool is_temporary(const struct walk *w)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp", "/dev/shm" };
	uint32_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (below(w, dirs[i]))
			return true;
	return false;
}


/* Data of a Kubernetes volume: ..2024_01_02_03_04_05.123456789. */
static bool is_volume_date(const char *p, uint32_t n)
{
	return n > 10 && p[0] == '.' && p[1] == '.' && is_number(p + 2, 4) && p[6] == '_';
}

static uint32_t reduce(const struct walk *w, const char *p, uint32_t n, unsigned flags, char *out)
{
	uint32_t o = 0;

	if (w->last && flags & PREDUCE_EXACT)
		return copy(out, p, n);
	if (below(w, "/proc"))
		o = reduce_proc(w, p, n, out);
	else if (below(w, "/sys") || below(w, "/dev/pts") || is(w->out, w->len, "/dev"))
		o = reduce_device(p, n, out);
	else if (w->last && is_temporary(w))
		o = make_template(p, n, 0, out);
	if (!o && is_volume_date(p, n))
		o = copy(out, "..*", 3);
	return o ? o : reduce_ids(p, n, out);
}

/* ---- paths ---------------------------------------------------------------------------*/

static uint32_t component_len(const char *p, uint32_t n)
{
	const char *end = memchr(p, '/', n);

	return end ? (uint32_t)(end - p) : n;
}

static bool is_last(const char *p, uint32_t n)
{
	while (n && *p == '/')
		p++, n--;
	return !n;
}

uint32_t preduce_path(const char *path, uint32_t len, uint32_t own_pid, unsigned flags, char *out)
{
	struct walk w = { .out = out, .own_pid = own_pid };
	uint32_t i = 0, n;

	while (i < len) {
		if (path[i] == '/') {
			i++;
			continue;
		}
		n = component_len(path + i, len - i);
		w.last = is_last(path + i + n, len - i - n);
		out[w.len] = '/';
		/* The text before is still w.len bytes: the / comes with the component. */
		w.len += 1 + reduce(&w, path + i, n, flags, out + w.len + 1);
		i += n;
	}
	return w.len;
}

/* ---- arguments ------------------------------------------------------------------------*/

/* An option's name: up to =, or to where digits begin. */
static uint32_t option_len(const char *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && p[i] != '=' && !is_digit(p[i]); i++)
		;
	return i;
}

uint32_t preduce_args(const char *args, uint32_t len, char out[PREDUCE_ARGS])
{
	uint32_t i = 0, o = 0, n, k;
	bool was_star = false, is_star;

	/* Behind the program's own name. */
	for (i = (uint32_t)strnlen(args, len) + 1; i < len; i += n + 1) {
		n = (uint32_t)strnlen(args + i, len - i);
		is_star = args[i] != '-';
		k = is_star ? 1 : option_len(args + i, n);
		if (is_star && was_star)
			continue;
		if (o + k + 1 > PREDUCE_ARGS)
			break;
		if (o)
			out[o++] = ' ';
		o += is_star ? star(out + o) : copy(out + o, args + i, k);
		was_star = is_star;
	}
	return o;
}

/* ---- names -----------------------------------------------------------------------------*/

uint32_t preduce_dns(const char *name, uint32_t len, unsigned labels, char out[255])
{
	uint32_t from = len, i;

	while (from && (!labels || name[from - 1] != '.' || --labels))
		from--;
	if (len - from > 255)
		from = len - 255;
	for (i = from; i < len; i++)
		out[i - from] = is_upper(name[i]) ? (char)(name[i] - 'A' + 'a') : name[i];
	return len - from;
}
