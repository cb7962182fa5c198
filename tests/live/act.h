/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>
#include <sys/wait.h>

struct act_op {
	const char *name;
	int (*run)(char **argv);	/* 0 or an errno */
};

extern const struct act_op act_file_ops[], act_proc_ops[], act_net_ops[];
extern const struct act_op act_cred_ops[], act_dns_ops[], act_sys_ops[], act_uring_ops[];

/* argv: an operation and its arguments. */
int act_run(char **argv);

/* What an operation returns after a system call that returned r. */
int act_done(long r);
