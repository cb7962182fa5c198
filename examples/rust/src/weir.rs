// SPDX-License-Identifier: Apache-2.0
//! What this plugin needs of <weir/plugin.h>, ABI 1.1, written by hand. Types
//! keep their C names without `weir_`; layout.rs proves that sizes and places
//! are those of the header.
#![allow(dead_code)]

use core::ffi::{c_char, c_int, c_void};

pub const ABI_MAJOR: u16 = 1;
pub const ABI_MINOR: u16 = 1;

pub const ABSENT: u8 = 0;
pub const PRESENT: u8 = 1;
pub const TRUNCATED: u8 = 2;
pub const ERROR: u8 = 5;

pub const KIND_STRV: u8 = 17;
pub const KIND_U32: u32 = 3;
pub const KIND_STR: u32 = 15;
pub const KIND_BOOL: u32 = 19;

pub const CONTINUE: c_int = 0;
pub const DROP: c_int = 1;
pub const FAIL: c_int = 2;

pub const PLUGIN_ENRICHER: u32 = 1;
pub const OPT_INT: u32 = 1;
pub const LOG_ERROR: c_int = 0;
pub const WANT_REQUIRED: u32 = 1;
pub const HANDLE_WRITE: u8 = 1;

pub const STR_TRUNCATED: u32 = 1 << 31;
pub const STR_ERROR: u32 = 1 << 30;
pub const STR_LEN: u32 = 0x3fff_ffff;

#[repr(C)]
pub struct Str {
    pub off: u32,
    pub len: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    pub kind: u8,
    pub status: u8,
    pub pad: u16,
    pub len: u32,
    /// A number, or a pointer.
    pub v: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Handle {
    pub slot: u16,
    pub kind: u8,
    pub flags: u8,
}

#[repr(C)]
pub struct FieldDef {
    pub name: *const c_char,
    pub kind: u32,
    pub elem_kind: u32,
    pub values: *const c_char,
    pub sigma: *const c_char,
    pub ecs: *const c_char,
    pub ocsf: *const c_char,
    pub doc: *const c_char,
    pub cols: *const c_void,
    pub n_cols: u32,
    pub pad: u32,
}

#[repr(C)]
pub struct Want {
    pub name: *const c_char,
    pub flags: u32,
    pub pad: u32,
}

#[repr(C)]
pub struct Event {
    pub rec: *const u8,
    pub offs: *const u16,
    pub added: *mut Value,
    pub wall_ns: i64,
    pub rec_size: u32,
    pub r#type: u16,
    pub n_wire: u16,
}

#[repr(C)]
pub struct OptionRow {
    pub name: *const c_char,
    pub r#type: u32,
    pub flags: u32,
    pub min: i64,
    pub max: i64,
    pub dflt: *const c_char,
    pub words: *const c_char,
    pub doc: *const c_char,
}

#[repr(C)]
pub struct Optval {
    pub set: u32,
    pub n: u32,
    /// A number, or a pointer.
    pub v: i64,
}

#[repr(C)]
pub struct Counter {
    pub name: *const c_char,
    pub unit: *const c_char,
    pub doc: *const c_char,
}

/// Services that this plugin does not use are pointers that nobody follows.
#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub log: unsafe extern "C" fn(*mut c_void, c_int, *const c_char),
    pub alloc: unsafe extern "C" fn(*mut Event, usize) -> *mut c_void,
    pub grow: *const c_void,
    pub host_id: *const c_void,
    pub later: *const c_void,
    pub done: *const c_void,
    pub emit: *const c_void,
    pub send: *const c_void,
}

#[repr(C)]
pub struct Setup {
    pub size: u32,
    pub pad: u32,
    pub host: *const Host,
    pub ctx: *mut c_void,
    pub instance: *const c_char,
    pub options: *const Optval,
    pub wants: *const Handle,
    pub produces: *const Handle,
    pub schema: *const c_void,
    pub counters: *mut u64,
}

