//! Writing
//!
//! Over what is there and beyond the end. A gap between the end and the position becomes zeros; writing no
//! bytes changes nothing, so it fills no gap. A source may lie in one of the stream's own snapshots or views.
//! While a view is alive, what would change the length gives EXPORTED. On any error nothing is written.

use super::guard::call;
use super::handle::Ref;
use super::pointers::{Array, Len, Source};
use super::types::{bio_slice, bio_snapshot, bio_status, bio_stream};
use crate::error::{BYTESIO_OK, Error};
use crate::sys::memory::fits_inline;

/// Writes `len` bytes at the position and moves it.
///
/// stream: borrowed for the call.
/// data: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_write(stream: Ref<*mut bio_stream>, data: Source, len: Len) -> bio_status {
    if fits_inline(len.get()) { write_either(stream, data, len) } else { write_long(stream, data, len) }
}

/// Both doors of a write.
#[inline(always)]
fn write_either(stream: Ref<*mut bio_stream>, data: Source, len: Len) -> bio_status {
    // No closure: it would be called from two places, and not be inlined into either.
    if let (Ok(owner), Ok(data)) = (stream.owner(), data.input(&len))
        && owner.write_fast(data).is_some()
    {
        return BYTESIO_OK;
    }
    write_slow(stream, data, len)
}

/// Apart, so that the frame that a call of memmove needs is not made for short writes too.
#[inline(never)]
extern "C" fn write_long(stream: Ref<*mut bio_stream>, data: Source, len: Len) -> bio_status {
    write_either(stream, data, len)
}

#[inline(never)]
extern "C" fn write_slow(stream: Ref<*mut bio_stream>, data: Source, len: Len) -> bio_status {
    call(&stream, |s| s.write(data.input(&len)?))
}

/// Writes `len` bytes at `offset`; the position stays.
///
/// stream: borrowed for the call.
/// data: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_pwrite(stream: Ref<*mut bio_stream>, data: Source, len: Len, offset: u64) -> bio_status {
    call(&stream, |s| s.pwrite(data.input(&len)?, offset))
}

/// Writes `len` bytes at the end, wherever that is at this moment; the position stays. Appends of several threads do
/// not overwrite each other.
///
/// stream: borrowed for the call.
/// data: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_append(stream: Ref<*mut bio_stream>, data: Source, len: Len) -> bio_status {
    call(&stream, |s| s.append(data.input(&len)?))
}

/// Writes any number of pieces, one behind the other, at the position and moves it: all or nothing. A piece that lies
/// in the stream's own live view is read when its turn comes, after the pieces before it were written.
///
/// stream: borrowed for the call.
/// slices: borrowed for the call: `count` pieces; NULL for none.
/// Errors: NULL_ARG (also a piece with NULL and a length), CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_writev(stream: Ref<*mut bio_stream>, slices: Array<bio_slice>, count: Len) -> bio_status {
    call(&stream, |s| {
        let slices = match slices.elements(&count) {
            Err(Error::Overflow) => return s.refuse(Error::Overflow),
            slices => slices?,
        };
        for slice in slices {
            slice.input()?;
        }
        // Each was found good just above, so no piece is left out here.
        s.write_pieces(slices.iter().filter_map(|slice| slice.input().ok()))
    })
}

/// Writes a snapshot's bytes at the position and moves it; into an empty stream at position 0 without a copy.
///
/// stream: borrowed for the call.
/// snapshot: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_write_snapshot(stream: Ref<*mut bio_stream>, snapshot: Ref<*mut bio_snapshot>) -> bio_status {
    call(&stream, |s| s.write_snapshot(&*snapshot.owner()?))
}

/// Writes `len` times the same byte at the position and moves it.
///
/// stream: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_fill(stream: Ref<*mut bio_stream>, byte: u8, len: usize) -> bio_status {
    call(&stream, |s| s.fill(byte, len))
}
