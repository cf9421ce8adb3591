//! Information

use std::ffi::c_char;

use super::guard::{call, or};
use super::handle::Ref;
use super::pointers::SizedOut;
use super::types::{
    BYTESIO_KIND_FIXED, BYTESIO_KIND_FOREIGN, BYTESIO_KIND_HEAP, BYTESIO_KIND_MAPPED, BYTESIO_KIND_NONE,
    bio_statistics, bio_status, bio_stream,
};
use crate::error;
use crate::storage::{Kind, Statistics};

/// Says what a stream is made of, and what its storage has had to do since it was made.
///
/// stream: borrowed for the call.
/// statistics: borrowed for the call; receives as many bytes as its struct_size says, which the caller sets; zeros
/// where this version knows no more.
/// Errors: NULL_ARG, CLOSED, INVALID (struct_size below its own size).
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_get_statistics(
    stream: Ref<*const bio_stream>,
    statistics: SizedOut<bio_statistics>,
) -> bio_status {
    call(&stream, |s| statistics.fill(|| s.statistics().map(described)))
}

fn described((numbers, kind): (Statistics, Kind)) -> bio_statistics {
    let Statistics {
        forks,
        fork_bytes,
        moves,
        move_bytes,
        snapshot_copies,
        snapshot_copy_bytes,
        updates,
        update_bytes,
    } = numbers;
    bio_statistics {
        struct_size: size_of::<bio_statistics>(),
        forks,
        fork_bytes,
        moves,
        move_bytes,
        snapshot_copies,
        snapshot_copy_bytes,
        updates,
        update_bytes,
        kind: code(kind),
        reserved: 0,
    }
}

fn code(kind: Kind) -> u32 {
    match kind {
        Kind::None => BYTESIO_KIND_NONE,
        Kind::Heap => BYTESIO_KIND_HEAP,
        Kind::Foreign => BYTESIO_KIND_FOREIGN,
        Kind::Fixed => BYTESIO_KIND_FIXED,
        Kind::Mapped => BYTESIO_KIND_MAPPED,
    }
}

/// Gives back the memory that is kept to be written again: what streams keep of blocks that snapshots have let go (in
/// the whole process at most 512 MiB), and emptied mapped blocks (at most 8, with at most 64 MiB together). Later
/// changes under snapshots have to copy again. What belongs to an allocator of a caller's own stays with its stream.
///
/// Returns: how many bytes that was.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_trim() -> usize {
    or(0, crate::storage::trim)
}

/// Gives a status code's text: a short English phrase in ASCII.
///
/// Returns: the text (static: never released), also for a code that no version defines; never NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_strerror(status: bio_status) -> *const c_char {
    error::strerror(status).as_ptr()
}

/// Gives the errno value that says the same as a status code, for code behind an interface that reports errors so.
///
/// Returns: OK: 0; NULL_ARG, INVALID: EINVAL; CLOSED: EBADF; EXPORTED, BUSY: EBUSY; READONLY: EACCES; LIMIT: ENOSPC;
/// OVERFLOW: EOVERFLOW; NOMEM: ENOMEM; RANGE: ERANGE; IO: EIO (the call that gave it has the system's own number);
/// UNSUPPORTED: ENOTSUP; INTERNAL: ENOTRECOVERABLE; EOF: ENODATA; a code that no version defines: EINVAL. errno itself
/// is not set.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_status_errno(status: bio_status) -> i32 {
    error::status_errno(status)
}

/// Gives the version of the library in use, "major.minor.patch"; BYTESIO_VERSION is that of this header.
///
/// Returns: the text (static: never released).
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_version() -> *const c_char {
    const TEXT: &std::ffi::CStr =
        match std::ffi::CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(text) => text,
            Err(_) => panic!("a version has no NUL"),
        };
    TEXT.as_ptr()
}

/// Gives the version of the library in use as a number, to be compared with BYTESIO_VERSION_NUMBER.
///
/// Returns: major << 16 | minor << 8 | patch.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_version_number() -> u32 {
    // Unparsable is impossible: Cargo has read the same strings.
    let part = |text: &str| text.parse::<u32>().unwrap_or(0);
    or(0, || {
        part(env!("CARGO_PKG_VERSION_MAJOR")) << 16
            | part(env!("CARGO_PKG_VERSION_MINOR")) << 8
            | part(env!("CARGO_PKG_VERSION_PATCH"))
    })
}
