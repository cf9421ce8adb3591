//! Length, room and limit

use super::guard::call;
use super::handle::Ref;
use super::types::{bio_snapshot, bio_status, bio_stream};
use crate::stream::Stream;

/// Cuts the content to at most `size` bytes. Never extends it, never moves the position.
///
/// stream: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, OVERFLOW; NOMEM where the bytes kept of adopted memory have to be copied.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_truncate(stream: Ref<*mut bio_stream>, size: u64) -> bio_status {
    call(&stream, |s| s.truncate(size))
}

/// Cuts the content to `size` bytes, or extends it with zeros; the position stays.
///
/// stream: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_resize(stream: Ref<*mut bio_stream>, size: u64) -> bio_status {
    call(&stream, |s| s.resize(size))
}

/// Makes length and position 0 and keeps the capacity; where snapshots hold the present memory, in other memory, which
/// is some that earlier snapshots have let go if there is any.
///
/// stream: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED; NOMEM where snapshots hold the present memory.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_clear(stream: Ref<*mut bio_stream>) -> bio_status {
    call(&stream, Stream::clear)
}

/// Makes a snapshot's bytes the content again, without a copy: to roll back. They are shared until the next change. The
/// bytes are copied into fixed memory, and while a view is alive. The position stays, or becomes the end if it was
/// further.
///
/// stream: borrowed for the call.
/// snapshot: borrowed for the call, of this stream or any other; the stream takes a reference of its own.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED (another length), LIMIT, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_restore(stream: Ref<*mut bio_stream>, snapshot: Ref<*mut bio_snapshot>) -> bio_status {
    call(&stream, |s| s.restore(&*snapshot.owner()?))
}

/// Makes room for `additional` bytes beyond the length, so that writing them needs no memory.
///
/// stream: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_reserve(stream: Ref<*mut bio_stream>, additional: usize) -> bio_status {
    call(&stream, |s| s.reserve(additional))
}

/// Gives memory back that the content does not need, as far as no snapshot or clone holds it, and what is kept for
/// later changes under snapshots.
///
/// stream: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_shrink_to_fit(stream: Ref<*mut bio_stream>) -> bio_status {
    call(&stream, Stream::shrink_to_fit)
}

/// Sets the length beyond which the stream refuses to grow, in bytes.
///
/// stream: borrowed for the call.
/// limit: BYTESIO_NO_LIMIT for none; 0 is a limit of no bytes.
/// Errors: NULL_ARG, CLOSED, BUSY, LIMIT (below the length).
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_set_limit(stream: Ref<*mut bio_stream>, limit: u64) -> bio_status {
    call(&stream, |s| s.set_limit(limit))
}
