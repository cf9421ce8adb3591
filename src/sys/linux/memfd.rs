//! Files in memory.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::{Refused, Result, done, may};

/// A new, empty file in memory, close-on-exec.
pub(crate) fn create() -> Result<OwnedFd> {
    may()?;
    /// Never to be executed (Linux 6.3), which some systems insist on.
    const MFD_NOEXEC_SEAL: libc::c_uint = 8;
    // SAFETY: a static name; the descriptor is new and ours.
    let make = |flags| unsafe {
        let fd = libc::memfd_create(c"bytesio".as_ptr(), libc::MFD_CLOEXEC | flags);
        if fd < 0 { Err(Refused) } else { Ok(OwnedFd::from_raw_fd(fd)) }
    };
    make(MFD_NOEXEC_SEAL).or_else(|_| make(0))
}

/// Whether a file may become `end` bytes long. Asked first: to try and fail would raise SIGXFSZ.
fn within_limit(end: usize) -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } == 0;
    known && (limit.rlim_cur == libc::RLIM_INFINITY || end as u64 <= limit.rlim_cur)
}

/// Makes the file `size` bytes long; what is new costs nothing until it is written.
pub(crate) fn set_size(fd: &OwnedFd, size: usize) -> Result<()> {
    may()?;
    if !within_limit(size) {
        return Err(Refused);
    }
    let size = i64::try_from(size).map_err(|_| Refused)?;
    // SAFETY: a descriptor that is ours.
    done(unsafe { libc::ftruncate(fd.as_raw_fd(), size) })
}

/// Writes all of `[from, from + n)` into the file at `offset`.
///
/// # Safety
/// `from` is readable for `n` bytes.
pub(crate) unsafe fn write_at(fd: &OwnedFd, mut from: *const u8, mut n: usize, mut offset: usize) -> Result<()> {
    if !within_limit(offset.saturating_add(n)) {
        return Err(Refused);
    }
    while n > 0 {
        may()?;
        let at = i64::try_from(offset).map_err(|_| Refused)?;
        // SAFETY: readable by the caller's promise.
        let moved = unsafe { libc::pwrite(fd.as_raw_fd(), from.cast(), n, at) };
        match usize::try_from(moved) {
            Ok(0) => return Err(Refused),
            Ok(moved) => {
                // SAFETY: at most `n`, so still within the caller's bytes.
                from = unsafe { from.add(moved) };
                (n, offset) = (n - moved, offset + moved);
            }
            Err(_) if std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
            Err(_) => return Err(Refused),
        }
    }
    Ok(())
}

/// How many bytes of memory the file has behind it.
pub(crate) fn memory(fd: &OwnedFd) -> usize {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: a descriptor that is ours, and room for what is filled in on success.
    let blocks = unsafe {
        if libc::fstat(fd.as_raw_fd(), status.as_mut_ptr()) != 0 { 0 } else { status.assume_init().st_blocks }
    };
    usize::try_from(blocks).unwrap_or(0) * 512
}

/// Gives the file's pages in `[from, to)` back to the system; they read as zeros then.
pub(crate) fn punch(fd: &OwnedFd, from: usize, to: usize) -> Result<()> {
    may()?;
    let (from, len) = (i64::try_from(from).map_err(|_| Refused)?, i64::try_from(to - from).map_err(|_| Refused)?);
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: a descriptor that is ours.
    done(unsafe { libc::fallocate(fd.as_raw_fd(), mode, from, len) })
}
