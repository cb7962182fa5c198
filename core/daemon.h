/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor as a whole: configuration to running chain and back. */
#pragma once

#include <stdbool.h>

struct daemon_conf {
	const char *config;	/* path of the main file */
	const char *replay;	/* capture to read instead of the kernel; NULL */
	const char *record;	/* capture to write; NULL */
	bool realtime;		/* replay at the pace of the records */
	bool verbose;
};

/* Exit statuses of weird. */
enum daemon_status {
	DAEMON_OK,
	DAEMON_FAILED,		/* while running */
	DAEMON_CONFIG,		/* configuration or command line */
	DAEMON_REFUSED,		/* the kernel does not let it run; the last line says why */
};

/* All errors of the configuration are logged; nothing is opened or started. */
int daemon_check(const struct daemon_conf *conf);
/* Until a signal, the end of the replay or of all readers. */
int daemon_run(const struct daemon_conf *conf);
/* Prints about all fields of the configured chain: JSON Schema, manual. */
int daemon_schema(const struct daemon_conf *conf);
int daemon_fields(const struct daemon_conf *conf);
