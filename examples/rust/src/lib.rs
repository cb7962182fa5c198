// SPDX-License-Identifier: Apache-2.0
//! The enricher `oddargs`: marks programs whose arguments are unusually long, or
//! look like noise (encoded payloads). Rust from top to bottom, with the C ABI
//! at the border only; see README.md.

mod layout;
mod weir;

use core::ffi::{c_int, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};

use weir::*;

/* ---- the logic: knows nothing of the sensor --------------------------------- */

/// Hundredths of bits in a byte of the text, 0 to 800.
fn entropy(text: &[u8]) -> u64 {
    let mut counts = [0u32; 256];
    for &b in text {
        counts[b as usize] += 1;
    }
    let n = text.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|&&c| c > 0)
        .map(|&c| c as f64 / n)
        .map(|p| -p * p.log2())
        .sum();
    (bits * 100.0) as u64
}

/// The highest entropy of an argument that is long enough to have one.
fn noisiest(argv: &[u8], least: usize) -> u64 {
    argv.split(|&b| b == 0)
        .filter(|a| a.len() >= least)
        .map(entropy)
        .max()
        .unwrap_or(0)
}

/* ---- tables ----------------------------------------------------------------- */

const OPT_MAX_LEN: usize = 0;
const OPT_MAX_ENTROPY: usize = 1;
static OPTIONS: Table<[OptionRow; 2]> = Table([
    OptionRow {
        name: c"max_len".as_ptr(),
        r#type: OPT_INT,
        flags: 0,
        min: 1,
        max: 32768,
        dflt: c"2048".as_ptr(),
        words: core::ptr::null(),
        doc: c"Bytes of all arguments beyond which they are long.".as_ptr(),
    },
    OptionRow {
        name: c"max_entropy".as_ptr(),
        r#type: OPT_INT,
        flags: 0,
        min: 1,
        max: 800,
        dflt: c"520".as_ptr(),
        words: core::ptr::null(),
        doc: c"Hundredths of bits in a byte beyond which an argument is noise.".as_ptr(),
    },
]);

static WANTS: Table<[Want; 1]> =
    Table([Want { name: c"process.args".as_ptr(), flags: WANT_REQUIRED, pad: 0 }]);

const OUT_ODD: usize = 0;
const OUT_ENTROPY: usize = 1;
const fn field(name: &'static CStr, kind: u32, doc: &'static CStr) -> FieldDef {
    FieldDef {
        name: name.as_ptr(),
        kind,
        elem_kind: 0,
        values: core::ptr::null(),
        sigma: c"".as_ptr(),
        ecs: c"".as_ptr(),
        ocsf: c"".as_ptr(),
        doc: doc.as_ptr(),
        cols: core::ptr::null(),
        n_cols: 0,
        pad: 0,
    }
}
static PRODUCES: Table<[FieldDef; 2]> = Table([
    field(c"oddargs.odd", KIND_BOOL, c"True: the arguments are long, or noise; else absent."),
    field(c"oddargs.entropy", KIND_U32, c"Of odd arguments: hundredths of bits in a byte, of the noisiest."),
]);

const N_ODD: usize = 0;
const N_PANICS: usize = 1;
static COUNTERS: Table<[Counter; 2]> = Table([
    Counter { name: c"odd".as_ptr(), unit: c"events".as_ptr(), doc: c"Marked.".as_ptr() },
    Counter {
        name: c"panics".as_ptr(),
        unit: c"events".as_ptr(),
        doc: c"Given up because of a bug in this plugin.".as_ptr(),
    },
]);

static TYPES: Table<[*const core::ffi::c_char; 1]> = Table([c"exec".as_ptr()]);

/* ---- the instance ----------------------------------------------------------- */

const NOISE_LEAST: usize = 32;

struct OddArgs {
    args: Handle,
    out: [Handle; 2],
    counters: *mut u64,
    max_len: usize,
    max_entropy: u64,
}

