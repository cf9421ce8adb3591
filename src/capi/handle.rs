//! [`Handle`]: ties each C handle type to exactly one Rust owner.
//!
//! A handle pointer is the owner's single word given out. Only the functions here turn one into the other, and
//! their types admit no mix-up: what was given out as a `bio_snapshot` comes back as a
//! [`Snapshot`] or does not compile.
//!
//! ```compile_fail
//! // A view's pointer cannot be released as a stream: no `Handle` gives `Stream` for a `bio_view`.
//! use bytesio::ffi::{bio_stream, bio_view, release};
//! let view: *mut bio_view = std::ptr::null_mut();
//! unsafe { release::<bio_stream>(view) };
//! ```
//!
//! ```
//! use bytesio::ffi::{bio_view, release};
//! let view: *mut bio_view = std::ptr::null_mut();
//! unsafe { release::<bio_view>(view) };
//! ```

use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::{self, NonNull};

use super::types::{bio_snapshot, bio_stream, bio_view};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::stream::Stream;
use crate::sys::count::Counted;
use crate::view::View;

/// A C handle type, and the one Rust type that owns what it points to.
pub trait Handle: Sized {
    /// One reference.
    type Owner;

    /// The owner as a pointer; its reference is then the C caller's.
    fn give(owner: Self::Owner) -> NonNull<c_void>;

    /// The owner behind a pointer, with its reference.
    ///
    /// # Safety
    /// `ptr` came from [`give`](Self::give), and its reference is taken back once.
    unsafe fn take(ptr: NonNull<c_void>) -> Self::Owner;

    /// One more reference, if the count allows it.
    fn share(owner: &Self::Owner) -> Result<Self::Owner>;

    /// A call with this owner has panicked outside any lock.
    fn poison(_owner: &Self::Owner) {}
}

impl Handle for bio_stream {
    type Owner = Stream;

    fn give(owner: Stream) -> NonNull<c_void> {
        owner.into_raw()
    }
    unsafe fn take(ptr: NonNull<c_void>) -> Stream {
        // SAFETY: passed on from the caller.
        unsafe { Stream::from_raw(ptr) }
    }
    fn share(owner: &Stream) -> Result<Stream> {
        owner.share()
    }
    fn poison(owner: &Stream) {
        owner.poison();
    }
}

impl Handle for bio_snapshot {
    type Owner = Snapshot;

    fn give(owner: Snapshot) -> NonNull<c_void> {
        owner.0.into_raw()
    }
    unsafe fn take(ptr: NonNull<c_void>) -> Snapshot {
        // SAFETY: passed on from the caller.
        Snapshot(unsafe { Counted::from_raw(ptr) })
    }
    fn share(owner: &Snapshot) -> Result<Snapshot> {
        owner.share()
    }
}

impl Handle for bio_view {
    type Owner = View;

    fn give(owner: View) -> NonNull<c_void> {
        owner.0.into_raw()
    }
    unsafe fn take(ptr: NonNull<c_void>) -> View {
        // SAFETY: passed on from the caller.
        View(unsafe { Counted::from_raw(ptr) })
    }
    fn share(owner: &View) -> Result<View> {
        owner.share()
    }
}

/// An owner looked at through a C caller's reference, which it leaves with the caller.
pub struct Borrowed<'a, H: Handle> {
    owner: ManuallyDrop<H::Owner>,
    lives: PhantomData<&'a H>,
}

impl<H: Handle> Deref for Borrowed<'_, H> {
    type Target = H::Owner;

    #[inline]
    fn deref(&self) -> &H::Owner {
        &self.owner
    }
}

/// The owner behind a handle that stays the caller's; `NullArg` for NULL.
///
/// # Safety
/// `handle` is NULL or a live handle of this type, and stays one for the lifetime.
#[inline]
pub unsafe fn borrow<'a, H: Handle>(handle: *const H) -> Result<Borrowed<'a, H>> {
    let ptr = NonNull::new(handle.cast_mut().cast()).ok_or(Error::NullArg)?;
    // SAFETY: what is taken here is never dropped: the reference stays the caller's.
    let owner = ManuallyDrop::new(unsafe { H::take(ptr) });
    Ok(Borrowed { owner, lives: PhantomData })
}

/// Gives an owner's reference to the caller.
pub fn give<H: Handle>(owner: H::Owner) -> *mut H {
    H::give(owner).cast().as_ptr()
}

/// One more reference for the caller; NULL for NULL and where the count is at its end.
///
/// # Safety
/// `handle` is NULL or a live handle of this type.
pub unsafe fn retain<H: Handle>(handle: *mut H) -> *mut H {
    // SAFETY: passed on from the caller.
    let shared = unsafe { borrow(handle) }.and_then(|owner| H::share(&owner));
    shared.map_or(ptr::null_mut(), give::<H>)
}

/// Takes the caller's reference and drops it; NULL does nothing.
///
/// # Safety
/// `handle` is NULL or a live handle of this type, and the caller does not use this reference again.
pub unsafe fn release<H: Handle>(handle: *mut H) {
    if let Some(ptr) = NonNull::new(handle.cast()) {
        // SAFETY: the caller's reference, which it gives up.
        drop(unsafe { H::take(ptr) });
    }
}
