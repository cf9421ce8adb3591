//! The system calls around fork(2). All of them may be made in a signal handler.

use std::ffi::c_void;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::Ordering;

use super::slot::{Calls, Place};
use crate::sys::linux::Result;
use crate::sys::linux::mmap::{self, Share};
use crate::sys::threads::Uncancelled;

/// Keeps signal handlers and cancellation away from this thread while it lives.
pub(super) struct Undisturbed {
    before: libc::sigset_t,
    _uncancelled: Uncancelled,
}

impl Undisturbed {
    pub(super) fn new() -> Self {
        let uncancelled = Uncancelled::new();
        let (mut all, mut before) = (MaybeUninit::<libc::sigset_t>::uninit(), MaybeUninit::<libc::sigset_t>::zeroed());
        // SAFETY: room for two sets, the first of which is filled before it is used; all zeros is a set as well.
        let before = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            before.assume_init()
        };
        Self { before, _uncancelled: uncancelled }
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        // SAFETY: the set that this thread had.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

/// Puts errno back when dropped: who forks has not called us.
pub(super) struct Errno(i32);

impl Errno {
    pub(super) fn kept() -> Self {
        // SAFETY: this thread's errno, which lives as long as the thread.
        Self(unsafe { *libc::__errno_location() })
    }
}

impl Drop for Errno {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = self.0 }
    }
}

pub(super) fn process() -> i32 {
    // SAFETY: asks for a number.
    unsafe { libc::getpid() }
}

/// A descriptor that a slot owns.
pub(super) fn borrow(fd: i32) -> ManuallyDrop<OwnedFd> {
    // SAFETY: open, for whoever asked the slot for it has signals blocked, so that it is not closed meanwhile; and not
    // closed by this one.
    ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Maps all of a file shared, for this process only.
pub(super) fn map_uninherited(fd: &OwnedFd, size: usize) -> Result<Place> {
    let base = mmap::map(fd, size, Share::Shared)?;
    let place = Place { base, size };
    // SAFETY: the mapping made just now, and nothing else.
    unsafe { mmap::keep_from_child(base, size).inspect_err(|_| mmap::unmap(base, size)) }.map(|()| place)
}

/// Gives a mapping another size, and another place where it has to and may move. Whether it is inherited stays.
///
/// # Safety
/// A mapping of ours; nobody uses what is cut off, nor an address in it if it may move.
pub(super) unsafe fn remap(place: Place, size: usize, may_move: bool) -> Result<Place> {
    // SAFETY: passed on from the caller.
    unsafe { mmap::remap(place.base, place.size, size, may_move) }.map(|base| Place { base, size })
}

/// [`Calls`] to the real system. Safe because a slot makes them for its own mapping and descriptor only.
pub(super) struct Kernel;

impl Calls for Kernel {
    fn make_private(&self, place: Place, fd: i32) -> bool {
        // SAFETY: all of a mapping of this file from its beginning; what was written there is in the file.
        unsafe { mmap::make_private(&borrow(fd), place.base, 0, place.size) }.is_ok()
    }

    fn make_inherited(&self, place: Place) -> bool {
        // Not one of the calls that a test refuses: it takes no memory.
        // SAFETY: a mapping of ours.
        unsafe { libc::madvise(place.base.as_ptr().cast(), place.size, libc::MADV_DOFORK) == 0 }
    }

    fn reserve(&self, place: Place) -> bool {
        let at = place.base.as_ptr().cast::<c_void>();
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
        // SAFETY: replaces nothing.
        let got = unsafe { libc::mmap(at, place.size, libc::PROT_NONE, flags, -1, 0) };
        if got != at && got != libc::MAP_FAILED {
            // A kernel that does not know MAP_FIXED_NOREPLACE takes the address for a wish.
            // SAFETY: made just now.
            unsafe { libc::munmap(got, place.size) };
        }
        got == at
    }

    fn unmap(&self, place: Place) {
        // SAFETY: a mapping of ours that its owner has given up.
        unsafe { mmap::unmap(place.base, place.size) }
    }

    fn close(&self, fd: i32) {
        super::DESCRIPTORS.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: a descriptor that its slot has given up.
        unsafe { libc::close(fd) };
    }
}
