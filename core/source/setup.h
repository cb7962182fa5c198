/* SPDX-License-Identifier: Apache-2.0 */
/* From settings to loaded BPF programs, none of them attached yet. */
#pragma once

struct kernel_facts;
struct source_bpf_conf;
struct weir_skel;

/*
 * Opens and loads the object with what this kernel has of what `conf` wants.
 * Programs that it refuses are logged and left out. 0 and the skeleton, which
 * the caller destroys; or a negative errno.
 */
int setup_load(const struct source_bpf_conf *conf, const struct kernel_facts *facts,
	       struct weir_skel **out);
/* Until all programs that run now have returned. 0 or a negative errno. */
int programs_wait(void);
