//! Writing
//!
//! Over what is there and beyond the end. A gap between the end and the position becomes zeros; writing no
//! bytes changes nothing, so it fills no gap. A source may lie in one of the stream's own snapshots or views.
//! While a view is alive, what would change the length gives EXPORTED. On any error nothing is written.

use std::ffi::c_void;

use super::guard::{call, fast};
use super::handle::borrow;
use super::pointers::{address, input};
use super::types::{bio_slice, bio_snapshot, bio_status, bio_stream};
use crate::error::{BYTESIO_OK, Error};
use crate::storage::{Input, is_leaf};

/// Writes `len` bytes at the position and moves it.
///
/// stream: borrowed for the call.
/// data: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_write(stream: *mut bio_stream, data: *const c_void, len: usize) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { if is_leaf(len) { write_either(stream, data, len) } else { write_long(stream, data, len) } }
}

/// Both doors of a write.
///
/// # Safety
/// As for [`bio_write`].
#[inline(always)]
unsafe fn write_either(stream: *mut bio_stream, data: *const c_void, len: usize) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe {
        let done = fast(stream, |s| s.write_fast(input(data, len).ok()?));
        if done { BYTESIO_OK } else { write_slow(stream, data, len) }
    }
}

/// Apart, so that the frame that a call of memmove needs is not made for short writes too.
///
/// # Safety
/// As for [`bio_write`].
#[inline(never)]
unsafe extern "C" fn write_long(stream: *mut bio_stream, data: *const c_void, len: usize) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe { write_either(stream, data, len) }
}

/// # Safety
/// As for [`bio_write`].
#[inline(never)]
unsafe extern "C" fn write_slow(stream: *mut bio_stream, data: *const c_void, len: usize) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe { call(stream, |s| s.write(input(data, len)?)) }
}

/// Writes `len` bytes at `offset`; the position stays.
///
/// stream: borrowed for the call.
/// data: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_pwrite(
    stream: *mut bio_stream,
    data: *const c_void,
    len: usize,
    offset: u64,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { call(stream, |s| s.pwrite(input(data, len)?, offset)) }
}

/// Writes any number of pieces, one behind the other, at the position and moves it: all or nothing. A piece that lies in the
/// stream's own live view is read when its turn comes, after the pieces before it were written.
///
/// stream: borrowed for the call.
/// slices: `count` pieces, borrowed for the call; NULL for none.
/// Errors: NULL_ARG (also a piece with NULL and a length), CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_writev(stream: *mut bio_stream, slices: *const bio_slice, count: usize) -> bio_status {
    // SAFETY: as the header demands.
    unsafe {
        call(stream, |s| {
            let slices = match super::pointers::array(slices, count) {
                Err(Error::Overflow) => return s.refuse(Error::Overflow),
                slices => slices?,
            };
            for slice in slices {
                address(slice.data, slice.len)?;
            }
            // Every address was found good just above, so no piece is left out here.
            s.write_pieces(slices.iter().filter_map(|slice| -> Option<Input<'_>> { input(slice.data, slice.len).ok() }))
        })
    }
}

/// Writes a snapshot's bytes at the position and moves it; into an empty stream at position 0 without a copy.
///
/// stream: borrowed for the call.
/// snapshot: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_write_snapshot(stream: *mut bio_stream, snapshot: *mut bio_snapshot) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { call(stream, |s| s.write_snapshot(&*borrow(snapshot)?)) }
}

/// Writes `len` times the same byte at the position and moves it.
///
/// stream: borrowed for the call.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_fill(stream: *mut bio_stream, byte: u8, len: usize) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { call(stream, |s| s.fill(byte, len)) }
}
