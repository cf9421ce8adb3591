//! The heap kind: memory from the stream's allocator.

use std::alloc::Layout;
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::sys::alloc::Allocator;
use crate::sys::malloc::ALIGN;

/// Aligned as malloc aligns: good for any C type that a caller lays into a window.
fn layout(capacity: usize) -> Result<Layout> {
    Layout::from_size_align(capacity, ALIGN).map_err(|_| Error::Overflow)
}

pub(in crate::storage) fn allocate(capacity: usize, allocator: Allocator) -> Result<NonNull<u8>> {
    allocator.allocate(layout(capacity)?)
}

/// # Safety
/// `data` came from here with `old` as its capacity and the same allocator; nobody else uses it.
pub(in crate::storage) unsafe fn resize(
    data: NonNull<u8>,
    old: usize,
    new: usize,
    allocator: Allocator,
) -> Result<NonNull<u8>> {
    layout(new)?;
    // SAFETY: passed on from the caller; the new size was checked just now.
    unsafe { allocator.reallocate(data, layout(old)?, new) }
}

/// # Safety
/// `data` came from here with this capacity and allocator, and is not used again.
pub(in crate::storage) unsafe fn free(data: NonNull<u8>, capacity: usize, allocator: Allocator) {
    // SAFETY: passed on from the caller; `allocate` has had the same layout.
    unsafe { allocator.deallocate(data, Layout::from_size_align_unchecked(capacity, ALIGN)) }
}
