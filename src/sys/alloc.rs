//! Fallible allocation: the C library's malloc or the caller's own three functions.
//!
//! Everything the library allocates comes through here, handles included, so that running out of memory is
//! an error like any other and never reaches Rust's aborting paths.

use std::alloc::Layout;
use std::ffi::c_void;
use std::ptr::NonNull;

use super::malloc;
use crate::error::{Error, Result};

/// `allocate(ctx, size, align)`: new memory, or NULL. `size` is never 0, `align` is a power of two.
pub type AllocateFn = unsafe extern "C" fn(ctx: *mut c_void, size: usize, align: usize) -> *mut c_void;

/// `reallocate(ctx, ptr, old_size, new_size, align)`: the same bytes in `new_size`, or NULL with `ptr` intact.
pub type ReallocateFn = unsafe extern "C" fn(
    ctx: *mut c_void,
    ptr: *mut c_void,
    old_size: usize,
    new_size: usize,
    align: usize,
) -> *mut c_void;

/// `deallocate(ctx, ptr, size, align)`: gives back what one of the other two returned.
pub type DeallocateFn = unsafe extern "C" fn(ctx: *mut c_void, ptr: *mut c_void, size: usize, align: usize);

#[derive(Clone, Copy)]
struct Hooks {
    allocate: AllocateFn,
    reallocate: Option<ReallocateFn>,
    deallocate: DeallocateFn,
    ctx: *mut c_void,
}

/// Where memory comes from. Copied into each handle and block, so that each can free itself.
#[derive(Clone, Copy)]
pub struct Allocator(Option<Hooks>);

// SAFETY: `from_hooks` demands functions and a context that any thread may use.
unsafe impl Send for Allocator {}
// SAFETY: as above.
unsafe impl Sync for Allocator {}

impl Default for Allocator {
    fn default() -> Self {
        Self::SYSTEM
    }
}

impl Allocator {
    /// The C library's `malloc` and its kin.
    pub const SYSTEM: Self = Self(None);

    /// The caller's own functions; without `reallocate`, growth is allocate, copy, deallocate.
    ///
    /// # Safety
    /// The functions must keep the rules given at their types, may be called from any thread with `ctx`
    /// until everything allocated through them is freed, must not unwind and must not call the library with
    /// the stream on whose behalf they run.
    pub unsafe fn from_hooks(
        allocate: AllocateFn,
        reallocate: Option<ReallocateFn>,
        deallocate: DeallocateFn,
        ctx: *mut c_void,
    ) -> Self {
        Self(Some(Hooks { allocate, reallocate, deallocate, ctx }))
    }

    /// Whether this is malloc, so that memory may as well come from the system itself.
    pub(crate) fn is_system(&self) -> bool {
        self.0.is_none()
    }

    /// New, uninitialised memory; `layout` must not be of size zero, nor aligned better than malloc aligns.
    pub(crate) fn allocate(&self, layout: Layout) -> Result<NonNull<u8>> {
        debug_assert!(layout.size() > 0 && layout.align() <= malloc::ALIGN);
        let new = match &self.0 {
            None => malloc::allocate(layout.size()),
            // SAFETY: `from_hooks` promises that the hook may be called so.
            Some(h) => NonNull::new(unsafe { (h.allocate)(h.ctx, layout.size(), layout.align()) }.cast()),
        };
        new.ok_or(Error::NoMem)
    }

    /// The same bytes in a run of `new_size`; on failure the old run stays as it was.
    ///
    /// # Safety
    /// `ptr` came from this allocator with `old`, and `new_size` is neither zero nor above `isize::MAX`.
    pub(crate) unsafe fn reallocate(&self, ptr: NonNull<u8>, old: Layout, new_size: usize) -> Result<NonNull<u8>> {
        let new = match &self.0 {
            // SAFETY: passed on from the caller.
            None => unsafe { malloc::reallocate(ptr, new_size) },
            Some(Hooks { reallocate: Some(reallocate), ctx, .. }) => {
                // SAFETY: passed on from the caller; the hook's rules are `from_hooks`'s.
                NonNull::new(unsafe { reallocate(*ctx, ptr.as_ptr().cast(), old.size(), new_size, old.align()) }.cast())
            }
            Some(_) => {
                let layout = Layout::from_size_align(new_size, old.align()).map_err(|_| Error::NoMem)?;
                let new = self.allocate(layout)?;
                // SAFETY: both runs hold at least the smaller size and are distinct; the old one is not
                // used again.
                unsafe {
                    new.copy_from_nonoverlapping(ptr, old.size().min(new_size));
                    self.deallocate(ptr, old);
                }
                return Ok(new);
            }
        };
        new.ok_or(Error::NoMem)
    }

    /// Gives memory back.
    ///
    /// # Safety
    /// `ptr` came from this allocator with `layout` and is not used again.
    pub(crate) unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        match &self.0 {
            // SAFETY: passed on from the caller.
            None => unsafe { malloc::free(ptr) },
            // SAFETY: passed on from the caller.
            Some(h) => unsafe { (h.deallocate)(h.ctx, ptr.as_ptr().cast(), layout.size(), layout.align()) },
        }
    }
}
