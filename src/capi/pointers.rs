//! What C callers pass beside handles: buffers, needles, arrays, out-parameters, structs that carry their size.
//!
//! Each type here is one raw pointer (or the length that belongs to one) and the promise that the header demands of it:
//! who declares a parameter with it is handed the promise, and everything else about the parameter is checked. There is
//! no way to make one but to be called from C.

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::slice;

use crate::error::{Error, Result};
use crate::sys::memory::{Input, Output};

/// The length of the memory that the pointer before it points to: in elements, which for untyped memory are bytes.
#[repr(transparent)]
pub struct Len(usize);

impl Len {
    #[inline(always)]
    pub(super) fn get(&self) -> usize {
        self.0
    }
}

/// A buffer's address; NULL is one only for no elements.
#[inline(always)]
fn address<T>(data: *const T, len: &Len) -> Result<NonNull<T>> {
    match NonNull::new(data.cast_mut()) {
        Some(ptr) => Ok(ptr),
        None if len.0 == 0 => Ok(NonNull::dangling()),
        None => Err(Error::NullArg),
    }
}

/// NULL, or memory that is readable for its [`Len`] during the call. It may lie in the stream's own snapshots and
/// views.
#[repr(transparent)]
pub struct Source(*const c_void);

impl Source {
    #[inline(always)]
    pub(super) fn input(&self, len: &Len) -> Result<Input<'_>> {
        // SAFETY: readable by the type's promise.
        address(self.0, len).map(|ptr| unsafe { Input::from_raw(ptr.cast(), len.0) })
    }
}

/// NULL, or memory that is writable for its [`Len`] during the call. It may lie in the stream's own views.
#[repr(transparent)]
pub struct Target(*mut c_void);

impl Target {
    #[inline(always)]
    pub(super) fn output(&self, len: &Len) -> Result<Output<'_>> {
        // SAFETY: writable by the type's promise.
        address(self.0, len).map(|ptr| unsafe { Output::from_raw(ptr.cast(), len.0) })
    }
}

/// NULL, or memory of the caller's that is lent for longer than the call: for reading (`*const`) or for reading and
/// writing (`*mut`), for its [`Len`], until the time that the function's text names.
#[repr(transparent)]
pub struct Lent<P>(P);

impl Lent<*const c_void> {
    pub(super) fn address(&self, len: &Len) -> Result<*const c_void> {
        address(self.0, len).map(|_| self.0)
    }
}

impl Lent<*mut c_void> {
    pub(super) fn address(&self, len: &Len) -> Result<NonNull<u8>> {
        address(self.0, len).map(NonNull::cast)
    }
}

/// NULL, or memory from malloc of at least as many bytes as its [`Len`] says, which the caller gives up where the
/// function's text says so.
#[repr(transparent)]
pub struct FromMalloc(*mut c_void);

impl FromMalloc {
    pub(super) fn address(&self, capacity: &Len) -> Result<Option<NonNull<u8>>> {
        address(self.0, capacity).map(|_| NonNull::new(self.0.cast()))
    }
}

/// NULL, or an array of as many elements as its [`Len`] says, that nobody writes during the call.
#[repr(transparent)]
pub struct Array<T>(*const T);

impl<T> Array<T> {
    pub(super) fn elements(&self, len: &Len) -> Result<&[T]> {
        // SAFETY: readable and unchanging by the type's promise.
        array(self.0, len).map(|elements| unsafe { elements.as_ref() })
    }
}

/// NULL, or as many bytes as its [`Len`] says, that nobody writes during the call.
#[repr(transparent)]
pub struct Needle(*const c_void);

impl Needle {
    pub(super) fn bytes(&self, len: &Len) -> Result<&[u8]> {
        // SAFETY: readable and unchanging by the type's promise.
        array(self.0.cast(), len).map(|bytes| unsafe { bytes.as_ref() })
    }
}

/// NULL, or a text that ends with a NUL, and that nobody writes during the call.
#[repr(transparent)]
pub struct Text(*const c_char);

impl Text {
    pub(super) fn text(&self) -> Result<&CStr> {
        // SAFETY: such a text by the type's promise.
        NonNull::new(self.0.cast_mut()).map(|text| unsafe { CStr::from_ptr(text.as_ptr()) }).ok_or(Error::NullArg)
    }
}

