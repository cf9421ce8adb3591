//! Snapshots
//!
//! The bytes of a snapshot will not change, move or shrink while a reference to it is held, whatever becomes of the
//! stream. Taking one copies nothing. The stream's first write over bytes that a held snapshot covers may copy the
//! bytes that are kept. Where that happens again and again it copies only what has changed: into memory that earlier
//! snapshots have let go, and which the stream keeps for this, or, in a mapped block, page by page.

use std::ffi::c_void;
use std::ptr;

use super::guard::{ask, call, guard, or};
use super::handle::{self, Owned, Ref, give};
use super::pointers::{Len, Lent, Out, Source};
use super::types::{bio_release_fn, bio_snapshot, bio_status, bio_stream};
use crate::snapshot::Snapshot;

/// Gives the whole content as a snapshot, whatever the position: no copy, whatever the size. Twice without a change in
/// between gives the same snapshot, counted up. While a writable view is alive, and of a fixed stream, the first two
/// copy everything, later ones only what has changed since; to find that out costs less from 512 KiB on (Linux 6.7),
/// where the kernel notes which pages are written.
///
/// stream: borrowed for the call.
/// out: receives a snapshot (owned: bio_snapshot_release()).
/// Errors: NULL_ARG, CLOSED, NOMEM.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_getvalue(stream: Ref<*mut bio_stream>, out: Out<*mut bio_snapshot>) -> bio_status {
    call(&stream, |s| out.fill(|| s.getvalue().map(give)))
}

/// Makes a snapshot that holds a copy of `len` bytes.
///
/// data: borrowed for the call.
/// out: receives a snapshot (owned: bio_snapshot_release()).
/// Errors: NULL_ARG, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_new(data: Source, len: Len, out: Out<*mut bio_snapshot>) -> bio_status {
    guard(|| out.fill(|| Snapshot::copied(data.input(&len)?).map(give)))
}

/// Makes a snapshot of foreign memory, without a copy.
///
/// data: lent until `release` is called; must not change meanwhile.
/// release: lent until it has returned: it is called exactly once, as release(ctx, data, len), as soon as nothing needs
/// the memory, with no lock held, on the thread that let go last; NULL for memory that needs no release. On failure it
/// is not called, and the memory is the caller's as before.
/// ctx: lent until `release` has returned; passed to it, and may be NULL.
/// out: receives a snapshot (owned: bio_snapshot_release()).
/// Errors: NULL_ARG, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_adopt(
    data: Lent<*const c_void>,
    len: Len,
    release: bio_release_fn,
    ctx: *mut c_void,
    out: Out<*mut bio_snapshot>,
) -> bio_status {
    guard(|| {
        out.fill(|| {
            // SAFETY: lent for reading until `release` is called, as the text above demands.
            unsafe { Snapshot::adopt(data.address(&len)?, len.get(), release, ctx) }.map(give)
        })
    })
}

/// Gives the address of a snapshot's bytes. They need not end with a NUL.
///
/// snapshot: borrowed for the call.
/// Returns: the first byte's address (borrowed while a reference to the snapshot is held); NULL only for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_snapshot_data(snapshot: Ref<*const bio_snapshot>) -> *const u8 {
    ask(&snapshot, ptr::null(), |s| s.as_ptr())
}

/// Gives a snapshot's length, in bytes.
///
/// snapshot: borrowed for the call.
/// Returns: the length; 0 for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_snapshot_len(snapshot: Ref<*const bio_snapshot>) -> usize {
    ask(&snapshot, 0, |s| s.len())
}

/// Gives a part of a snapshot as a snapshot of its own, without a copy.
///
/// snapshot: borrowed for the call; may be released before the part.
/// out: receives a snapshot (owned: bio_snapshot_release()).
/// Errors: NULL_ARG, RANGE (not within the snapshot), NOMEM.
/// Threads: any.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_slice(
    snapshot: Ref<*mut bio_snapshot>,
    offset: usize,
    len: usize,
    out: Out<*mut bio_snapshot>,
) -> bio_status {
    call(&snapshot, |s| out.fill(|| s.slice(offset, len).map(give)))
}

/// Turns a snapshot into a stream at position 0. If the caller's was the last reference to the bytes, not even the
/// stream's changes copy them; of a slice that does not begin where its stream did, and of adopted memory, the first
/// one does; of bytes that a large stream has meanwhile left behind it may.
///
/// snapshot: consumed on success: the caller's reference is gone; on an error it stays.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG, NOMEM.
/// Threads: any.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_snapshot_into_stream(snapshot: Owned<bio_snapshot>, out: Out<*mut bio_stream>) -> bio_status {
    guard(|| {
        out.fill(|| {
            snapshot.take()?.into_stream().map(give).map_err(|(owner, error)| {
                // The reference is the caller's as before.
                give::<bio_snapshot>(owner);
                error
            })
        })
    })
}

/// Adds a reference to a snapshot.
///
/// snapshot: borrowed for the call; NULL gives NULL.
/// Returns: the same snapshot (owned: bio_snapshot_release()), or NULL should the count be at its end.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_snapshot_retain(snapshot: Ref<*mut bio_snapshot>) -> *mut bio_snapshot {
    or(ptr::null_mut(), || handle::retain(&snapshot))
}

/// Gives a reference up; the bytes go with the last one that needs them.
///
/// snapshot: consumed: the caller's reference is gone after the call; NULL does nothing.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_snapshot_release(snapshot: Owned<bio_snapshot>) {
    or((), || handle::release(snapshot));
}
