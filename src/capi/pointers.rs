//! What C callers pass beside handles, checked: buffers, needles, out-parameters.

use std::ffi::c_void;
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::storage::{Input, Output};

/// A buffer's address; NULL is one only for no bytes.
#[inline]
pub(super) fn address(data: *const c_void, len: usize) -> Result<NonNull<u8>> {
    match NonNull::new(data.cast_mut().cast()) {
        Some(ptr) => Ok(ptr),
        None if len == 0 => Ok(NonNull::dangling()),
        None => Err(Error::NullArg),
    }
}

/// # Safety
/// `data` is NULL or readable for `len` bytes during the call.
#[inline]
pub(super) unsafe fn input<'a>(data: *const c_void, len: usize) -> Result<Input<'a>> {
    // SAFETY: passed on from the caller.
    address(data, len).map(|ptr| unsafe { Input::from_raw(ptr, len) })
}

/// # Safety
/// `data` is NULL or writable for `len` bytes during the call.
#[inline]
pub(super) unsafe fn output<'a>(data: *mut c_void, len: usize) -> Result<Output<'a>> {
    // SAFETY: passed on from the caller.
    address(data, len).map(|ptr| unsafe { Output::from_raw(ptr, len) })
}

/// An out-parameter that is not NULL; written once, on success.
pub(super) struct Out<T>(NonNull<T>);

/// # Safety
/// `ptr` is NULL or valid for one write of a `T`.
#[inline]
pub(super) unsafe fn out<T>(ptr: *mut T) -> Result<Out<T>> {
    NonNull::new(ptr).map(Out).ok_or(Error::NullArg)
}

impl<T> Out<T> {
    #[inline]
    pub(super) fn set(self, value: T) {
        // SAFETY: valid by `out`'s rule.
        unsafe { self.0.write(value) }
    }
}

/// Writes to an out-parameter that may be NULL.
///
/// # Safety
/// `ptr` is NULL or valid for one write of a `T`.
pub(super) unsafe fn set_if<T>(ptr: *mut T, value: T) {
    // SAFETY: passed on from the caller.
    if let Ok(out) = unsafe { out(ptr) } {
        out.set(value);
    }
}

/// # Safety
/// `data` is NULL or an array of `count` elements that nobody writes during the call.
pub(super) unsafe fn array<'a, T>(data: *const T, count: usize) -> Result<&'a [T]> {
    let ptr = match NonNull::new(data.cast_mut()) {
        Some(ptr) => ptr,
        None if count == 0 => NonNull::dangling(),
        None => return Err(Error::NullArg),
    };
    let fits = count.checked_mul(size_of::<T>()).is_some_and(|size| isize::try_from(size).is_ok());
    // SAFETY: not NULL, not too long, readable by the caller's promise.
    if fits { Ok(unsafe { std::slice::from_raw_parts(ptr.as_ptr(), count) }) } else { Err(Error::Overflow) }
}
