/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the state files of runtimes. Pure: text in, draft out. 0, or -1: it is
 * not what such a file has to be; the draft may have something all the same.
 */
#pragma once

#include <stddef.h>

#include "confacts.h"

typedef int conjson_f(const char *text, size_t len, const char *id, struct confacts_draft *d);

/* Docker's config.v2.json. */
conjson_f conjson_docker;
/* containers.json of containers-storage, that is podman's and CRI-O's. -1 too: not in it. */
conjson_f conjson_storage;
/* The config.json of an OCI bundle: its annotations. */
conjson_f conjson_bundle;
/* The state.json of runc. */
conjson_f conjson_runc;
/* The state of a machine of systemd-machined: lines of NAME=VALUE. */
conjson_f conjson_machine;
/* The cgroup that a bundle's config.json asks for, or that runc's state.json has. */
int conjson_cgroup(const char *text, size_t len, char *to, size_t cap);
