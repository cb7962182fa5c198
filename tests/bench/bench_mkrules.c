/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shares are about those of the public Linux rules: most name some programs and parts
 * of their command lines, some leave out what is usual, a tenth has a regular expression
 * or wildcards inside.
 */
#include "bench_mkrules.h"

#include <string.h>

#include "util/macros.h"

static const char *const tools[] = { "bash", "sh", "dash", "python3", "perl", "curl", "wget", "nc",
	"ncat", "socat", "openssl", "base64", "chmod", "chattr", "crontab", "at", "systemctl",
	"iptables", "nft", "ip", "ssh", "scp", "rsync", "tar", "gzip", "dd", "find", "grep", "awk",
	"sed", "cat", "tee", "touch", "cp", "mv", "rm", "ln", "mount", "umount", "nohup", "screen",
	"tmux", "docker", "kubectl", "runc", "gcc", "make", "git", "vim", "php", "ruby", "node", "java",
	"useradd", "usermod", "groupadd", "passwd", "sudo", "su", "pkexec", "insmod", "modprobe",
	"rmmod", "kmod", "sysctl", "dmesg", "journalctl", "logger", "hostname", "whoami", "id", "ps",
	"ss", "netstat", "nmap", "tcpdump", "strace", "gdb", "xwd", "xclip", "esxcli", "apt", "dpkg" };
static const char *const syllables[] = { "ba", "con", "de", "ex", "fi", "ga", "hos", "in", "ker",
	"lo", "mon", "net", "or", "pro", "qu", "re", "ser", "tem", "un", "ver", "wor", "xa", "yum",
	"zip", "ar", "bi", "cat", "dom", "en", "for", "gen", "hi" };

static uint64_t state;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) * n >> 31);
}

#define PICK(array)	((array)[below(ARRAY_LEN(array))])

static void put_word(FILE *to)
{
	uint32_t n = 2 + below(3);

	while (n--)
		fputs(PICK(syllables), to);
}

/* A part of a command line: an option, a path, an assignment, a word or two. */
static void put_part(FILE *to)
{
	static const char *const begins[] = { " -", " --", "/tmp/", "/etc/", "/dev/", "", "", " ", ".",
		"/var/", "http://", "| " };
	static const char *const joints[] = { " ", "=", "/", "-", ".", ":" };

	fputs(PICK(begins), to);
	put_word(to);
	if (below(2)) {
		fputs(PICK(joints), to);
		put_word(to);
	}
}

static void put_list(FILE *to, const char *before, void (*one)(FILE *), uint32_t n)
{
	while (n--) {
		fprintf(to, "      - '%s", before);
		one(to);
		fputs("'\n", to);
	}
}

static void put_tool(FILE *to)
{
	fputs(PICK(tools), to);
}

static void put_regex(FILE *to)
{
	put_word(to);
	fputs("\\s+-[a-z]+\\s+/?", to);
	put_word(to);
}

static void put_glob(FILE *to)
{
	fputs("*", to);
	put_part(to);
	fputs("*", to);
	put_part(to);
	fputs("*", to);
}

static void put_images(FILE *to)
{
	fputs("  image:\n    Image|endswith:\n", to);
	put_list(to, "/", put_tool, 1 + below(3));
}

static void put_rule(FILE *to, uint32_t i)
{
	uint32_t kind = below(20);

	fprintf(to, "---\ntitle: Rule %u\nlogsource: { category: process_creation, product: linux }\n"
		"detection:\n", i);
	if (kind < 12)
		put_images(to);
	if (kind < 15) {
		fprintf(to, "  line:\n    CommandLine|contains%s:\n", kind % 3 ? "" : "|all");
		put_list(to, "", put_part, 1 + below(4));
	} else if (kind < 18) {
		fputs("  line:\n    CurrentDirectory|startswith: '/tmp'\n    CommandLine|contains:\n", to);
		put_list(to, "", put_part, 2 + below(8));
	} else {
		fputs(kind == 18 ? "  line:\n    CommandLine|re:\n" : "  line:\n    CommandLine:\n", to);
		put_list(to, "", kind == 18 ? put_regex : put_glob, 1);
	}
	if (kind < 3) {
		fputs("  usual:\n    CommandLine|contains:\n", to);
		put_list(to, "", put_part, 1 + below(2));
	}
	fprintf(to, "  condition: %sline%s\n", kind < 12 ? "image and " : "",
		kind < 3 ? " and not usual" : "");
}

void bench_mkrules(FILE *to, uint32_t n)
{
	uint32_t i;

	state = 1;
	for (i = 0; i < n; i++)
		put_rule(to, i);
}

void bench_mkargs(char *out, uint32_t len)
{
	char text[4096];
	FILE *to = fmemopen(text, sizeof(text), "w");
	uint32_t i;

	state = 2;
	MUST(to);
	fputs("python3 -c import", to);
	for (i = 0; i < 40; i++)
		put_part(to);
	fclose(to);
	for (i = 0; i < len; i++)
		out[i] = text[i] == ' ' ? 0 : text[i];
	out[len] = 0;
}
