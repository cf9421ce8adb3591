//! The C library's allocator, asked directly: what comes from here may go to free(3), and the other way round.
//!
//! Rust's global allocator would not do. Whoever uses this crate from Rust may have chosen another, and on Windows it
//! is not malloc to begin with.

use std::ffi::c_void;
use std::ptr::NonNull;

/// What malloc aligns memory to, for everything that is not smaller than that itself.
pub(crate) const ALIGN: usize = 2 * size_of::<usize>();

/// New, uninitialised memory of a size that is not zero.
#[inline]
pub(crate) fn allocate(size: usize) -> Option<NonNull<u8>> {
    // SAFETY: any size may be asked for.
    NonNull::new(unsafe { libc::malloc(size) }.cast())
}

/// The same bytes in `new_size`, perhaps elsewhere; on failure the memory stays as it was.
///
/// # Safety
/// `ptr` came from malloc and is not used again on success, and `new_size` is not zero.
#[inline]
pub(crate) unsafe fn reallocate(ptr: NonNull<u8>, new_size: usize) -> Option<NonNull<u8>> {
    // SAFETY: passed on from the caller.
    NonNull::new(unsafe { libc::realloc(ptr.as_ptr().cast::<c_void>(), new_size) }.cast())
}

/// Gives memory back.
///
/// # Safety
/// `ptr` came from malloc and is not used again.
#[inline]
pub(crate) unsafe fn free(ptr: NonNull<u8>) {
    // SAFETY: passed on from the caller.
    unsafe { libc::free(ptr.as_ptr().cast::<c_void>()) }
}
