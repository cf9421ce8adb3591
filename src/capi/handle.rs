//! [`Handle`]: ties each C handle type to exactly one Rust owner.
//!
//! A handle pointer is the owner's single word given out. Only the functions here turn one into the other, and
//! their types admit no mix-up: what was given out as a `bio_snapshot` comes back as a
//! [`Snapshot`] or does not compile.
//!
//! ```compile_fail
//! // A view's pointer cannot be released as a stream: no `Handle` gives `Stream` for a `bio_view`.
//! use bytesio::ffi::{Owned, bio_stream, bio_view, release};
//! let view = unsafe { Owned::<bio_view>::new(std::ptr::null_mut()) };
//! release::<bio_stream>(view);
//! ```
//!
//! ```
//! use bytesio::ffi::{Owned, bio_view, release};
//! let view = unsafe { Owned::<bio_view>::new(std::ptr::null_mut()) };
//! release::<bio_view>(view);
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

/// A raw pointer to a handle; constness is for C callers to read, and nothing here.
pub trait Pointer {
    /// What it points to.
    type Handle: Handle;

    /// The owner's single word, unless the pointer is NULL.
    fn word(&self) -> Option<NonNull<c_void>>;
}

impl<H: Handle> Pointer for *const H {
    type Handle = H;

    #[inline(always)]
    fn word(&self) -> Option<NonNull<c_void>> {
        NonNull::new(self.cast_mut().cast())
    }
}

impl<H: Handle> Pointer for *mut H {
    type Handle = H;

    #[inline(always)]
    fn word(&self) -> Option<NonNull<c_void>> {
        NonNull::new(self.cast())
    }
}

/// A parameter: NULL, or a live handle that stays one for the call; the reference stays the caller's.
#[repr(transparent)]
pub struct Ref<P>(P);

impl<P: Pointer> Ref<P> {
    /// # Safety
    /// The pointer keeps the type's promise for as long as the value is used.
    #[cfg(all(test, not(loom)))]
    pub unsafe fn new(ptr: P) -> Self {
        Self(ptr)
    }

    /// The owner behind the handle; `NullArg` for NULL.
    #[inline(always)]
    pub fn owner(&self) -> Result<Borrowed<'_, P::Handle>> {
        let word = self.0.word().ok_or(Error::NullArg)?;
        // SAFETY: a live handle by the type's promise. What is taken here is never dropped: the reference stays the
        // caller's.
        let owner = ManuallyDrop::new(unsafe { P::Handle::take(word) });
        Ok(Borrowed { owner, lives: PhantomData })
    }
}

/// A parameter: NULL, or a live handle whose reference the caller gives up where the function's text says so.
#[repr(transparent)]
pub struct Owned<H>(*mut H);

impl<H: Handle> Owned<H> {
    /// # Safety
    /// The pointer keeps the type's promise.
    pub unsafe fn new(ptr: *mut H) -> Self {
        Self(ptr)
    }

    /// The owner, with the caller's reference; `NullArg` for NULL.
    pub fn take(self) -> Result<H::Owner> {
        let word = self.0.word().ok_or(Error::NullArg)?;
        // SAFETY: a live handle by the type's promise, whose reference is taken once, since `self` is gone.
        Ok(unsafe { H::take(word) })
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

/// Gives an owner's reference to the caller.
pub fn give<H: Handle>(owner: H::Owner) -> *mut H {
    H::give(owner).cast().as_ptr()
}

/// One more reference for the caller; NULL for NULL and where the count is at its end.
pub fn retain<H: Handle>(handle: &Ref<*mut H>) -> *mut H {
    handle.owner().and_then(|owner| H::share(&owner)).map_or(ptr::null_mut(), give)
}

/// Takes the caller's reference and drops it; NULL does nothing.
pub fn release<H: Handle>(handle: Owned<H>) {
    drop(handle.take());
}
