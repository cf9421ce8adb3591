//! Mappings.

use std::ffi::c_void;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;

use super::{Refused, Result, done, may};

/// How writes to a mapping reach the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// They are the file's.
    Shared,
    /// They stay in pages of the mapping's own.
    Private,
}

/// Maps `[0, size)` of the file wherever there is room.
pub(crate) fn map(fd: &OwnedFd, size: usize, share: Share) -> Result<NonNull<u8>> {
    map_at(fd, std::ptr::null_mut(), 0, size, share)
}

/// Maps `[from, to)` of the file over that range of a mapping of the same file that begins at `base`.
///
/// # Safety
/// The range belongs to such a mapping; whoever reads there finds the file's bytes afterwards.
pub(crate) unsafe fn map_over(fd: &OwnedFd, base: NonNull<u8>, from: usize, to: usize, share: Share) -> Result<()> {
    // SAFETY: within the mapping, as the caller promises.
    let at = unsafe { base.add(from) };
    map_at(fd, at.as_ptr().cast(), from, to - from, share).map(drop)
}

/// Maps `[from, to)` of the file privately over that range of a mapping of the same file that begins at `base`: what
/// the mapping shows stays, writes no longer reach the file.
///
/// # Safety
/// The range is page-aligned and belongs to such a mapping, and pages of it that were private already are given up.
pub(crate) unsafe fn make_private(fd: &OwnedFd, base: NonNull<u8>, from: usize, to: usize) -> Result<()> {
    // SAFETY: passed on from the caller.
    unsafe { map_over(fd, base, from, to, Share::Private) }
}

fn map_at(fd: &OwnedFd, at: *mut c_void, offset: usize, size: usize, share: Share) -> Result<NonNull<u8>> {
    may()?;
    let fixed = if at.is_null() { 0 } else { libc::MAP_FIXED };
    let share = if share == Share::Shared { libc::MAP_SHARED } else { libc::MAP_PRIVATE };
    let flags = share | fixed | libc::MAP_NORESERVE;
    let offset = i64::try_from(offset).map_err(|_| Refused)?;
    // SAFETY: a new mapping disturbs nobody; one at an address is `map_over`'s, whose caller vouches for it.
    mapped(unsafe { libc::mmap(at, size, libc::PROT_READ | libc::PROT_WRITE, flags, fd.as_raw_fd(), offset) })
}

fn mapped(at: *mut c_void) -> Result<NonNull<u8>> {
    if at == libc::MAP_FAILED { Err(Refused) } else { NonNull::new(at.cast()).ok_or(Refused) }
}

/// Maps `size` bytes of zeros that belong to no file.
pub(crate) fn map_zeros(size: usize) -> Result<NonNull<u8>> {
    anonymous(size, libc::PROT_READ | libc::PROT_WRITE)
}

fn anonymous(size: usize, protection: i32) -> Result<NonNull<u8>> {
    may()?;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping disturbs nobody.
    mapped(unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, -1, 0) })
}

/// Whether an ordinary allocation of `n` bytes would be granted now, by the system and by this process's limits.
pub(crate) fn grantable(n: usize) -> bool {
    if n == 0 {
        return true;
    }
    // Promised only once it is writable. In between it is unlocked: after mlockall(2) all of it would become real.
    let Ok(base) = anonymous(n, libc::PROT_NONE) else { return false };
    // SAFETY: the mapping made just now, known to nobody else.
    unsafe {
        let at = base.as_ptr().cast::<c_void>();
        libc::munlock(at, n);
        let granted = may().and_then(|()| done(libc::mprotect(at, n, libc::PROT_READ | libc::PROT_WRITE)));
        unmap(base, n);
        granted.is_ok()
    }
}

/// Makes a shared mapping of `old` bytes one of `new`, elsewhere if there is no room here and it may move. Refused, it
/// stays as it was.
///
/// # Safety
/// All of a mapping of ours, shared throughout, that nothing watches. Addresses within are good no longer, unless the
/// mapping stays where it is.
pub(crate) unsafe fn remap(base: NonNull<u8>, old: usize, new: usize, may_move: bool) -> Result<NonNull<u8>> {
    may()?;
    let flags = if may_move { libc::MREMAP_MAYMOVE } else { 0 };
    // SAFETY: passed on from the caller.
    mapped(unsafe { libc::mremap(base.as_ptr().cast(), old, new, flags) })
}

/// Leaves a mapping out of children of fork(2): to touch it there is a SIGSEGV.
///
/// # Safety
/// All of a mapping of ours; whoever has its address does without in a child.
pub(crate) unsafe fn keep_from_child(base: NonNull<u8>, len: usize) -> Result<()> {
    // SAFETY: passed on from the caller.
    unsafe { advise(base, 0..len, libc::MADV_DONTFORK) }
}

