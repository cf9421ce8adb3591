//! [`Owned`] and [`Words`]: a value and a row of numbers in memory from an [`Allocator`], made without ever aborting.

use std::alloc::Layout;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::alloc::Allocator;
use super::malloc;
use crate::error::{Error, Result};

/// A value behind one pointer.
pub(crate) struct Owned<T>(NonNull<Raw<T>>);

/// What an [`Owned`] points to.
pub(crate) struct Raw<T> {
    value: T,
    allocator: Allocator,
}

// SAFETY: as for Box: the value is this one's alone.
unsafe impl<T: Send> Send for Owned<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Owned<T> {}

impl<T> Owned<T> {
    /// Moves `value` into memory of its own. On failure it is dropped.
    pub(crate) fn new(value: T, allocator: Allocator) -> Result<Self> {
        const { assert!(align_of::<Raw<T>>() <= malloc::ALIGN) }
        let ptr = allocator.allocate(Layout::new::<Raw<T>>())?.cast();
        // SAFETY: fresh memory of this very layout.
        unsafe { ptr.write(Raw { value, allocator }) };
        Ok(Self(ptr))
    }

    /// Gives the value out, to be taken back by [`from_raw`](Self::from_raw).
    pub(crate) fn into_raw(self) -> NonNull<Raw<T>> {
        std::mem::ManuallyDrop::new(self).0
    }

    /// Takes a value back.
    ///
    /// # Safety
    /// `ptr` came from [`into_raw`](Self::into_raw), and is taken back once.
    pub(crate) unsafe fn from_raw(ptr: NonNull<Raw<T>>) -> Self {
        Self(ptr)
    }

    /// Looks at a value that is given out.
    ///
    /// # Safety
    /// `ptr` came from [`into_raw`](Self::into_raw), and is not taken back, nor the value changed, in the lifetime.
    pub(crate) unsafe fn peek<'a>(ptr: NonNull<Raw<T>>) -> &'a T {
        // SAFETY: initialised by `new`; the rest is the caller's promise.
        unsafe { &ptr.as_ref().value }
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: initialised by `new`, and this one's own.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T> DerefMut for Owned<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut self.0.as_mut().value }
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: dropped once, and then given back with the layout it was made with.
        unsafe {
            let allocator = self.0.as_ref().allocator;
            self.0.drop_in_place();
            allocator.deallocate(self.0.cast(), Layout::new::<Raw<T>>());
        }
    }
}

/// A row of numbers, zeros at first.
pub(crate) struct Words {
    ptr: NonNull<u32>,
    len: usize,
    allocator: Allocator,
}

// SAFETY: plain numbers in memory of its own.
unsafe impl Send for Words {}
// SAFETY: as above.
unsafe impl Sync for Words {}

impl Words {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize, allocator: Allocator) -> Result<Self> {
        let mut ptr = NonNull::dangling();
        if len > 0 {
            ptr = allocator.allocate(Self::layout(len)?)?.cast();
            // SAFETY: fresh memory for `len` numbers.
            unsafe { ptr.write_bytes(0, len) };
        }
        Ok(Self { ptr, len, allocator })
    }

    fn layout(len: usize) -> Result<Layout> {
        Layout::array::<u32>(len).map_err(|_| Error::Overflow)
    }
}

impl Deref for Words {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        // SAFETY: `len` numbers, all initialised.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [u32] {
        // SAFETY: as above, and this one's own.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if self.len > 0
            && let Ok(layout) = Self::layout(self.len)
        {
            // SAFETY: allocated with this layout, which was a valid one then too.
            unsafe { self.allocator.deallocate(self.ptr.cast(), layout) }
        }
    }
}
