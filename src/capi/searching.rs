//! Searching
//!
//! The same six for snapshots and views. Offsets count from the beginning of the snapshot or view, in bytes.

use super::guard::call;
use super::handle::{Handle, Pointer, Ref};
use super::pointers::{Len, Needle, Out};
use super::types::{bio_snapshot, bio_status, bio_view};
use crate::search::Search;

/// The header's BYTESIO_NOT_FOUND.
const NOT_FOUND: usize = usize::MAX;

fn search<P: Pointer, R>(
    handle: &Ref<P>,
    data: &Needle,
    len: &Len,
    result: &Out<R>,
    f: impl FnOnce(&<P::Handle as Handle>::Owner, &[u8]) -> R,
) -> bio_status {
    call(handle, |owner| result.fill(|| Ok(f(owner, data.bytes(len)?))))
}

/// Finds the first occurrence of `needle` that begins at or after `start`.
///
/// snapshot: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_find(
    snapshot: Ref<*const bio_snapshot>,
    needle: Needle,
    len: Len,
    start: usize,
    at: Out<usize>,
) -> bio_status {
    search(&snapshot, &needle, &len, &at, |s, needle| s.find(needle, start).unwrap_or(NOT_FOUND))
}

/// Finds the last occurrence of `needle` that begins at or after `start`; to bound the end, search a slice.
///
/// snapshot: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_rfind(
    snapshot: Ref<*const bio_snapshot>,
    needle: Needle,
    len: Len,
    start: usize,
    at: Out<usize>,
) -> bio_status {
    search(&snapshot, &needle, &len, &at, |s, needle| s.rfind(needle, start).unwrap_or(NOT_FOUND))
}

/// Counts the occurrences of `needle` that do not overlap; an empty one occurs once more than there are bytes.
///
/// snapshot: borrowed for the call.
/// needle: borrowed for the call.
/// count: receives the number.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_count(
    snapshot: Ref<*const bio_snapshot>,
    needle: Needle,
    len: Len,
    count: Out<usize>,
) -> bio_status {
    search(&snapshot, &needle, &len, &count, |s, needle| s.count(needle))
}

/// Compares all bytes with `data`, as memcmp() does; where one begins the other, the shorter is less.
///
/// snapshot: borrowed for the call.
/// data: borrowed for the call.
/// order: receives -1, 0 or 1.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_compare(
    snapshot: Ref<*const bio_snapshot>,
    data: Needle,
    len: Len,
    order: Out<i32>,
) -> bio_status {
    search(&snapshot, &data, &len, &order, |s, data| s.compare(data) as i32)
}

/// Says whether the bytes begin with `data`.
///
/// snapshot: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_starts_with(
    snapshot: Ref<*const bio_snapshot>,
    data: Needle,
    len: Len,
    result: Out<bool>,
) -> bio_status {
    search(&snapshot, &data, &len, &result, |s, data| s.starts_with(data))
}

/// Says whether the bytes end with `data`.
///
/// snapshot: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_ends_with(
    snapshot: Ref<*const bio_snapshot>,
    data: Needle,
    len: Len,
    result: Out<bool>,
) -> bio_status {
    search(&snapshot, &data, &len, &result, |s, data| s.ends_with(data))
}

/// Finds the first occurrence of `needle` that begins at or after `start`.
///
/// view: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_find(
    view: Ref<*const bio_view>,
    needle: Needle,
    len: Len,
    start: usize,
    at: Out<usize>,
) -> bio_status {
    search(&view, &needle, &len, &at, |s, needle| s.find(needle, start).unwrap_or(NOT_FOUND))
}

/// Finds the last occurrence of `needle` that begins at or after `start`; to bound the end, search a slice.
///
/// view: borrowed for the call.
/// needle: borrowed for the call; an empty one is found everywhere.
/// start: in bytes from the beginning.
/// at: receives the offset in bytes, or BYTESIO_NOT_FOUND: a miss is no error.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_rfind(
    view: Ref<*const bio_view>,
    needle: Needle,
    len: Len,
    start: usize,
    at: Out<usize>,
) -> bio_status {
    search(&view, &needle, &len, &at, |s, needle| s.rfind(needle, start).unwrap_or(NOT_FOUND))
}

/// Counts the occurrences of `needle` that do not overlap; an empty one occurs once more than there are bytes.
///
/// view: borrowed for the call.
/// needle: borrowed for the call.
/// count: receives the number.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_count(
    view: Ref<*const bio_view>,
    needle: Needle,
    len: Len,
    count: Out<usize>,
) -> bio_status {
    search(&view, &needle, &len, &count, |s, needle| s.count(needle))
}

/// Compares all bytes with `data`, as memcmp() does; where one begins the other, the shorter is less.
///
/// view: borrowed for the call.
/// data: borrowed for the call.
/// order: receives -1, 0 or 1.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_compare(view: Ref<*const bio_view>, data: Needle, len: Len, order: Out<i32>) -> bio_status {
    search(&view, &data, &len, &order, |s, data| s.compare(data) as i32)
}

/// Says whether the bytes begin with `data`.
///
/// view: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_starts_with(
    view: Ref<*const bio_view>,
    data: Needle,
    len: Len,
    result: Out<bool>,
) -> bio_status {
    search(&view, &data, &len, &result, |s, data| s.starts_with(data))
}

/// Says whether the bytes end with `data`.
///
/// view: borrowed for the call.
/// data: borrowed for the call.
/// result: receives the answer.
/// Errors: NULL_ARG, OVERFLOW.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_ends_with(
    view: Ref<*const bio_view>,
    data: Needle,
    len: Len,
    result: Out<bool>,
) -> bio_status {
    search(&view, &data, &len, &result, |s, data| s.ends_with(data))
}
