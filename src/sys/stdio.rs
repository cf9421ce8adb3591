//! A `FILE` whose bytes are not a file's: fopencookie(3), of glibc and musl.

use std::ffi::CStr;
use std::ptr::NonNull;

use super::alloc::Allocator;
use super::fd::Errno;
use super::memory::{Input, Output};
use crate::error::Result;

pub(crate) use libc::FILE;

/// What a `FILE` reads from and writes to. The C library calls these, so none may panic.
pub(crate) trait Cookie: Sized {
    /// Fills the front of `into`; 0 at the end.
    fn read(&self, into: Output<'_>) -> std::result::Result<usize, Errno>;
    /// Writes the front of `from`; gives how many bytes, and why not all.
    fn write(&self, from: Input<'_>) -> (usize, std::result::Result<(), Errno>);
    /// Moves the position; gives the new one, which is not negative.
    fn seek(&self, offset: i64, whence: i32) -> std::result::Result<i64, Errno>;
    /// Runs `close`, in which the cookie is dropped.
    fn end(close: impl FnOnce());
}

/// An open `FILE`, which is closed when this is dropped.
pub(crate) struct File(NonNull<FILE>);

impl File {
    /// Opens a `FILE` over `cookie`, in one of the modes that consist of `r`, `w` or `a` and perhaps `+`. On failure
    /// the cookie is dropped.
    pub(crate) fn open<C: Cookie>(cookie: C, allocator: Allocator, mode: &CStr) -> Result<Self> {
        imp::open(cookie, allocator, mode).map(Self)
    }

    /// Gives the `FILE` out, to be closed by fclose(3).
    pub(crate) fn into_raw(self) -> *mut FILE {
        std::mem::ManuallyDrop::new(self).0.as_ptr()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: open, and nobody else's. Nothing has been written that could fail to be flushed.
        unsafe { libc::fclose(self.0.as_ptr()) };
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::cell::Cell;
    use std::ffi::{c_char, c_int, c_void};
    use std::ptr;

    use super::*;
    use crate::error::Error;
    use crate::sys::owned::Owned;

    /// `cookie_io_functions_t`.
    #[repr(C)]
    struct Functions {
        read: unsafe extern "C" fn(*mut c_void, *mut c_char, usize) -> isize,
        write: unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> isize,
        seek: unsafe extern "C" fn(*mut c_void, *mut i64, c_int) -> c_int,
        close: unsafe extern "C" fn(*mut c_void) -> c_int,
    }

    unsafe extern "C" {
        fn fopencookie(cookie: *mut c_void, mode: *const c_char, functions: Functions) -> *mut FILE;
        fn bytesio_forget_offset(file: *mut FILE);
    }

    /// A cookie with the `FILE` that it is the cookie of, once that is open.
    struct Opened<C> {
        cookie: C,
        file: Cell<*mut FILE>,
    }

    pub(super) fn open<C: Cookie>(cookie: C, allocator: Allocator, mode: &CStr) -> Result<NonNull<FILE>> {
        let functions = Functions { read: read::<C>, write: write::<C>, seek: seek::<C>, close: close::<C> };
        let cookie = Owned::new(Opened { cookie, file: Cell::new(ptr::null_mut()) }, allocator)?.into_raw();
        // SAFETY: a text with its NUL, and functions that take this cookie.
        let file = unsafe { fopencookie(cookie.as_ptr().cast(), mode.as_ptr(), functions) };
        let Some(file) = NonNull::new(file) else {
            // SAFETY: refused, so that nobody else will take it back.
            drop(unsafe { Owned::from_raw(cookie) });
            return Err(Error::NoMem);
        };
        // SAFETY: given out just now.
        unsafe { Owned::peek(cookie) }.file.set(file.as_ptr());
        Ok(file)
    }

    /// What [`open`] gave to the C library.
    ///
    /// # Safety
    /// The `FILE` has not been closed, and no other thread is in a call of it.
    unsafe fn opened<'a, C: Cookie>(cookie: *mut c_void) -> &'a Opened<C> {
        // SAFETY: alive until `close`, and only ever looked at.
        unsafe { Owned::peek(NonNull::new_unchecked(cookie.cast())) }
    }

    /// What a callback that fails gives back, with errno set.
    fn failed(errno: Errno) -> isize {
        // SAFETY: this thread's errno.
        unsafe { *libc::__errno_location() = errno };
        -1
    }

    unsafe extern "C" fn read<C: Cookie>(cookie: *mut c_void, into: *mut c_char, len: usize) -> isize {
        // SAFETY: stdio's own call, on an open FILE, with memory that is writable for `len` bytes.
        let (opened, into) =
            unsafe { (opened::<C>(cookie), Output::from_raw(NonNull::new_unchecked(into.cast()), len)) };
        opened.cookie.read(into).map_or_else(failed, usize::cast_signed)
    }

    unsafe extern "C" fn write<C: Cookie>(cookie: *mut c_void, from: *const c_char, len: usize) -> isize {
        // SAFETY: stdio's own call, on an open FILE, with memory that is readable for `len` bytes.
        let (opened, from) =
            unsafe { (opened::<C>(cookie), Input::from_raw(NonNull::new_unchecked(from.cast_mut().cast()), len)) };
        let (written, result) = opened.cookie.write(from);
        // SAFETY: the open FILE, in a call of it.
        unsafe { bytesio_forget_offset(opened.file.get()) };
        match result.map_err(failed) {
            Ok(()) => written.cast_signed(),
            // glibc takes less than all for a failure and forbids negative numbers; musl knows only those.
            Err(negative) => {
                if cfg!(target_env = "musl") {
                    negative
                } else {
                    written.cast_signed()
                }
            }
        }
    }

    unsafe extern "C" fn seek<C: Cookie>(cookie: *mut c_void, offset: *mut i64, whence: c_int) -> c_int {
        // SAFETY: stdio's own call, on an open FILE, with an offset to be replaced.
        let (opened, offset) = unsafe { (opened::<C>(cookie), &mut *offset) };
        match opened.cookie.seek(*offset, whence).map_err(failed) {
            Ok(position) => {
                *offset = position;
                0
            }
            Err(_) => -1,
        }
    }

    unsafe extern "C" fn close<C: Cookie>(cookie: *mut c_void) -> c_int {
        // SAFETY: stdio's last call, so that the cookie is taken back once.
        let opened: Owned<Opened<C>> = unsafe { Owned::from_raw(NonNull::new_unchecked(cookie.cast())) };
        C::end(|| drop(opened));
        0
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::*;
    use crate::error::Error;

    pub(super) fn open<C: Cookie>(_: C, _: Allocator, _: &CStr) -> Result<NonNull<FILE>> {
        Err(Error::Unsupported)
    }
}
