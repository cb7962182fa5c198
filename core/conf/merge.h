/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How files of a configuration become one. Groups merge; anything else that a
 * later file says replaces what was there, but a group never becomes something
 * else. The lists of stages (`sync`, and `stages` of each chain in `async`)
 * merge by the stages' names (`name`, or else `plugin`): a stage that exists
 * is merged into, a new one is appended, and `before` or `after` names its
 * place, whatever order the files have.
 */
#pragma once

struct conf;
struct conf_node;
struct diag;

/*
 * Merges a file's tree, whose memory is that of `c` and whose nodes are used
 * up. Contradictions go to `d`. 0 or -ENOMEM.
 */
int merge_file(struct conf *c, struct conf_node *root, struct diag *d);
/* After the last file: puts each stage in its place. */
void merge_finish(struct conf *c, struct diag *d);
