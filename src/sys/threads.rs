//! Whether the process has a single thread, where the platform can tell.
//!
//! glibc keeps a byte, `__libc_single_threaded`, that is true only while no second thread exists; locked
//! instructions may be left out as long as it is (the C++ runtime does the same for its shared pointers).
//! Where the byte does not exist the answer is always "no".

use std::sync::atomic::{AtomicPtr, Ordering};

/// Read until [`detect`] has run: "more than one thread", which is always safe.
static UNKNOWN: u8 = 0;

static FLAG: Flag = Flag::never();

/// The platform's flag, or one that always says "more than one thread".
pub(crate) struct Flag(AtomicPtr<u8>);

impl Flag {
    const fn never() -> Self {
        Self(AtomicPtr::new((&raw const UNKNOWN).cast_mut()))
    }

    /// The platform's, if it has one.
    pub(crate) fn detected() -> Self {
        Self(AtomicPtr::new(FLAG.0.load(Ordering::Relaxed)))
    }

    /// Says "more than one thread" from now on.
    pub(crate) fn give_up(&self) {
        self.0.store((&raw const UNKNOWN).cast_mut(), Ordering::Relaxed);
    }

    /// True only while this process has exactly one thread.
    #[inline(always)]
    pub(crate) fn is_set(&self) -> bool {
        // SAFETY: the address of UNKNOWN or of the C library's flag, both of which live as long as the process. The C
        // library changes its flag only while no second thread runs; volatile keeps the compiler from carrying an
        // answer over a call that may start one.
        unsafe { self.0.load(Ordering::Relaxed).read_volatile() != 0 }
    }
}

#[cfg(all(target_os = "linux", not(loom), not(miri)))]
unsafe extern "C" {
    fn bytesio_single_threaded_flag() -> *const u8;
}

/// Finds the platform's flag. Called by every constructor, so that it has run before anything is shared.
pub(crate) fn detect() {
    #[cfg(all(target_os = "linux", not(loom), not(miri)))]
    {
        // SAFETY: a C function without arguments or side effects.
        let flag = unsafe { bytesio_single_threaded_flag() };
        FLAG.0.store(flag.cast_mut(), Ordering::Relaxed);
    }
}

/// Keeps pthread_cancel(3) away from this thread while it lives: a cancelled thread unwinds, and at the C boundary that
/// would end the process.
#[cfg(unix)]
pub(crate) struct Uncancelled(i32);

#[cfg(unix)]
unsafe extern "C" {
    fn pthread_setcancelstate(state: i32, old: *mut i32) -> i32;
}

#[cfg(unix)]
impl Uncancelled {
    pub(crate) fn new() -> Self {
        const DISABLE: i32 = 1;
        let mut old = 0;
        // SAFETY: room for the old state.
        unsafe { pthread_setcancelstate(DISABLE, &raw mut old) };
        Self(old)
    }
}

#[cfg(unix)]
impl Drop for Uncancelled {
    fn drop(&mut self) {
        // SAFETY: the state that this thread had.
        unsafe { pthread_setcancelstate(self.0, std::ptr::null_mut()) };
    }
}

/// True only while this process has exactly one thread.
#[inline]
pub(crate) fn single() -> bool {
    FLAG.is_set()
}