#[repr(C)]
pub struct Plugin {
    pub size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub kind: u32,
    pub flags: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub licence: *const c_char,
    pub summary: *const c_char,
    pub options: *const OptionRow,
    pub wants: *const Want,
    pub produces: *const FieldDef,
    pub counters: *const Counter,
    pub types: *const *const c_char,
    pub n_options: u32,
    pub n_wants: u32,
    pub n_produces: u32,
    pub n_counters: u32,
    pub n_types: u32,
    pub pad: u32,
    pub open: Option<unsafe extern "C" fn(*const Setup, *mut *mut c_void) -> c_int>,
    pub close: Option<unsafe extern "C" fn(*mut c_void)>,
    pub process: Option<unsafe extern "C" fn(*mut c_void, *mut Event) -> c_int>,
    pub encode: *const c_void,
    pub write: *const c_void,
    pub tick: *const c_void,
    pub emits: *const c_void,
    pub n_emits: u32,
    pub state: u32,
    pub adopt: *const c_void,
}

#[repr(C)]
pub struct NoteDesc {
    pub abi_major: u16,
    pub abi_minor: u16,
    pub kind: u32,
    pub flags: u32,
    pub name: [u8; 32],
    pub version: [u8; 32],
    pub licence: [u8; 32],
}

#[repr(C, align(4))]
pub struct Note {
    pub namesz: u32,
    pub descsz: u32,
    pub r#type: u32,
    pub owner: [u8; 8],
    pub desc: NoteDesc,
}

/// Constant tables hold pointers to constant texts: any thread may read them.
#[repr(transparent)]
pub struct Table<T>(pub T);
unsafe impl<T> Sync for Table<T> {}

/// A text of the note, padded with NUL.
pub const fn text32(s: &str) -> [u8; 32] {
    let (b, mut out, mut i) = (s.as_bytes(), [0u8; 32], 0);
    assert!(b.len() < 32);
    while i < b.len() {
        out[i] = b[i];
        i += 1;
    }
    out
}

pub const fn note(kind: u32, name: &str, version: &str, licence: &str) -> Note {
    Note {
        namesz: 5,
        descsz: core::mem::size_of::<NoteDesc>() as u32,
        r#type: 1,
        owner: *b"weir\0\0\0\0",
        desc: NoteDesc {
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            kind,
            flags: 0,
            name: text32(name),
            version: text32(version),
            licence: text32(licence),
        },
    }
}

/// A text or a list of texts: what weir_get() does for these kinds. None: there
/// is none. The bytes are valid until the callback returns.
///
/// # Safety
/// `ev` is what process() was given, `h` a handle from open().
pub unsafe fn get_bytes(ev: &Event, h: Handle) -> Option<&[u8]> {
    if h.slot >= ev.n_wire {
        let v = &*ev.added.add((h.slot - ev.n_wire) as usize);
        return match v.status {
            PRESENT | TRUNCATED if v.len == 0 => Some(&[]),
            PRESENT | TRUNCATED => {
                Some(core::slice::from_raw_parts(v.v as usize as *const u8, v.len as usize))
            }
            _ => None,
        };
    }
    let off = *ev.offs.add(h.slot as usize);
    if off == 0 {
        return None;
    }
    let s = &*(ev.rec.add(off as usize) as *const Str);
    let len = s.len & STR_LEN;
    if s.off == 0 || s.len & STR_ERROR != 0 || s.off > ev.rec_size || len > ev.rec_size - s.off {
        return None;
    }
    Some(core::slice::from_raw_parts(ev.rec.add(s.off as usize), len as usize))
}

/// Sets a number; nothing happens if the handle is not one to write through.
///
/// # Safety
/// As get_bytes().
pub unsafe fn set_u64(ev: &mut Event, h: Handle, u: u64) {
    if h.flags & HANDLE_WRITE != 0 {
        *ev.added.add((h.slot - ev.n_wire) as usize) =
            Value { kind: h.kind, status: PRESENT, pad: 0, len: 0, v: u };
    }
}
