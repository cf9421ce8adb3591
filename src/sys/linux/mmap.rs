//! Mappings.

use std::ffi::c_void;
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
    unsafe { libc::madvise(at.as_ptr().cast(), n, libc::MADV_POPULATE_WRITE) };
}

/// Drops a private mapping's own pages in `[from, to)`: the file's show again, or zeros where there is no file.
///
/// # Safety
/// The range is page-aligned and within a private mapping of ours that begins at `base`; whoever reads there finds
/// other bytes afterwards.
pub(crate) unsafe fn discard(base: NonNull<u8>, from: usize, to: usize) -> Result<()> {
    may()?;
    // SAFETY: passed on from the caller.
    done(unsafe { libc::madvise(base.add(from).as_ptr().cast(), to - from, libc::MADV_DONTNEED) })
}
