//! [`Crossing`]: from which size on bytes are kept in a mapped block.

use std::sync::OnceLock;

/// From this size on a block is mapped from the start: fresh pages cost more than the file.
const AT_ONCE: usize = 32 << 20;
/// From this size on, once the stream is seen to be overwritten under snapshots: a page-wise copy costs less.
const IN_USE: usize = 256 << 10;

/// From this size on, if so much is written at once: a stream that is filled in large pieces grows large, and they go
/// through the file without a page fault.
const IN_BULK: usize = 1 << 20;

/// Overrides the defaults for the whole process.
const VARIABLE: &std::ffi::CStr = c"BYTESIO_MAPPED_FROM";

#[cfg(target_os = "linux")]
unsafe extern "C" {
    /// getenv(3), but nothing for a program that runs with another user's rights.
    fn secure_getenv(name: *const std::ffi::c_char) -> *const std::ffi::c_char;
}

/// The sizes from which a stream's blocks are mapped.
#[derive(Clone, Copy)]
pub(crate) struct Crossing {
    pub(super) at_once: usize,
    pub(super) in_use: usize,
    pub(super) in_bulk: usize,
}

impl Crossing {
    /// What a stream chose: a size in bytes, `usize::MAX` for never, 0 for the default.
    pub(crate) fn of(choice: usize) -> Self {
        match if choice == 0 { preset() } else { choice } {
            0 => Self { at_once: AT_ONCE, in_use: IN_USE, in_bulk: IN_BULK },
            size => Self { at_once: size, in_use: size, in_bulk: size },
        }
    }
}

/// What the environment says; 0 for nothing. Read without allocating, for that could abort.
fn preset() -> usize {
    static PRESET: OnceLock<usize> = OnceLock::new();
    *PRESET.get_or_init(|| {
        #[cfg(target_os = "linux")]
        // SAFETY: a static name; the text is read at once. That nobody changes the environment meanwhile is a rule of every C
        // program.
        unsafe {
            let text = secure_getenv(VARIABLE.as_ptr());
            if !text.is_null() {
                return std::ffi::CStr::from_ptr(text).to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(0);
            }
        }
        0
    })
}
