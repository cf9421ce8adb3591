//! The names under which `storage::mapped` knows [`super::linux`].

use std::os::fd::OwnedFd;
use std::ptr::NonNull;

#[cfg(test)]
pub(crate) use super::linux::faults;
pub(crate) use super::linux::memfd::{create as memfd, memory, punch, set_size, write_at};
pub(crate) use super::linux::mmap::{Share, map, map_over, populate, unmap};
pub(crate) use super::linux::pagemap::{Region, is_private, read_entries, scan_private};
pub(crate) use super::linux::process::{at_fork, most_descriptors, overcommits};
pub(crate) use super::linux::{Refused, Result, page_size};

pub(crate) fn pagemap() -> Result<OwnedFd> {
    super::linux::pagemap::open()
}

/// # Safety
/// As of [`super::linux::mmap::discard`].
pub(crate) unsafe fn forget_private(at: NonNull<u8>, n: usize) -> Result<()> {
    // SAFETY: passed on from the caller.
    unsafe { super::linux::mmap::discard(at, 0, n) }
}