impl OddArgs {
    /// # Safety
    /// `s` is what open() was given.
    unsafe fn new(s: &Setup) -> Self {
        OddArgs {
            args: *s.wants,
            out: [*s.produces.add(OUT_ODD), *s.produces.add(OUT_ENTROPY)],
            counters: s.counters,
            max_len: (*s.options.add(OPT_MAX_LEN)).v as usize,
            max_entropy: (*s.options.add(OPT_MAX_ENTROPY)).v as u64,
        }
    }

    /// Others read while we add.
    fn count(&self, which: usize) {
        unsafe { AtomicU64::from_ptr(self.counters.add(which)) }.fetch_add(1, Ordering::Relaxed);
    }

    unsafe fn process(&self, ev: &mut Event) {
        let Some(argv) = get_bytes(ev, self.args) else { return };
        let noise = noisiest(argv, NOISE_LEAST);
        if argv.len() <= self.max_len && noise <= self.max_entropy {
            return;
        }
        self.count(N_ODD);
        set_u64(ev, self.out[OUT_ODD], 1);
        set_u64(ev, self.out[OUT_ENTROPY], noise);
    }
}

/* ---- the border ------------------------------------------------------------- */

/// Runs a callback; a panic ends here, and the sensor goes on.
fn guard<T>(otherwise: T, f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or(otherwise)
}

unsafe extern "C" fn open(setup: *const Setup, inst: *mut *mut c_void) -> c_int {
    guard(-1, || {
        *inst = Box::into_raw(Box::new(OddArgs::new(&*setup))) as *mut c_void;
        0
    })
}

unsafe extern "C" fn close(inst: *mut c_void) {
    guard((), || drop(Box::from_raw(inst as *mut OddArgs)))
}

unsafe extern "C" fn process(inst: *mut c_void, ev: *mut Event) -> c_int {
    let x = &*(inst as *const OddArgs);
    guard(None, || {
        x.process(&mut *ev);
        Some(CONTINUE)
    })
    .unwrap_or_else(|| {
        x.count(N_PANICS);
        FAIL
    })
}

#[used]
#[link_section = ".note.weir.plugin"]
static NOTE: Note = note(PLUGIN_ENRICHER, "oddargs", "1.0.0", "Apache-2.0");

/// The only symbol that leaves the file.
#[no_mangle]
#[allow(non_upper_case_globals)]
pub static weir_plugin: Table<Plugin> = Table(Plugin {
    size: core::mem::size_of::<Plugin>() as u32,
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    kind: PLUGIN_ENRICHER,
    flags: 0,
    name: c"oddargs".as_ptr(),
    version: c"1.0.0".as_ptr(),
    licence: c"Apache-2.0".as_ptr(),
    summary: c"Marks programs with unusually long or noisy arguments.".as_ptr(),
    options: OPTIONS.0.as_ptr(),
    wants: WANTS.0.as_ptr(),
    produces: PRODUCES.0.as_ptr(),
    counters: COUNTERS.0.as_ptr(),
    types: TYPES.0.as_ptr(),
    n_options: OPTIONS.0.len() as u32,
    n_wants: WANTS.0.len() as u32,
    n_produces: PRODUCES.0.len() as u32,
    n_counters: COUNTERS.0.len() as u32,
    n_types: TYPES.0.len() as u32,
    pad: 0,
    open: Some(open),
    close: Some(close),
    process: Some(process),
    encode: core::ptr::null(),
    write: core::ptr::null(),
    tick: core::ptr::null(),
    emits: core::ptr::null(),
    n_emits: 0,
    state: 0,
    adopt: core::ptr::null(),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_texts() {
        assert_eq!(entropy(b"aaaaaaaa"), 0);
        assert_eq!(entropy(b"abababab"), 100);
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(entropy(&all), 800);
    }

    #[test]
    fn noise_is_of_long_arguments() {
        assert_eq!(noisiest(b"ls\0-la\0", 8), 0);
        assert_eq!(noisiest(b"", 8), 0);
        assert!(noisiest(b"sh\0-c\0abcdefghijklmnop\0", 8) == 400);
    }

    #[test]
    fn a_panic_is_caught() {
        assert_eq!(guard(FAIL, || panic!("bug")), FAIL);
    }
}
