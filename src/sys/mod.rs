//! What the library needs of the machine below it: memory, counts, a lock, file descriptors.
//!
//! Nothing here knows of streams. Each module is small enough to be checked by itself, and [`sync`] is the
//! one place from which counts and locks take their atomics, so that a model checker can stand in for them.

pub(crate) mod alloc;
pub(crate) mod count;
pub(crate) mod fd;
#[cfg(mapped)]
pub(crate) mod linux;
pub(crate) mod lock;
pub(crate) mod malloc;
pub(crate) mod memory;
pub(crate) mod owned;
pub(crate) mod slot;
pub(crate) mod stdio;
pub(crate) mod sync;
pub(crate) mod threads;
#[cfg(not(mapped))]
#[path = "unwatched.rs"]
pub(crate) mod watch;

#[cfg(mapped)]
pub(crate) use linux::userfault as watch;

#[cfg(all(test, loom))]
mod model;

/// What the environment says, or NULL; nothing for a program that runs with another user's rights.
///
/// # Safety
/// The text is good until somebody changes the environment.
pub(crate) unsafe fn environment(name: &std::ffi::CStr) -> *const std::ffi::c_char {
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            fn secure_getenv(name: *const std::ffi::c_char) -> *const std::ffi::c_char;
        }
        // SAFETY: a text that ends with a NUL.
        unsafe { secure_getenv(name.as_ptr()) }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = name;
        std::ptr::null()
    }
}

/// Gives the whole pages in a range of malloc's memory back to the system; they read as zeros then. A hint.
///
/// # Safety
/// The range is allocated, counted from `base`, and what it holds is needed by nobody.
pub(crate) unsafe fn give_back(base: std::ptr::NonNull<u8>, range: std::ops::Range<usize>) {
    #[cfg(mapped)]
    {
        let (page, at) = (linux::page_size(), base.addr().get());
        let start = (at + range.start).next_multiple_of(page) - at;
        let end = ((at + range.end) / page * page).saturating_sub(at);
        if start < end {
            // SAFETY: whole pages of private memory, which the caller gives up. Refused, it simply stays.
            let _ = unsafe { linux::mmap::discard(base, start, end) };
        }
    }
    #[cfg(not(mapped))]
    let _ = (base, range);
}
