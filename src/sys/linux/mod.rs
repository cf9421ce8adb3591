//! The system calls that storage is built on: a thin layer, so that each can be made to fail.
//!
//! Nothing here decides anything. Under test, [`faults`] makes the n-th call fail; everything above has to cope,
//! because any of them may: no memfd, no descriptor, no address space, no /proc.

pub(crate) mod faults;
pub(crate) mod memfd;
pub(crate) mod mmap;
pub(crate) mod pagemap;
pub(crate) mod process;
pub(crate) mod userfault;

#[cfg(test)]
pub(crate) mod testing;

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A system call said no; which number it gave makes no difference to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

pub(crate) type Result<T> = std::result::Result<T, Refused>;

fn may() -> Result<()> {
    if faults::strikes() { Err(Refused) } else { Ok(()) }
}

fn done(result: i32) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(Refused) }
}

fn last_error() -> Option<i32> {
    std::io::Error::last_os_error().raw_os_error()
}

/// Takes over a descriptor that a system call has just made, or the -1 that it gave instead.
///
/// Never one of the three standard streams: in a process that has closed them, what it prints would land in our file.
///
/// # Safety
/// `fd` is new, and nobody else's.
unsafe fn descriptor(fd: RawFd) -> Result<OwnedFd> {
    if fd < 0 {
        return Err(Refused);
    }
    // SAFETY: the caller's promise.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    // `try_clone` duplicates to a number above the three, close-on-exec.
    if fd.as_raw_fd() > libc::STDERR_FILENO { Ok(fd) } else { fd.try_clone().map_err(|_| Refused) }
}

pub(crate) fn page_size() -> usize {
    // SAFETY: asks for a constant.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}
