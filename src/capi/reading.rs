//! Reading
//!
//! At the position, or at an offset; into the caller's memory, in place, or as a snapshot. At or past the
//! end there is nothing to read, and the position does not move. A pointer into the stream's own memory is borrowed
//! until the next call that changes the stream: one that writes, changes length, room or limit, opens or closes a
//! window, opens a writable view, or closes the stream. Moving the position and taking snapshots are no changes.

use std::ffi::c_char;

use super::guard::{call, fast};
use super::handle::{Ref, give};
use super::pointers::{Len, Out, Place, Target};
use super::types::{bio_snapshot, bio_status, bio_stream};
use crate::error::{BYTESIO_OK, Result};
use crate::stream::{Borrowed, Stream};
use crate::sys::memory::fits_inline;

/// Reads up to `len` bytes at the position and moves it.
///
/// stream: borrowed for the call.
/// buf: borrowed for the call; receives the bytes; may lie in a view of the same stream.
/// nread: receives how many bytes were read.
/// Errors: NULL_ARG, CLOSED, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_read(stream: Ref<*mut bio_stream>, buf: Target, len: Len, nread: Out<usize>) -> bio_status {
    if fits_inline(len.get()) { read_either(stream, buf, len, nread) } else { read_long(stream, buf, len, nread) }
}

/// Both doors of a read.
#[inline(always)]
fn read_either(stream: Ref<*mut bio_stream>, buf: Target, len: Len, nread: Out<usize>) -> bio_status {
    // No closure: it would be called from two places, and not be inlined into either.
    if let (Ok(owner), Ok(place), Ok(buf)) = (stream.owner(), nread.place(), buf.output(&len))
        && let Some(n) = owner.read_fast(&buf)
    {
        place.set(n);
        return BYTESIO_OK;
    }
    read_slow(stream, buf, len, nread)
}

/// Apart, so that the frame that a call of memmove needs is not made for short reads too.
#[inline(never)]
extern "C" fn read_long(stream: Ref<*mut bio_stream>, buf: Target, len: Len, nread: Out<usize>) -> bio_status {
    read_either(stream, buf, len, nread)
}

#[inline(never)]
extern "C" fn read_slow(stream: Ref<*mut bio_stream>, buf: Target, len: Len, nread: Out<usize>) -> bio_status {
    call(&stream, |s| nread.fill(|| s.read(buf.output(&len)?)))
}

/// Reads up to `len` bytes at `offset`; the position stays.
///
/// stream: borrowed for the call.
/// buf: borrowed for the call; receives the bytes; may lie in a view of the same stream.
/// nread: receives how many bytes were read; 0 at or past the end.
/// Errors: NULL_ARG, CLOSED, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_pread(
    stream: Ref<*mut bio_stream>,
    buf: Target,
    len: Len,
    offset: u64,
    nread: Out<usize>,
) -> bio_status {
    call(&stream, |s| nread.fill(|| s.pread(buf.output(&len)?, offset)))
}

/// Reads `len` bytes at the position and moves it: all of them, or none.
///
/// stream: borrowed for the call.
/// buf: borrowed for the call; receives the bytes; may lie in a view of the same stream. On an error it is not touched.
/// Errors: NULL_ARG, CLOSED, OVERFLOW, EOF (fewer bytes are left; the position stays).
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_read_exact(stream: Ref<*mut bio_stream>, buf: Target, len: Len) -> bio_status {
    if fits_inline(len.get()) { read_exact_either(stream, buf, len) } else { read_exact_long(stream, buf, len) }
}

#[inline(always)]
fn read_exact_either(stream: Ref<*mut bio_stream>, buf: Target, len: Len) -> bio_status {
    if let (Ok(owner), Ok(buf)) = (stream.owner(), buf.output(&len))
        && owner.read_exact_fast(&buf).is_some()
    {
        return BYTESIO_OK;
    }
    read_exact_slow(stream, buf, len)
}

#[inline(never)]
extern "C" fn read_exact_long(stream: Ref<*mut bio_stream>, buf: Target, len: Len) -> bio_status {
    read_exact_either(stream, buf, len)
}

#[inline(never)]
extern "C" fn read_exact_slow(stream: Ref<*mut bio_stream>, buf: Target, len: Len) -> bio_status {
    call(&stream, |s| s.read_exact(buf.output(&len)?))
}

/// Hands a borrowed piece of the stream's memory to the caller.
#[inline(always)]
fn lend(
    stream: Ref<*mut bio_stream>,
    ptr: Out<*const u8>,
    len: Out<usize>,
    fast_door: impl FnOnce(&Stream) -> Option<Borrowed>,
    slow_door: impl FnOnce(&Stream) -> Result<Borrowed>,
) -> bio_status {
    let done = fast(&stream, |s| {
        let places = (ptr.place().ok()?, len.place().ok()?);
        show(fast_door(s)?, places);
        Some(())
    });
    if done { BYTESIO_OK } else { lend_slow(stream, ptr, len, slow_door) }
}

