//! Searching
//!
//! The same six for snapshots and views. Offsets count from the beginning of the snapshot or view, in bytes.

use std::ffi::c_void;

use super::guard::call;
use super::handle::Handle;
use super::pointers::{array, out};
use super::types::{bio_snapshot, bio_status, bio_view};
use crate::error::Result;
use crate::search::Search;

/// The header's BYTESIO_NOT_FOUND.
const NOT_FOUND: usize = usize::MAX;

/// # Safety
/// `handle` is NULL or a live handle; `data` is NULL or readable for `len` bytes; `result` is NULL or valid.
unsafe fn search<H: Handle, R>(
    handle: *const H,
    data: *const c_void,
    len: usize,
    result: *mut R,
    f: impl FnOnce(&H::Owner, &[u8]) -> R,
) -> bio_status {
    // SAFETY: passed on from the caller.
    unsafe {
        call(handle, |owner| -> Result<()> {
            let (result, data) = (out(result)?, array(data.cast::<u8>(), len)?);
            result.set(f(owner, data));
            Ok(())
        })
    }
}

/// Finds the first occurrence of `needle` that begins at or after `start`.
///
/// snapshot: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_snapshot_find(
    snapshot: *const bio_snapshot,
    needle: *const c_void,
    len: usize,
    start: usize,
    at: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(snapshot, needle, len, at, |s, needle| s.find(needle, start).unwrap_or(NOT_FOUND)) }
}

/// Finds the last occurrence of `needle` that begins at or after `start`; to bound the end, search a slice.
///
/// snapshot: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_snapshot_rfind(
    snapshot: *const bio_snapshot,
    needle: *const c_void,
    len: usize,
    start: usize,
    at: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(snapshot, needle, len, at, |s, needle| s.rfind(needle, start).unwrap_or(NOT_FOUND)) }
}

/// Counts the occurrences of `needle` that do not overlap; an empty one occurs once more than there are bytes.
///
/// snapshot: borrowed for the call.
/// needle: borrowed for the call.
/// count: receives the number.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_snapshot_count(
    snapshot: *const bio_snapshot,
    needle: *const c_void,
    len: usize,
    count: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(snapshot, needle, len, count, |s, needle| s.count(needle)) }
}

/// Compares all bytes with `data`, as memcmp() does; where one begins the other, the shorter is less.
///
/// snapshot: borrowed for the call.
/// data: borrowed for the call.
/// order: receives -1, 0 or 1.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_snapshot_compare(
    snapshot: *const bio_snapshot,
    data: *const c_void,
    len: usize,
    order: *mut i32,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(snapshot, data, len, order, |s, data| s.compare(data) as i32) }
}

/// Says whether the bytes begin with `data`.
///
/// snapshot: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_snapshot_starts_with(
    snapshot: *const bio_snapshot,
    data: *const c_void,
    len: usize,
    result: *mut bool,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(snapshot, data, len, result, |s, data| s.starts_with(data)) }
}

/// Says whether the bytes end with `data`.
///
/// snapshot: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_snapshot_ends_with(
    snapshot: *const bio_snapshot,
    data: *const c_void,
    len: usize,
    result: *mut bool,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(snapshot, data, len, result, |s, data| s.ends_with(data)) }
}

/// Finds the first occurrence of `needle` that begins at or after `start`.
///
/// view: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_view_find(
    view: *const bio_view,
    needle: *const c_void,
    len: usize,
    start: usize,
    at: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(view, needle, len, at, |s, needle| s.find(needle, start).unwrap_or(NOT_FOUND)) }
}

/// Finds the last occurrence of `needle` that begins at or after `start`; to bound the end, search a slice.
///
/// view: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_view_rfind(
    view: *const bio_view,
    needle: *const c_void,
    len: usize,
    start: usize,
    at: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(view, needle, len, at, |s, needle| s.rfind(needle, start).unwrap_or(NOT_FOUND)) }
}

/// Counts the occurrences of `needle` that do not overlap; an empty one occurs once more than there are bytes.
///
/// view: borrowed for the call.
/// needle: borrowed for the call.
/// count: receives the number.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_view_count(
    view: *const bio_view,
    needle: *const c_void,
    len: usize,
    count: *mut usize,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(view, needle, len, count, |s, needle| s.count(needle)) }
}

/// Compares all bytes with `data`, as memcmp() does; where one begins the other, the shorter is less.
///
/// view: borrowed for the call.
/// data: borrowed for the call.
/// order: receives -1, 0 or 1.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_view_compare(
    view: *const bio_view,
    data: *const c_void,
    len: usize,
    order: *mut i32,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(view, data, len, order, |s, data| s.compare(data) as i32) }
}

/// Says whether the bytes begin with `data`.
///
/// view: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_view_starts_with(
    view: *const bio_view,
    data: *const c_void,
    len: usize,
    result: *mut bool,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(view, data, len, result, |s, data| s.starts_with(data)) }
}

/// Says whether the bytes end with `data`.
///
/// view: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn bio_view_ends_with(
    view: *const bio_view,
    data: *const c_void,
    len: usize,
    result: *mut bool,
) -> bio_status {
    // SAFETY: as the header demands.
    unsafe { search(view, data, len, result, |s, data| s.ends_with(data)) }
}
