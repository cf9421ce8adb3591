//! [`Input`] and [`Output`]: where bytes come from and go to.
//!
//! A caller may write from, and read into, a live view of the very stream. Such memory must not be behind a
//! Rust reference while the stream changes it, so these carry a pointer and a length, made from a slice (safe)
//! or from a C caller's pointer (unsafe, once, at the boundary). All copies between them may overlap.

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::error::{Error, Result};

/// The address of no bytes: never NULL, so that callers need no special case.
pub(crate) const NOWHERE: NonNull<u8> = NonNull::from_ref(&0_u8);

/// The length of a buffer, if memory can be that long.
#[inline]
pub(crate) fn check_len(len: usize) -> Result<()> {
    if isize::try_from(len).is_ok() { Ok(()) } else { Err(Error::Overflow) }
}

/// Bytes to be read by the library during one call.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    ptr: NonNull<u8>,
    len: usize,
    lives: PhantomData<&'a [u8]>,
}

/// Memory to be filled by the library during one call; it need not be initialised.
pub struct Output<'a> {
    ptr: NonNull<u8>,
    len: usize,
    lives: PhantomData<&'a mut [u8]>,
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for Input<'a> {
    fn from(bytes: &'a T) -> Self {
        let bytes = bytes.as_ref();
        Self { ptr: NonNull::from(bytes).cast(), len: bytes.len(), lives: PhantomData }
    }
}

impl<'a, T: AsMut<[u8]> + ?Sized> From<&'a mut T> for Output<'a> {
    fn from(bytes: &'a mut T) -> Self {
        let bytes = bytes.as_mut();
        Self { ptr: NonNull::from(&mut *bytes).cast(), len: bytes.len(), lives: PhantomData }
    }
}

impl Input<'_> {
    /// The `len` bytes at `ptr`.
    ///
    /// # Safety
    /// They stay readable for the lifetime. They may lie in a view of the stream they are written to.
    pub unsafe fn from_raw(ptr: NonNull<u8>, len: usize) -> Self {
        Self { ptr, len, lives: PhantomData }
    }

    /// The first byte's address.
    pub fn as_ptr(&self) -> *const u8 {
        self.ptr.as_ptr()
    }

    /// How many bytes.
    #[allow(clippy::len_without_is_empty, reason = "no caller asks")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The first `n` bytes, or all, if there are no more.
    pub(crate) fn front(self, n: usize) -> Self {
        Self { len: self.len.min(n), ..self }
    }

    /// Copies all bytes to `to`.
    ///
    /// # Safety
    /// `to` is writable for [`len`](Self::len) bytes.
    #[inline(always)]
    pub(crate) unsafe fn copy_to(&self, to: *mut u8) {
        // SAFETY: readable by `from_raw`'s rule, writable by this function's.
        unsafe { copy(self.ptr.as_ptr(), to, self.len) }
    }
}

impl Output<'_> {
    /// The `len` bytes at `ptr`.
    ///
    /// # Safety
    /// They stay writable for the lifetime. They may lie in a view of the stream that is read.
    pub unsafe fn from_raw(ptr: NonNull<u8>, len: usize) -> Self {
        Self { ptr, len, lives: PhantomData }
    }

    /// The first byte's address.
    pub fn as_ptr(&self) -> *mut u8 {
        self.ptr.as_ptr()
    }

    /// The first byte.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.ptr
    }

    /// How many bytes there is room for.
    #[allow(clippy::len_without_is_empty, reason = "no caller asks")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Fills the front with `n` bytes from `from`.
    ///
    /// # Safety
    /// `from` is readable for `n` bytes, and `n` is at most [`len`](Self::len).
    #[inline(always)]
    pub(crate) unsafe fn fill_from(&self, from: *const u8, n: usize) {
        // SAFETY: passed on from the caller.
        unsafe { copy(from, self.ptr.as_ptr(), n) }
    }
}

/// Up to this many bytes are copied in registers.
const INLINE: usize = 64;

/// Whether copying `n` bytes takes no call.
#[inline(always)]
pub(crate) fn fits_inline(n: usize) -> bool {
    n <= INLINE
}

/// memmove, without a call for short lengths.
///
/// # Safety
/// `from` is readable and `to` writable for `n` bytes.
#[inline(always)]
unsafe fn copy(from: *const u8, to: *mut u8, n: usize) {
    // SAFETY: passed on from the caller.
    unsafe { if n <= INLINE { copy_inline(from, to, n) } else { to.copy_from(from, n) } }
}

/// memmove of at most [`INLINE`] bytes, in registers: all loads come before all stores, so overlap is harmless.
///
/// # Safety
/// As for `copy`.
#[inline(always)]
unsafe fn copy_inline(from: *const u8, to: *mut u8, n: usize) {
    /// Moves the first and the last `size_of::<T>()` bytes, which meet or overlap in the middle.
    #[inline(always)]
    unsafe fn ends<T: Copy>(from: *const u8, to: *mut u8, n: usize) {
        let last = n - size_of::<T>();
        // SAFETY: the caller's `n` is between one and two `T`; the accesses are unaligned ones.
        unsafe {
            let head = from.cast::<T>().read_unaligned();
            let tail = from.add(last).cast::<T>().read_unaligned();
            to.cast::<T>().write_unaligned(head);
            to.add(last).cast::<T>().write_unaligned(tail);
        }
    }
    debug_assert!(n <= INLINE);
    // SAFETY: each arm moves `n` bytes and no more.
    unsafe {
        if n > 32 {
            ends::<[u128; 2]>(from, to, n)
        } else if n >= 16 {
            ends::<u128>(from, to, n)
        } else if n >= 8 {
            ends::<u64>(from, to, n)
        } else if n >= 4 {
            ends::<u32>(from, to, n)
        } else if n >= 2 {
            ends::<u16>(from, to, n)
        } else if n == 1 {
            to.write(from.read())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_length_over_every_overlap() {
        for n in 0..80 {
            for (from, to) in [(40, 0), (0, 40), (1, 0), (0, 1), (7, 0), (0, 7), (16, 0), (0, 16)] {
                let mut bytes: Vec<u8> = (0..160).collect();
                let mut expected = bytes.clone();
                expected.copy_within(from..from + n, to);
                let base = bytes.as_mut_ptr();
                // SAFETY: both ranges lie within the vector.
                unsafe { copy(base.add(from), base.add(to), n) };
                assert_eq!(bytes, expected, "{n} bytes from {from} to {to}");
            }
        }
    }
}