#[inline(never)]
fn lend_slow(
    stream: Ref<*mut bio_stream>,
    ptr: Out<*const u8>,
    len: Out<usize>,
    f: impl FnOnce(&Stream) -> Result<Borrowed>,
) -> bio_status {
    call(&stream, |s| {
        let places = (ptr.place()?, len.place()?);
        show(f(s)?, places);
        Ok(())
    })
}

#[inline(always)]
fn show(piece: Borrowed, (ptr, len): (Place<'_, *const u8>, Place<'_, usize>)) {
    ptr.set(piece.ptr.as_ptr());
    len.set(piece.len);
}

/// What the two functions that read in place through a delimiter have in common.
fn lend_until(
    stream: Ref<*mut bio_stream>,
    delimiter: u8,
    limit: usize,
    ptr: Out<*const u8>,
    len: Out<usize>,
) -> bio_status {
    let fast_door = move |s: &Stream| s.read_until_fast(delimiter, limit);
    lend(stream, ptr, len, fast_door, move |s| s.read_until(delimiter, limit))
}

/// Shows the bytes from the position to the end in place; the position stays.
///
/// stream: borrowed for the call.
/// ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives how many bytes there are.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_peek(stream: Ref<*mut bio_stream>, ptr: Out<*const u8>, len: Out<usize>) -> bio_status {
    lend(stream, ptr, len, Stream::peek_fast, Stream::peek)
}

/// Shows the bytes from `offset` to the end in place; the position stays. A second position costs no seek.
///
/// stream: borrowed for the call.
/// ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives how many bytes there are; 0 at or past the end.
/// Errors: NULL_ARG, CLOSED, OVERFLOW (an offset beyond INT64_MAX).
/// Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_peek_at(
    stream: Ref<*mut bio_stream>,
    offset: u64,
    ptr: Out<*const u8>,
    len: Out<usize>,
) -> bio_status {
    lend_slow(stream, ptr, len, |s| s.peek_at(offset))
}

/// Reads up to `max` bytes in place and moves the position behind them: bio_peek() and bio_skip() in one.
///
/// stream: borrowed for the call.
/// max: SIZE_MAX takes all that are left.
/// ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives how many bytes; 0 at or past the end.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_take(
    stream: Ref<*mut bio_stream>,
    max: usize,
    ptr: Out<*const u8>,
    len: Out<usize>,
) -> bio_status {
    lend(stream, ptr, len, move |s: &Stream| s.take_fast(max), move |s| s.take(max))
}

/// Moves the position over up to `len` bytes of content.
///
/// stream: borrowed for the call.
/// skipped: receives how many bytes there were; may be NULL.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_skip(stream: Ref<*mut bio_stream>, len: usize, skipped: Out<usize>) -> bio_status {
    call(&stream, |s| {
        skipped.offer(s.skip(len)?);
        Ok(())
    })
}

/// Shows the whole content as a C string, in place: with a NUL behind it that is no part of it. Content that has NULs
/// of its own is shown with them. The position stays. Room for the NUL is made where there is none, also beyond a
/// limit: the bytes may move then, which ends what bio_peek() and the like have shown, as a change does.
///
/// stream: borrowed for the call.
/// text: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives the content's length, the NUL not counted; may be NULL.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED (a view is alive, and there is no room), LIMIT (likewise in fixed memory),
/// NOMEM.
/// Threads: any; that no other thread changes the stream while the text is looked at is the caller's to order.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_cstr(stream: Ref<*mut bio_stream>, text: Out<*const c_char>, len: Out<usize>) -> bio_status {
    call(&stream, |s| {
        let text = text.place()?;
        let content = s.cstr()?;
        text.set(content.ptr.as_ptr().cast());
        len.offer(content.len);
        Ok(())
    })
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
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_readline(
    stream: Ref<*mut bio_stream>,
    limit: usize,
    ptr: Out<*const u8>,
    len: Out<usize>,
) -> bio_status {
    lend_until(stream, b'\n', limit, ptr, len)
}

/// Reads in place through the next `delimiter`, or `limit` bytes, or to the end, and moves the position.
///
/// stream: borrowed for the call.
/// limit: 0 gives no bytes, SIZE_MAX sets none.
/// ptr: receives the first byte's address (borrowed until the next call that changes the stream); never NULL.
/// len: receives how many bytes, the delimiter included; 0 at the end.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any; that no other thread changes the stream while the bytes are looked at is the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_read_until(
    stream: Ref<*mut bio_stream>,
    delimiter: u8,
    limit: usize,
    ptr: Out<*const u8>,
    len: Out<usize>,
) -> bio_status {
    lend_until(stream, delimiter, limit, ptr, len)
}

/// Reads up to `len` bytes (SIZE_MAX: all that are left) at the position as a snapshot, and moves the position. No
/// copy, unless a writable view of the stream is alive or the stream is a fixed one.
///
/// stream: borrowed for the call.
/// out: receives a snapshot (owned: bio_snapshot_release()); an empty one at the end.
/// Errors: NULL_ARG, CLOSED, NOMEM.
/// Threads: any.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_read_snapshot(
    stream: Ref<*mut bio_stream>,
    len: usize,
    out: Out<*mut bio_snapshot>,
) -> bio_status {
    call(&stream, |s| out.fill(|| s.read_snapshot(len).map(give)))
}
