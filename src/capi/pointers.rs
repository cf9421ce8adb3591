//! What C callers pass beside handles, checked: buffers, needles, out-parameters.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::slice;

use crate::error::{Error, Result};
use crate::sys::memory::{Input, Output};

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
    if fits { Ok(unsafe { slice::from_raw_parts(ptr.as_ptr(), count) }) } else { Err(Error::Overflow) }
}

/// A struct of the C interface that may grow: its first field is its size as the caller was compiled.
///
/// # Safety
/// `#[repr(C)]`, the first field is `struct_size: usize`, and any bytes are a value.
pub(super) unsafe trait Versioned: Copy {}

/// The size that a caller's struct says it has, if it can be one.
///
/// # Safety
/// `ptr` is valid for reading the first field.
unsafe fn struct_size<T: Versioned>(ptr: NonNull<T>) -> Result<usize> {
    // SAFETY: every version of the struct begins with its size.
    let size = unsafe { ptr.cast::<usize>().read() };
    if size >= size_of::<usize>() && isize::try_from(size).is_ok() { Ok(size) } else { Err(Error::Invalid) }
}

/// The caller's struct in this version's form: what an older caller's lacks is 0, and what a newer caller's has beyond it
/// must be.
///
/// # Safety
/// `ptr` is NULL or readable for the size in its first field.
pub(super) unsafe fn read_versioned<T: Versioned>(ptr: *const T) -> Result<T> {
    let from = NonNull::new(ptr.cast_mut()).ok_or(Error::NullArg)?;
    // SAFETY: the caller's struct is as long as it says.
    let bytes = unsafe { slice::from_raw_parts(from.cast::<u8>().as_ptr(), struct_size(from)?) };
    let (known, unknown) = bytes.split_at(bytes.len().min(size_of::<T>()));
    if unknown.iter().any(|byte| *byte != 0) {
        return Err(Error::Unsupported);
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: `known` is no longer than a `T`, and any bytes are one.
    unsafe {
        value.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(known.as_ptr(), known.len());
        Ok(value.assume_init())
    }
}

/// Fills the caller's struct behind its first field: an older caller's gets as much as it has room for, and what a newer
/// caller's has beyond this version's becomes 0. What the value's own failure is comes before a size that is none.
///
/// # Safety
/// `ptr` is NULL, or readable in its first field and writable for the size that this says.
pub(super) unsafe fn write_versioned<T: Versioned>(ptr: *mut T, value: impl FnOnce() -> Result<T>) -> Result<()> {
    let to = NonNull::new(ptr).ok_or(Error::NullArg)?;
    let value = value()?;
    // SAFETY: the caller's struct is as long as it says; the value is as long as its type.
    let (room, bytes) = unsafe {
        (
            slice::from_raw_parts_mut(to.cast::<MaybeUninit<u8>>().as_ptr(), struct_size(to)?),
            slice::from_raw_parts((&raw const value).cast::<MaybeUninit<u8>>(), size_of::<T>()),
        )
    };
    let (known, unknown) = room.split_at_mut(room.len().min(bytes.len()));
    let fields = size_of::<usize>()..known.len();
    known[fields.clone()].copy_from_slice(&bytes[fields]);
    unknown.fill(MaybeUninit::new(0));
    Ok(())
}
