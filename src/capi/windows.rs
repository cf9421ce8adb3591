//! Windows and formatted output
//!
//! A window is memory that the caller fills and then makes part of the stream: the way for code that wants a
//! pointer to write to (decompressors, image libraries, read callbacks). While one is open, reads, seeks, snapshots and
//! read-only views go on; other changes give BUSY, but for closing the stream, which gives the window up. Whoever may
//! leave the code between by longjmp() or an exception calls bio_cancel() on that way.
//!
//! At the end of the content a window begins right behind it, in place: what lies before it in memory is the content,
//! which may be read there. Elsewhere the window is memory of its own, and what is committed replaces the content.
//! bio_printf() and bio_vprintf() are at the end of this header.

use std::ptr::NonNull;

use super::guard::{ask, call};
use super::handle::Ref;
use super::pointers::Out;
use super::types::{bio_status, bio_stream};
use crate::error::Result;
use crate::stream::Stream;

/// Opens a window of at least `min` bytes at the position. Its bytes are no part of the stream until bio_commit().
///
/// stream: borrowed for the call.
/// min: in bytes; 0 takes what room there is. Over content the window has at least 4096 bytes, or as many as are left.
/// ptr: receives the window's address (lent for writing until bio_commit(), bio_cancel(), bio_close() or the stream's
/// last release); never NULL.
/// capacity: receives its size, in bytes; 0 only for a `min` of 0 where there is no room.
/// Errors: NULL_ARG, CLOSED, BUSY (a window is open already), EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any; who may write into the window is the caller's to order.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_prepare(
    stream: Ref<*mut bio_stream>,
    min: usize,
    ptr: Out<*mut u8>,
    capacity: Out<usize>,
) -> bio_status {
    open(stream, ptr, capacity, |s| s.prepare(min))
}

/// Opens a window of at least `min` and at most `max` bytes at the position, of what there is between the two: near a
/// limit, in fixed memory and under a view it becomes smaller before it is refused. Everything else as for
/// bio_prepare().
///
/// stream: borrowed for the call.
/// min: in bytes; where not even so much is to be had, that is an error. 0 is as good as 1, unless `max` is 0.
/// max: in bytes; no more is given. The stream does not grow for it beyond 4096 bytes or `min`: to write more at once,
/// ask for more by `min`, or reserve.
/// ptr: receives the window's address (lent for writing until bio_commit(), bio_cancel(), bio_close() or the stream's
/// last release); never NULL.
/// capacity: receives its size, in bytes; 0 only for a `max` of 0.
/// Errors: NULL_ARG, CLOSED, INVALID (min above max), BUSY (a window is open already), EXPORTED, LIMIT, OVERFLOW,
/// NOMEM.
/// Threads: any; who may write into the window is the caller's to order.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_prepare_upto(
    stream: Ref<*mut bio_stream>,
    min: usize,
    max: usize,
    ptr: Out<*mut u8>,
    capacity: Out<usize>,
) -> bio_status {
    open(stream, ptr, capacity, |s| s.prepare_upto(min, max))
}

fn open(
    stream: Ref<*mut bio_stream>,
    ptr: Out<*mut u8>,
    capacity: Out<usize>,
    open: impl FnOnce(&Stream) -> Result<(NonNull<u8>, usize)>,
) -> bio_status {
    call(&stream, |s| {
        let (ptr, capacity) = (ptr.place()?, capacity.place()?);
        let window = open(s)?;
        ptr.set(window.0.as_ptr());
        capacity.set(window.1);
        Ok(())
    })
}

/// Makes the first `len` bytes of the open window part of the stream, at the position where it was opened, and closes
/// it; the position is then behind them. 0 gives the window up and changes nothing.
///
/// stream: borrowed for the call.
/// len: in bytes; these have been written by the caller.
/// Errors: NULL_ARG, CLOSED, INVALID (no window is open), RANGE (more than the window's size), EXPORTED, NOMEM; on an
/// error the window stays open.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_commit(stream: Ref<*mut bio_stream>, len: usize) -> bio_status {
    call(&stream, |s| s.commit(len))
}

/// Gives an open window up: the content is as it was before bio_prepare(), which may be called again. Does nothing
/// without a window, so that it may stand on every way out.
///
/// stream: borrowed for the call; NULL does nothing.
/// Threads: any.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_cancel(stream: Ref<*mut bio_stream>) {
    ask(&stream, (), Stream::cancel);
}
