/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of weird. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "settings.h"
#include "source/source_bpf.h"
#include "util/abihash.h"

enum action {
	ACT_RUN, ACT_CHECK, ACT_CHECK_KERNEL, ACT_SCHEMA, ACT_FIELDS, ACT_OPTIONS,
	ACT_VERSION, ACT_HELP, ACT_ERROR
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'C' },
	{ "check-kernel", no_argument, NULL, 'K' },
	{ "replay", required_argument, NULL, 'r' },
	{ "realtime", no_argument, NULL, 't' },
	{ "record", required_argument, NULL, 'w' },
	{ "schema", no_argument, NULL, 'S' },
	{ "fields", no_argument, NULL, 'F' },
	{ "options", no_argument, NULL, 'O' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static void usage(FILE *f)
{
	fprintf(f,
		"usage: weird [-c FILE] [--replay FILE [--realtime]] [--record FILE] [-v]\n"
		"       weird [-c FILE] --check | --schema | --fields\n"
		"       weird --check-kernel | --options | --version | --help\n"
		"\n"
		"Watches processes, files and sockets through BPF and writes events as the\n"
		"configuration says, by default as JSON lines on standard output.\n"
		"\n"
		"  -c, --config FILE  configuration (%s/weir.conf)\n"
		"  --check            check the configuration and the plugins it names; start nothing\n"
		"  --check-kernel     say for each event type which hooks this kernel offers\n"
		"  --replay FILE      read a capture instead of the kernel; - is standard input\n"
		"  --realtime         replay at the pace at which it was recorded\n"
		"  --record FILE      also write the raw records to a new capture\n"
		"  --schema           print the JSON Schema of the configured chain's output\n"
		"  --fields           print the reference of all event types and fields\n"
		"  --options          print the core's settings with types and defaults\n"
		"  -v, --verbose      log everything\n"
		"\n"
		"Exit status: 0 done; 1 failed while running; 2 wrong configuration or usage;\n"
		"3 this kernel, or the lack of privilege, does not let it run.\n",
		WEIR_SYSCONFDIR);
}

static enum action parse(int argc, char **argv, struct daemon_conf *conf)
{
	enum action act = ACT_RUN;
	int o;

	while ((o = getopt_long(argc, argv, "c:vVh", long_options, NULL)) != -1) {
		switch (o) {
		case 'c': conf->config = optarg; break;
		case 'r': conf->replay = optarg; break;
		case 'w': conf->record = optarg; break;
		case 't': conf->realtime = true; break;
		case 'v': conf->verbose = true; break;
		case 'C': act = ACT_CHECK; break;
		case 'K': act = ACT_CHECK_KERNEL; break;
		case 'S': act = ACT_SCHEMA; break;
		case 'F': act = ACT_FIELDS; break;
		case 'O': act = ACT_OPTIONS; break;
		case 'V': act = ACT_VERSION; break;
		case 'h': act = ACT_HELP; break;
		default: return ACT_ERROR;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "weird: unexpected argument \"%s\"\n", argv[optind]);
		return ACT_ERROR;
	}
	if (conf->realtime && !conf->replay) {
		fprintf(stderr, "weird: --realtime goes with --replay\n");
		return ACT_ERROR;
	}
	return act;
}

/*
 * A standard stream that is closed stays so: no descriptor of ours may come in
 * its place, for somebody will write to it. One that only names a folder fails
 * as a closed one does.
 */
static void streams_keep(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH | O_CLOEXEC) < 0)
			exit(DAEMON_FAILED);
}

int main(int argc, char **argv)
{
	struct daemon_conf conf = { .config = WEIR_SYSCONFDIR "/weir.conf" };

	streams_keep();
	switch (parse(argc, argv, &conf)) {
	case ACT_RUN:
		return daemon_run(&conf);
	case ACT_CHECK:
		return daemon_check(&conf);
	case ACT_CHECK_KERNEL:
		return source_bpf_report(stdout) ? DAEMON_REFUSED : DAEMON_OK;
	case ACT_SCHEMA:
		return daemon_schema(&conf);
	case ACT_FIELDS:
		return daemon_fields(&conf);
	case ACT_OPTIONS:
		settings_describe(stdout);
		return DAEMON_OK;
	case ACT_VERSION:
		printf("weird %s (plugin ABI %d.%d, records %016llx)\n", WEIR_VERSION,
		       WEIR_ABI_MAJOR, WEIR_ABI_MINOR, (unsigned long long)weir_abi_hash());
		return DAEMON_OK;
	case ACT_HELP:
		usage(stdout);
		return DAEMON_OK;
	default:
		usage(stderr);
		return DAEMON_CONFIG;
	}
}
