//! Reading
//!
//! At the position, or at an offset; into the caller's memory, in place, or as a snapshot. At or past the
//! end there is nothing to read, and the position does not move. A pointer into the stream's own memory is borrowed
//! until the next call that changes the stream: one that writes, changes length, room or limit, opens or closes a window,
//! opens a writable view, or closes the stream. Moving the position and taking snapshots are no changes.

use std::ffi::c_void;

use super::guard::{call, fast};
use super::handle::give;
use super::pointers::{out, output, set_if};
use super::types::{bio_snapshot, bio_status, bio_stream};
use crate::error::{BYTESIO_OK, Result};
use crate::storage::is_leaf;
use crate::stream::{Borrowed, Stream};

/// Reads up to `len` bytes at the position and moves it.
///
/// stream: borrowed for the call.
/// buf: borrowed for the call; may lie in a view of the same stream.
/// nread: receives how many bytes were read.
/// Errors: NULL_ARG, CLOSED, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_read(
    stream: *mut bio_stream,
    buf: *mut c_void,
    len: usize,
    nread: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { if is_leaf(len) { read_either(stream, buf, len, nread) } else { read_long(stream, buf, len, nread) } }
}

/// Both doors of a read.
///
/// # Safety
/// As for [`bio_read`].
#[inline(always)]
unsafe fn read_either(stream: *mut bio_stream, buf: *mut c_void, len: usize, nread: *mut usize) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe {
        let done = fast(stream, |s| {
            let (nread, buf) = (out(nread).ok()?, output(buf, len).ok()?);
            nread.set(s.read_fast(&buf)?);
            Some(())
        });
        if done { BYTESIO_OK } else { read_slow(stream, buf, len, nread) }
    }
}

/// Apart, so that the frame that a call of memmove needs is not made for short reads too.
///
/// # Safety
/// As for [`bio_read`].
#[inline(never)]
unsafe extern "C" fn read_long(stream: *mut bio_stream, buf: *mut c_void, len: usize, nread: *mut usize) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe { read_either(stream, buf, len, nread) }
}

/// # Safety
/// As for [`bio_read`].
#[inline(never)]
unsafe extern "C" fn read_slow(stream: *mut bio_stream, buf: *mut c_void, len: usize, nread: *mut usize) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe {
        call(stream, |s| {
            let (nread, buf) = (out(nread)?, output(buf, len)?);
            nread.set(s.read(buf)?);
            Ok(())
        })
    }
}

/// Reads up to `len` bytes at `offset`; the position stays.
///
/// stream: borrowed for the call.
/// buf: borrowed for the call; may lie in a view of the same stream.
/// nread: receives how many bytes were read; 0 at or past the end.
/// Errors: NULL_ARG, CLOSED, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_pread(
    stream: *mut bio_stream,
    buf: *mut c_void,
    len: usize,
    offset: u64,
    nread: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe {
        call(stream, |s| {
            let (nread, buf) = (out(nread)?, output(buf, len)?);
            nread.set(s.pread(buf, offset)?);
            Ok(())
        })
    }
}

/// Hands a borrowed piece of the stream's memory to the caller.
///
/// # Safety
/// `ptr` and `len` are NULL or valid.
#[inline(always)]
unsafe fn lend(
    stream: *mut bio_stream,
    ptr: *mut *const u8,
    len: *mut usize,
    fast_door: impl FnOnce(&Stream) -> Option<Borrowed>,
    slow_door: impl FnOnce(&Stream) -> Result<Borrowed>,
) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe {
        let in_place = |s: &Stream| {
            let (ptr, len) = (out(ptr).ok()?, out(len).ok()?);
            let piece = fast_door(s)?;
            ptr.set(piece.ptr.as_ptr());
            len.set(piece.len);
            Some(())
        };
        if fast(stream, in_place) { BYTESIO_OK } else { lend_slow(stream, ptr, len, slow_door) }
    }
}

/// # Safety
/// As for [`lend`].
#[inline(never)]
unsafe fn lend_slow(
    stream: *mut bio_stream,
    ptr: *mut *const u8,
    len: *mut usize,
    slow_door: impl FnOnce(&Stream) -> Result<Borrowed>,
) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe {
        call(stream, |s| {
            let (ptr, len) = (out(ptr)?, out(len)?);
            let piece = slow_door(s)?;
            ptr.set(piece.ptr.as_ptr());
            len.set(piece.len);
            Ok(())
        })
    }
}

/// What the two functions that read in place through a delimiter have in common.
///
/// # Safety
/// As for `lend`.
unsafe fn lend_until(
    stream: *mut bio_stream,
    delimiter: u8,
    limit: usize,
    ptr: *mut *const u8,
    len: *mut usize,
) -> bio_status {
    let fast = move |s: &Stream| s.read_until_fast(delimiter, limit);
    // SAFETY: passed on from the caller.
    unsafe { lend(stream, ptr, len, fast, move |s| s.read_until(delimiter, limit)) }
}

/// Shows the bytes from the position to the end in place; the position stays.
///
/// stream: borrowed for the call.
/// ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives how many bytes there are.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_peek(stream: *mut bio_stream, ptr: *mut *const u8, len: *mut usize) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { lend(stream, ptr, len, Stream::peek_fast, Stream::peek) }
}

/// Moves the position over up to `len` bytes of content.
///
/// stream: borrowed for the call.
/// skipped: receives how many bytes there were; may be NULL.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bio_skip(stream: *mut bio_stream, len: usize, skipped: *mut usize) -> bio_status {
    // SAFETY: as the header demands.
    unsafe {
        call(stream, |s| {
            set_if(skipped, s.skip(len)?);
            Ok(())
        })
    }
}

/// Reads a line in place, through its line feed (0x0A; CR and NUL are ordinary bytes), or `limit` bytes, or to the
/// end, and moves the position.
///
/// stream: borrowed for the call.
/// limit: 0 gives an empty line, SIZE_MAX sets none.
/// ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives the line's length, its line feed included; 0 at the end.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_readline(
    stream: *mut bio_stream,
    limit: usize,
    ptr: *mut *const u8,
    len: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { lend_until(stream, b'\n', limit, ptr, len) }
}

/// Reads in place through the next `delimiter`, or `limit` bytes, or to the end, and moves the position.
///
/// stream: borrowed for the call.
/// limit: 0 gives no bytes, SIZE_MAX sets none.
/// ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives how many bytes, the delimiter included; 0 at the end.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_read_until(
    stream: *mut bio_stream,
    delimiter: u8,
    limit: usize,
    ptr: *mut *const u8,
    len: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { lend_until(stream, delimiter, limit, ptr, len) }
}

/// Reads up to `len` bytes (SIZE_MAX: all that are left) at the position as a snapshot, and moves the position. No copy,
/// unless a writable view of the stream is alive or the stream is a fixed one.
///
/// stream: borrowed for the call.
/// out: receives a snapshot (owned: bio_snapshot_release()); an empty one at the end.
/// Errors: NULL_ARG, CLOSED, NOMEM.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_read_snapshot(
    stream: *mut bio_stream,
    len: usize,
    out: *mut *mut bio_snapshot,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe {
        call(stream, |s| {
            let out = self::out(out)?;
            out.set(give::<bio_snapshot>(s.read_snapshot(len)?));
            Ok(())
        })
    }
}
