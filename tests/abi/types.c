/* SPDX-License-Identifier: Apache-2.0 */
/* An object that uses every type of <weir/plugin.h>, for abidw to describe. */
#include <weir/plugin.h>

#define SEEN(type, name)	extern type *name; type *name
SEEN(struct weir_plugin, seen_plugin);
SEEN(struct weir_host, seen_host);
SEEN(struct weir_setup, seen_setup);
SEEN(struct weir_schema, seen_schema);
SEEN(struct weir_event, seen_event);
SEEN(struct weir_value, seen_value);
SEEN(struct weir_list, seen_list);
SEEN(struct weir_write, seen_write);
SEEN(struct weir_batch, seen_batch);
SEEN(struct weir_buf, seen_buf);
SEEN(struct weir_note, seen_note);
SEEN(struct weir_str, seen_str);
SEEN(struct weir_ip, seen_ip);
SEEN(enum weir_status, seen_status);
SEEN(enum weir_kind, seen_kind);
SEEN(enum weir_class, seen_class);
SEEN(enum weir_opt_type, seen_opt_type);
SEEN(enum weir_log_level, seen_log_level);
SEEN(enum weir_plugin_kind, seen_plugin_kind);
SEEN(enum weir_verdict, seen_verdict);
SEEN(enum weir_write_result, seen_write_result);
SEEN(enum weir_outcome, seen_outcome);
SEEN(enum weir_lost_reason, seen_lost_reason);
