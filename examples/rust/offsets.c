/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints src/layout.rs: what the header says of the structs in src/weir.rs.
 *
 *	cc $(pkg-config --cflags weir-plugin) -o offsets offsets.c &&
 *		./offsets >src/layout.rs
 */
#include <stdio.h>

#include <weir/plugin.h>

#define SIZE(rust, c)							\
	printf("const _: () = assert!(size_of::<" #rust ">() == %zu);\n", sizeof(struct c))
#define AT(rust, c, member)						\
	printf("const _: () = assert!(offset_of!(" #rust ", " #member ") == %zu);\n",	\
	       offsetof(struct c, member))
/* `type` is a word of Rust's. */
#define AT_TYPE(rust, c)						\
	printf("const _: () = assert!(offset_of!(" #rust ", r#type) == %zu);\n",	\
	       offsetof(struct c, type))
#define IS(rust, c)	printf("const _: () = assert!(" #rust " as u64 == %llu);\n", (unsigned long long)(c))

static void texts(void)
{
	SIZE(Str, weir_str);
	AT(Str, weir_str, off);
	AT(Str, weir_str, len);
	SIZE(Value, weir_value);
	AT(Value, weir_value, kind);
	AT(Value, weir_value, status);
	AT(Value, weir_value, len);
	AT(Value, weir_value, v);
	SIZE(Handle, weir_handle);
	AT(Handle, weir_handle, slot);
	AT(Handle, weir_handle, kind);
	AT(Handle, weir_handle, flags);
}

static void tables(void)
{
	SIZE(FieldDef, weir_field_def);
	AT(FieldDef, weir_field_def, name);
	AT(FieldDef, weir_field_def, kind);
	AT(FieldDef, weir_field_def, elem_kind);
	AT(FieldDef, weir_field_def, values);
	AT(FieldDef, weir_field_def, sigma);
	AT(FieldDef, weir_field_def, ecs);
	AT(FieldDef, weir_field_def, ocsf);
	AT(FieldDef, weir_field_def, doc);
	AT(FieldDef, weir_field_def, cols);
	AT(FieldDef, weir_field_def, n_cols);
	SIZE(Want, weir_want);
	AT(Want, weir_want, name);
	AT(Want, weir_want, flags);
	SIZE(OptionRow, weir_option);
	AT(OptionRow, weir_option, name);
	AT_TYPE(OptionRow, weir_option);
	AT(OptionRow, weir_option, flags);
	AT(OptionRow, weir_option, min);
	AT(OptionRow, weir_option, max);
	AT(OptionRow, weir_option, dflt);
	AT(OptionRow, weir_option, words);
	AT(OptionRow, weir_option, doc);
	SIZE(Optval, weir_optval);
	AT(Optval, weir_optval, set);
	AT(Optval, weir_optval, n);
	AT(Optval, weir_optval, v);
	SIZE(Counter, weir_counter);
	AT(Counter, weir_counter, name);
	AT(Counter, weir_counter, unit);
	AT(Counter, weir_counter, doc);
}

static void core_side(void)
{
	SIZE(Event, weir_event);
	AT(Event, weir_event, rec);
	AT(Event, weir_event, offs);
	AT(Event, weir_event, added);
	AT(Event, weir_event, wall_ns);
	AT(Event, weir_event, rec_size);
	AT_TYPE(Event, weir_event);
	AT(Event, weir_event, n_wire);
	AT(Host, weir_host, size);
	AT(Host, weir_host, abi_major);
	AT(Host, weir_host, abi_minor);
	AT(Host, weir_host, log);
	AT(Host, weir_host, alloc);
	AT(Host, weir_host, grow);
	AT(Host, weir_host, host_id);
	AT(Host, weir_host, later);
	AT(Host, weir_host, done);
	AT(Host, weir_host, emit);
	AT(Host, weir_host, send);
	AT(Setup, weir_setup, size);
	AT(Setup, weir_setup, host);
	AT(Setup, weir_setup, ctx);
	AT(Setup, weir_setup, instance);
	AT(Setup, weir_setup, options);
	AT(Setup, weir_setup, wants);
	AT(Setup, weir_setup, produces);
	AT(Setup, weir_setup, schema);
	AT(Setup, weir_setup, counters);
}

static void plugin_side(void)
{
	AT(Plugin, weir_plugin, size);
	AT(Plugin, weir_plugin, abi_major);
	AT(Plugin, weir_plugin, abi_minor);
	AT(Plugin, weir_plugin, kind);
	AT(Plugin, weir_plugin, flags);
	AT(Plugin, weir_plugin, name);
	AT(Plugin, weir_plugin, version);
	AT(Plugin, weir_plugin, licence);
	AT(Plugin, weir_plugin, summary);
	AT(Plugin, weir_plugin, options);
	AT(Plugin, weir_plugin, wants);
	AT(Plugin, weir_plugin, produces);
	AT(Plugin, weir_plugin, counters);
	AT(Plugin, weir_plugin, types);
	AT(Plugin, weir_plugin, n_options);
	AT(Plugin, weir_plugin, n_wants);
	AT(Plugin, weir_plugin, n_produces);
	AT(Plugin, weir_plugin, n_counters);
	AT(Plugin, weir_plugin, n_types);
	AT(Plugin, weir_plugin, open);
	AT(Plugin, weir_plugin, close);
	AT(Plugin, weir_plugin, process);
	AT(Plugin, weir_plugin, encode);
	AT(Plugin, weir_plugin, write);
	AT(Plugin, weir_plugin, tick);
	AT(Plugin, weir_plugin, emits);
	AT(Plugin, weir_plugin, n_emits);
	AT(Plugin, weir_plugin, state);
	AT(Plugin, weir_plugin, adopt);
	SIZE(NoteDesc, weir_note_desc);
	AT(NoteDesc, weir_note_desc, abi_major);
	AT(NoteDesc, weir_note_desc, abi_minor);
	AT(NoteDesc, weir_note_desc, kind);
	AT(NoteDesc, weir_note_desc, flags);
	AT(NoteDesc, weir_note_desc, name);
	AT(NoteDesc, weir_note_desc, version);
	AT(NoteDesc, weir_note_desc, licence);
	SIZE(Note, weir_note);
	AT(Note, weir_note, owner);
	AT(Note, weir_note, desc);
}

static void numbers(void)
{
	IS(ABSENT, WEIR_ABSENT);
	IS(PRESENT, WEIR_PRESENT);
	IS(TRUNCATED, WEIR_TRUNCATED);
	IS(ERROR, WEIR_ERROR);
	IS(KIND_STRV, WEIR_KIND_STRV);
	IS(KIND_U32, WEIR_KIND_U32);
	IS(KIND_STR, WEIR_KIND_STR);
	IS(KIND_BOOL, WEIR_KIND_BOOL);
	IS(CONTINUE, WEIR_CONTINUE);
	IS(DROP, WEIR_DROP);
	IS(FAIL, WEIR_FAIL);
	IS(PLUGIN_ENRICHER, WEIR_PLUGIN_ENRICHER);
	IS(OPT_INT, WEIR_OPT_INT);
	IS(LOG_ERROR, WEIR_LOG_ERROR);
	IS(WANT_REQUIRED, WEIR_WANT_REQUIRED);
	IS(HANDLE_WRITE, WEIR_HANDLE_WRITE);
	IS(STR_TRUNCATED, WEIR_STR_TRUNCATED);
	IS(STR_ERROR, WEIR_STR_ERROR);
	IS(STR_LEN, WEIR_STR_LEN);
}

int main(void)
{
	printf("// SPDX-License-Identifier: Apache-2.0\n"
	       "//! Made by offsets.c from <weir/plugin.h>; it does not compile if weir.rs\n"
	       "//! has another layout. 64 bits.\n"
	       "use crate::weir::*;\n"
	       "use core::mem::{offset_of, size_of};\n\n");
	texts();
	tables();
	core_side();
	plugin_side();
	numbers();
	return 0;
}
