//! The C library's allocator, asked directly: what comes from here may go to free(3), and the other way round.
//!
//! Rust's global allocator would not do. Whoever uses this crate from Rust may have chosen another, and on Windows it
//! is not malloc to begin with.

use std::ffi::c_void;
use std::ops::Deref;
use std::ptr::NonNull;

use super::memory::Input;
use crate::error::{Error, Result};

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

/// Bytes in memory from malloc. Dropped, it is freed; given out by [`into_raw`](Self::into_raw), it is free(3)'s.
pub struct MallocBytes {
    /// None for no bytes.
    ptr: Option<NonNull<u8>>,
    len: usize,
}

// SAFETY: as for Vec: the memory is this one's alone, and any thread may free it.
unsafe impl Send for MallocBytes {}
// SAFETY: as above.
unsafe impl Sync for MallocBytes {}

impl MallocBytes {
    /// A copy of what `input` gives.
    pub(crate) fn copied(input: Input<'_>) -> Result<Self> {
        let len = input.len();
        if len == 0 {
            return Ok(Self { ptr: None, len });
        }
        let ptr = allocate(len).ok_or(Error::NoMem)?;
        // SAFETY: fresh memory of this length.
        unsafe { input.copy_to(ptr.as_ptr()) };
        Ok(Self { ptr: Some(ptr), len })
    }

    /// Takes memory over.
    ///
    /// # Safety
    /// `ptr` came from malloc, its first `len` bytes are initialised, and nobody else uses it.
    pub(crate) unsafe fn from_raw(ptr: NonNull<u8>, len: usize) -> Self {
        Self { ptr: Some(ptr), len }
    }

    /// Address and length, for somebody who frees it; NULL for no bytes.
    pub fn into_raw(self) -> (*mut c_void, usize) {
        let this = std::mem::ManuallyDrop::new(self);
        (this.ptr.map_or(std::ptr::null_mut(), |ptr| ptr.as_ptr().cast()), this.len)
    }
}

impl Deref for MallocBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `len` initialised bytes of this one's own.
        self.ptr.map_or(&[], |ptr| unsafe { std::slice::from_raw_parts(ptr.as_ptr(), self.len) })
    }
}

impl Drop for MallocBytes {
    fn drop(&mut self) {
        if let Some(ptr) = self.ptr {
            // SAFETY: from malloc, and this one's own.
            unsafe { free(ptr) }
        }
    }
}