/// An array's place, if memory can hold one so long.
fn array<T>(data: *const T, len: &Len) -> Result<NonNull<[T]>> {
    let ptr = address(data, len)?;
    let size = len.0.checked_mul(size_of::<T>()).ok_or(Error::Overflow)?;
    isize::try_from(size).map_err(|_| Error::Overflow)?;
    Ok(NonNull::slice_from_raw_parts(ptr, len.0))
}

/// An out-parameter: NULL, or valid for writes of a `T` during the call.
#[repr(transparent)]
pub struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Where to write, if the parameter is not NULL: for those that may not be, before the call does anything.
    #[inline(always)]
    pub(super) fn place(&self) -> Result<Place<'_, T>> {
        NonNull::new(self.0).map(|ptr| Place(ptr, PhantomData)).ok_or(Error::NullArg)
    }

    /// Writes the value if the parameter is not NULL and there is one.
    #[inline]
    pub(super) fn fill(&self, value: impl FnOnce() -> Result<T>) -> Result<()> {
        let place = self.place()?;
        place.set(value()?);
        Ok(())
    }

    /// Writes to a parameter that may be NULL.
    #[inline]
    pub(super) fn offer(&self, value: T) {
        if let Ok(place) = self.place() {
            place.set(value);
        }
    }
}

/// What an [`Out`] that is not NULL points to; written once, on success.
pub(super) struct Place<'a, T>(NonNull<T>, PhantomData<&'a mut T>);

impl<T> Place<'_, T> {
    #[inline(always)]
    pub(super) fn set(self, value: T) {
        // SAFETY: valid by the promise of `Out`, which alone makes these.
        unsafe { self.0.write(value) }
    }
}

/// A struct of the C interface that may grow: its first field is its size as the caller was compiled.
///
/// # Safety
/// `#[repr(C)]`, the first field is `struct_size: usize`, and any bytes are a value.
pub(super) unsafe trait Versioned: Copy {}

/// The caller's struct as bytes, as many as its first field says.
///
/// # Safety
/// `ptr` is NULL, or readable in its first field and valid for the size that this says.
unsafe fn extent<T: Versioned>(ptr: *const T) -> Result<NonNull<[MaybeUninit<u8>]>> {
    let ptr = NonNull::new(ptr.cast_mut()).ok_or(Error::NullArg)?;
    // SAFETY: every version of the struct begins with its size.
    let size = unsafe { ptr.cast::<usize>().read() };
    let is_size = size >= size_of::<usize>() && isize::try_from(size).is_ok();
    if is_size { Ok(NonNull::slice_from_raw_parts(ptr.cast(), size)) } else { Err(Error::Invalid) }
}

/// NULL, or a struct that is readable, and that nobody writes, during the call, for the size in its first field.
#[repr(transparent)]
pub struct SizedIn<T>(*const T);

impl<T: Versioned> SizedIn<T> {
    /// The struct in this version's form: what an older caller's lacks is 0, and what a newer caller's has beyond it
    /// must be.
    pub(super) fn read(&self) -> Result<T> {
        // SAFETY: as long as it says, by the type's promise; a caller's bytes all have values.
        let bytes = unsafe { &*(extent(self.0)?.as_ptr() as *const [u8]) };
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
}

/// NULL, or a struct that is readable in its first field and, during the call, writable for the size that this says.
#[repr(transparent)]
pub struct SizedOut<T>(*mut T);

impl<T: Versioned> SizedOut<T> {
    /// Fills the struct behind its first field: an older caller's gets as much as it has room for, and what a newer
    /// caller's has beyond this version's becomes 0. The value's own failure comes before that of a size that is none.
    pub(super) fn fill(&self, value: impl FnOnce() -> Result<T>) -> Result<()> {
        let to = NonNull::new(self.0).ok_or(Error::NullArg)?;
        let value = value()?;
        // SAFETY: the caller's struct is as long as it says, by the type's promise; the value is as long as its type.
        let (room, bytes) = unsafe {
            (
                extent(to.as_ptr())?.as_mut(),
                slice::from_raw_parts((&raw const value).cast::<MaybeUninit<u8>>(), size_of::<T>()),
            )
        };
        let (known, unknown) = room.split_at_mut(room.len().min(bytes.len()));
        let fields = size_of::<usize>()..known.len();
        known[fields.clone()].copy_from_slice(&bytes[fields]);
        unknown.fill(MaybeUninit::new(0));
        Ok(())
    }
}
