/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an event: which of its facts are missing, cut or doubtful. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <weir/plugin.h>

enum abnormal_error {
	ABNORMAL_PATH,
	ABNORMAL_PROCESS,
	ABNORMAL_LINEAGE,
	ABNORMAL_TRUNCATED,
	ABNORMAL_UNREADABLE,
	ABNORMAL_REFUSED,
	ABNORMAL__MAX
};

extern const char *const abnormal_words[ABNORMAL__MAX];

#define ABNORMAL_FIELDS	32u

/* A field that is looked at. */
struct abnormal_field {
	struct weir_handle handle;
	char *name;
};

/* The fields that every event is asked for. */
enum abnormal_in {
	ABNORMAL_IN_TIME,
	ABNORMAL_IN_KEY,
	ABNORMAL_IN_PID,
	ABNORMAL_IN_LINEAGE,
	ABNORMAL_IN_EXE,
	ABNORMAL_IN_EXEC_FLAGS,
	ABNORMAL_IN_FILE,
	ABNORMAL_IN_FILE_FLAGS,
	ABNORMAL_IN_LOST_REASON,
	ABNORMAL_IN_LOST_COUNT,
	ABNORMAL_IN__MAX
};
extern const char *const abnormal_names[ABNORMAL_IN__MAX];

struct abnormal {
	struct weir_handle in[ABNORMAL_IN__MAX];
	struct abnormal_field fields[ABNORMAL_FIELDS];
	uint32_t n_fields;
};

/* What was found; valid as long as the event and the struct abnormal. */
struct abnormal_found {
	uint32_t errors;	/* 1 << enum abnormal_error */
	const char *path;	/* the field that leads nowhere */
	const char *path_why;
	const char *process_why;
	const char *lineage;	/* the word; not ended by a NUL */
	uint32_t lineage_len;
	uint32_t truncated, unreadable;	/* of fields[], a bit each */
	uint64_t refused;
};

/* false: nothing is. */
bool abnormal_look(const struct abnormal *a, const struct weir_event *ev,
		   struct abnormal_found *f);
