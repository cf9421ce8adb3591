//! Views
//!
//! A live window onto the bytes that a stream had when the view was taken: reads see later writes, and writes are seen
//! by the stream. While a view is alive the stream reads, seeks, gives snapshots and writes within its length; what
//! would change the length gives EXPORTED. A view keeps its bytes when the stream is closed or released.
//!
//! Snapshots under a writable view have to find out what was written through its pointer. The kernel is asked where it
//! can note that, and the bytes are compared where it cannot. Stores and system calls are seen either way.

use std::ptr::{self, NonNull};

use super::guard::{ask, call, or};
use super::handle::{self, Owned, Ref, give};
use super::pointers::Out;
use super::types::{
    BYTESIO_VIEW_PINNED, BYTESIO_VIEW_READONLY, BYTESIO_VIEW_WRITABLE, bio_snapshot, bio_status, bio_stream, bio_view,
};
use crate::error::Error;
use crate::stream::Access;
use crate::view::View;

/// The flags of a view that devices write through.
const PINNED: u32 = BYTESIO_VIEW_WRITABLE | BYTESIO_VIEW_PINNED;

/// Opens a live view of the whole content, an empty one included. A writable view over bytes that a snapshot covers
/// separates the two first, at the cost of an overwrite; a read-only one need not. The address of a writable view never
/// changes.
///
/// stream: borrowed for the call.
/// flags: BYTESIO_VIEW_READONLY or BYTESIO_VIEW_WRITABLE; the latter with BYTESIO_VIEW_PINNED if devices or buffers
/// that are registered with the kernel will write into it, which the kernel does not note.
/// out: receives a view (owned: bio_view_release()).
/// Errors: NULL_ARG, CLOSED, INVALID, BUSY (a writable view while a window is open), NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_getbuffer(stream: Ref<*mut bio_stream>, flags: u32, out: Out<*mut bio_view>) -> bio_status {
    call(&stream, |s| {
        let out = out.place()?;
        let access = match flags {
            BYTESIO_VIEW_READONLY => Access::ReadOnly,
            BYTESIO_VIEW_WRITABLE => Access::Writable,
            PINNED => Access::Pinned,
            _ => return s.refuse(Error::Invalid),
        };
        out.set(give(s.getbuffer(access)?));
        Ok(())
    })
}

/// Gives the address of a view's bytes, for reading. That of a writable view never changes. That of a read-only view
/// may, when a write through the stream, or a writable view being opened, has to separate it from a snapshot or from
/// adopted memory: ask again after that. The address given out before stays readable until the next call for the same
/// view, with the bytes as they were then or have become since.
///
/// view: borrowed for the call.
/// Returns: the first byte's address (borrowed while a reference to the view is held); NULL only for NULL.
/// Threads: any; access through the pointer is the caller's to order.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_view_data(view: Ref<*mut bio_view>) -> *const u8 {
    ask(&view, ptr::null(), |v| v.data().as_ptr().cast_const())
}

/// Gives the address of a writable view's bytes, for reading and writing. It never changes.
///
/// view: borrowed for the call.
/// data: receives the first byte's address (lent for writing while a reference to the view is held); never NULL.
/// Errors: NULL_ARG, READONLY (of a read-only view).
/// Threads: any; access through the pointer is the caller's to order.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_data_mut(view: Ref<*mut bio_view>, data: Out<*mut u8>) -> bio_status {
    call(&view, |v| data.fill(|| v.data_mut().map(NonNull::as_ptr)))
}

/// Gives a view's length, in bytes.
///
/// view: borrowed for the call.
/// Returns: the length; 0 for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_view_len(view: Ref<*const bio_view>) -> usize {
    ask(&view, 0, View::len)
}

/// Says whether a view's bytes may only be read.
///
/// view: borrowed for the call.
/// Returns: true for a read-only view and for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_view_is_readonly(view: Ref<*const bio_view>) -> bool {
    ask(&view, true, View::is_readonly)
}

/// Gives a part of a view as a view of its own, of the same kind. It holds the same export.
///
/// view: borrowed for the call; may be released before the part.
/// out: receives a view (owned: bio_view_release()).
/// Errors: NULL_ARG, RANGE (not within the view), NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_slice(
    view: Ref<*mut bio_view>,
    offset: usize,
    len: usize,
    out: Out<*mut bio_view>,
) -> bio_status {
    call(&view, |v| out.fill(|| v.slice(offset, len).map(give)))
}

/// Gives a read-only view of the same bytes. It holds the same export.
///
/// view: borrowed for the call; may be released before the new one.
/// out: receives a view (owned: bio_view_release()).
/// Errors: NULL_ARG, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_to_readonly(view: Ref<*mut bio_view>, out: Out<*mut bio_view>) -> bio_status {
    call(&view, |v| out.fill(|| v.to_readonly().map(give)))
}

/// Gives the view's bytes as they are now as a snapshot. While a writable view of the stream is alive, and of a fixed
/// stream, it costs what bio_getvalue() does; less than half of the content is copied by itself.
///
/// view: borrowed for the call.
/// out: receives a snapshot (owned: bio_snapshot_release()).
/// Errors: NULL_ARG, NOMEM.
/// Threads: any; raw writes through a view at the same time are the caller's to order.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_view_snapshot(view: Ref<*mut bio_view>, out: Out<*mut bio_snapshot>) -> bio_status {
    call(&view, |v| out.fill(|| v.snapshot().map(give)))
}

/// Adds a reference to a view.
///
/// view: borrowed for the call; NULL gives NULL.
/// Returns: the same view (owned: bio_view_release()), or NULL should the count be at its end.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_view_retain(view: Ref<*mut bio_view>) -> *mut bio_view {
    or(ptr::null_mut(), || handle::retain(&view))
}

/// Gives a reference up. The export ends with the last one to the view and to the views made from it.
///
/// view: consumed: the caller's reference is gone after the call; NULL does nothing.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_view_release(view: Owned<bio_view>) {
    or((), || handle::release(view));
}
