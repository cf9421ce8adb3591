//! Reading from and writing to a file descriptor that belongs to somebody else.

use crate::sys::memory::{Input, Output};

/// The operating system's error number.
pub(crate) type Errno = i32;

#[cfg(unix)]
mod imp {
    use super::*;
    use crate::sys::threads::Uncancelled;

    /// Linux moves at most this much in one call; other systems refuse more than `isize::MAX`.
    const MOST: usize = 0x7fff_f000;

    fn retry(mut call: impl FnMut() -> isize) -> Result<usize, Errno> {
        let _here = Uncancelled::new();
        loop {
            if let Ok(n) = usize::try_from(call()) {
                return Ok(n);
            }
            let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
            if errno != libc::EINTR {
                return Err(errno);
            }
        }
    }

    /// read(2), begun again after a signal; 0 at the end.
    pub(crate) fn read(fd: i32, into: Output<'_>) -> Result<usize, Errno> {
        // SAFETY: `into` is writable for its length.
        retry(|| unsafe { libc::read(fd, into.as_ptr().cast(), into.len().min(MOST)) })
    }

    /// write(2), begun again after a signal; may write less than all.
    pub(crate) fn write(fd: i32, from: Input<'_>) -> Result<usize, Errno> {
        // SAFETY: `from` is readable for its length.
        retry(|| unsafe { libc::write(fd, from.as_ptr().cast(), from.len().min(MOST)) })
    }
}

#[cfg(unix)]
pub(crate) use imp::{read, write};
