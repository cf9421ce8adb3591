//! Whether the process has a single thread, where the platform can tell.
//!
//! glibc keeps a byte, `__libc_single_threaded`, that is true only while no second thread exists; locked
//! instructions may be left out as long as it is (the C++ runtime does the same for its shared pointers).
//! Where the byte does not exist the answer is always "no".

use std::sync::atomic::{AtomicPtr, Ordering};

/// Read until [`detect`] has run: "more than one thread", which is always safe.
static UNKNOWN: u8 = 0;

static FLAG: AtomicPtr<u8> = AtomicPtr::new((&raw const UNKNOWN).cast_mut());

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
        FLAG.store(flag.cast_mut(), Ordering::Relaxed);
    }
}

/// True only while this process has exactly one thread.
#[inline]
pub(crate) fn single() -> bool {
    // SAFETY: FLAG holds the address of UNKNOWN or of the C library's flag, both of which live as long as
    // the process. The C library changes its flag only while no second thread runs; volatile keeps the
    // compiler from carrying an answer over a call that may start one.
    unsafe { FLAG.load(Ordering::Relaxed).read_volatile() != 0 }
}