/// Takes [`keep_from_child`] back, for forks to come; the tests' way of telling that it was that.
///
/// # Safety
/// All of a mapping of ours.
#[cfg(test)]
pub(crate) unsafe fn give_to_child(base: NonNull<u8>, len: usize) -> Result<()> {
    // SAFETY: passed on from the caller.
    unsafe { advise(base, 0..len, libc::MADV_DOFORK) }
}

/// One madvise(2) on a range of what begins at `base`.
///
/// # Safety
/// The range is page-aligned and within a mapping of ours, on which the advice may be followed.
unsafe fn advise(base: NonNull<u8>, range: Range<usize>, advice: i32) -> Result<()> {
    may()?;
    // SAFETY: passed on from the caller.
    done(unsafe { libc::madvise(base.add(range.start).as_ptr().cast(), range.len(), advice) })
}

/// Takes a mapping away.
///
/// # Safety
/// The range is a mapping of ours that nobody uses any more.
pub(crate) unsafe fn unmap(base: NonNull<u8>, size: usize) {
    // SAFETY: passed on from the caller. It fails only for ranges that are none.
    unsafe { libc::munmap(base.as_ptr().cast(), size) };
}

/// Has pages ready for writing throughout a range, at once instead of one fault each. A hint.
///
/// # Safety
/// The range is page-aligned and within a mapping of ours.
pub(crate) unsafe fn populate(at: NonNull<u8>, n: usize) {
    // SAFETY: passed on from the caller; refusal leaves everything as it was.
    let _ = unsafe { advise(at, 0..n, libc::MADV_POPULATE_WRITE) };
}

/// Drops a private mapping's own pages in `[from, to)`: the file's show again, or zeros where there is no file.
///
/// # Safety
/// The range is page-aligned and within a private mapping of ours that begins at `base`; whoever reads there finds
/// other bytes afterwards.
pub(crate) unsafe fn discard(base: NonNull<u8>, from: usize, to: usize) -> Result<()> {
    // SAFETY: passed on from the caller.
    unsafe { advise(base, from..to, libc::MADV_DONTNEED) }
}

/// How many ranges [`discard_many`] gives the kernel at a time.
const AT_A_TIME: usize = 64;

/// [`discard`] for many ranges, in a call for dozens of them where the kernel has one: a seventh of the time. An error
/// means that some were dropped and some were not.
///
/// # Safety
/// As of [`discard`], for each range.
pub(crate) unsafe fn discard_many(base: NonNull<u8>, ranges: impl IntoIterator<Item = Range<usize>>) -> Result<()> {
    let mut ranges = ranges.into_iter();
    let mut some = [const { 0..0 }; AT_A_TIME];
    loop {
        let mut n = 0;
        for (slot, range) in some.iter_mut().zip(&mut ranges) {
            *slot = range;
            n += 1;
        }
        if n > 0 {
            // SAFETY: passed on from the caller.
            unsafe { discard_at_once(base, &some[..n]).or_else(|_| discard_each(base, &some[..n])) }?;
        }
        if n < AT_A_TIME {
            return Ok(());
        }
    }
}

/// # Safety
/// As of [`discard_many`].
unsafe fn discard_each(base: NonNull<u8>, ranges: &[Range<usize>]) -> Result<()> {
    // SAFETY: passed on from the caller.
    ranges.iter().try_for_each(|range| unsafe { discard(base, range.start, range.end) })
}

/// Since Linux 6.14, which lets a process advise itself so, and has a name for it.
///
/// # Safety
/// As of [`discard_many`], for at most [`AT_A_TIME`] ranges.
unsafe fn discard_at_once(base: NonNull<u8>, ranges: &[Range<usize>]) -> Result<()> {
    const PIDFD_SELF: i32 = -10000;
    may()?;
    let mut vector = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; AT_A_TIME];
    for (slot, range) in vector.iter_mut().zip(ranges) {
        // SAFETY: within the mapping, as the caller promises.
        let at = unsafe { base.add(range.start) };
        *slot = libc::iovec { iov_base: at.as_ptr().cast(), iov_len: range.len() };
    }
    let (call, advice) = (libc::SYS_process_madvise, libc::MADV_DONTNEED);
    // SAFETY: passed on from the caller; the vector is as long as it is said to be.
    let bytes = unsafe { libc::syscall(call, PIDFD_SELF, vector.as_ptr(), ranges.len(), advice, 0) };
    if usize::try_from(bytes) == Ok(ranges.iter().map(Range::len).sum()) { Ok(()) } else { Err(Refused) }
}

#[cfg(test)]
mod tests;
