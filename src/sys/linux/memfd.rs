//! Files in memory.

use std::os::fd::{AsRawFd, OwnedFd};

use super::{Refused, Result, descriptor, done, last_error, may};

/// A new, empty file in memory, close-on-exec, that can grow but never shrink.
///
/// Another process of the same user can open it through /proc; were it to cut the file short, our next look at a
/// mapping would be a SIGBUS. The last seal keeps it from adding seals of its own.
pub(crate) fn create() -> Result<OwnedFd> {
    may()?;
    /// Never to be executed (Linux 6.3), which some systems insist on.
    const MFD_NOEXEC_SEAL: libc::c_uint = 8;
    let make = |flags| {
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING | flags;
        // SAFETY: a static name; the descriptor is new and ours.
        unsafe { descriptor(libc::memfd_create(c"bytesio".as_ptr(), flags)) }
    };
    let fd = make(MFD_NOEXEC_SEAL).or_else(|_| make(0))?;
    may()?;
    // SAFETY: a descriptor that is ours.
    done(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_SHRINK | libc::F_SEAL_SEAL) })?;
    Ok(fd)
}

/// Whether the process's limit lets it write up to `end`, and make files so long. Asked first, since to try and fail
/// raises SIGXFSZ: the kernel compares the end of *every* pwrite(2), also of one into what is there already.
fn within_limit(end: usize) -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } == 0;
    known && (limit.rlim_cur == libc::RLIM_INFINITY || end as u64 <= limit.rlim_cur)
}

/// Makes the file `size` bytes long; what is new costs nothing until it is written. A smaller size is refused.
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
            Err(_) if last_error() == Some(libc::EINTR) => {}
            Err(_) => return Err(Refused),
        }
    }
    Ok(())
}

/// How many bytes of memory the file has behind it.
pub(crate) fn memory(fd: &OwnedFd) -> usize {
    status(fd).map_or(0, |status| usize::try_from(status.st_blocks).unwrap_or(0) * 512)
}

/// How long the file is.
pub(crate) fn len(fd: &OwnedFd) -> usize {
    status(fd).map_or(0, |status| usize::try_from(status.st_size).unwrap_or(0))
}

fn status(fd: &OwnedFd) -> Option<libc::stat> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: a descriptor that is ours, and room for what is filled in on success.
    unsafe { (libc::fstat(fd.as_raw_fd(), status.as_mut_ptr()) == 0).then(|| status.assume_init()) }
}

/// Gives the file's pages in `[from, to)` back to the system; they read as zeros then.
pub(crate) fn punch(fd: &OwnedFd, from: usize, to: usize) -> Result<()> {
    may()?;
    let (from, len) = (i64::try_from(from).map_err(|_| Refused)?, i64::try_from(to - from).map_err(|_| Refused)?);
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: a descriptor that is ours.
    done(unsafe { libc::fallocate(fd.as_raw_fd(), mode, from, len) })
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::faults::{self, Plan};
    use super::super::mmap::Share;
    use super::super::page_size;
    use super::super::testing::{Child, Pages};
    use super::*;

    /// The file opened once more, as another process of the same user would open it.
    fn opened_through_proc(fd: &OwnedFd) -> File {
        let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
        File::options().read(true).write(true).open(path).unwrap()
    }

    fn write(fd: &OwnedFd, bytes: &[u8], offset: usize) -> Result<()> {
        // SAFETY: readable bytes.
        unsafe { write_at(fd, bytes.as_ptr(), bytes.len(), offset) }
    }

    #[test]
    fn nobody_can_cut_a_file_short() {
        let page = page_size();
        let pages = Pages::of_file(2, Share::Shared);
        pages.write(1, 7);
        let other = opened_through_proc(pages.file());
        let refused = other.set_len(page as u64).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EPERM));
        assert_eq!(pages.read(1), 7);
        // Nor forbid us to make it longer.
        // SAFETY: a descriptor of the test's.
        let sealed = unsafe { libc::fcntl(other.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_GROW) };
        assert_eq!(sealed, -1);
        set_size(pages.file(), 3 * page).unwrap();
        assert_eq!(other.metadata().unwrap().len(), 3 * page as u64);
        assert_eq!(set_size(pages.file(), page), Err(Refused));
    }

    #[test]
    fn pages_come_with_writes_and_go_with_punching() {
        let page = page_size();
        let pages = Pages::of_file(8, Share::Shared);
        assert_eq!(memory(pages.file()), 0);
        pages.write(3, 1);
        write(pages.file(), &[2; 100], 5 * page).unwrap();
        assert_eq!((memory(pages.file()), pages.read(3), pages.read(5)), (2 * page, 1, 2));
        punch(pages.file(), 2 * page, 4 * page).unwrap();
        assert_eq!((memory(pages.file()), pages.read(3), pages.read(5)), (page, 0, 2));
    }

    fn limit_to(bytes: usize) -> bool {
        let limit = libc::rlimit { rlim_cur: bytes as u64, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: a valid structure.
        unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) == 0 }
    }

    #[test]
    fn beyond_the_limit_of_file_sizes_there_is_an_error_and_no_signal() {
        let page = page_size();
        let pages = Pages::of_file(4, Share::Shared);
        let child = Child::run(|| {
            limit_to(2 * page)
                && write(pages.file(), &[1; 10], 2 * page - 10).is_ok()
                && write(pages.file(), &[1; 10], 2 * page - 9).is_err()
                && set_size(pages.file(), 5 * page).is_err()
        });
        assert!(child.succeeds());
        // What that avoids: the file need not grow for it.
        let child = Child::run(|| {
            // SAFETY: readable bytes, and a descriptor of the test's.
            limit_to(2 * page)
                && unsafe { libc::pwrite(pages.file().as_raw_fd(), [1_u8].as_ptr().cast(), 1, 2 * page as i64) } == 1
        });
        let status = child.status();
        assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGXFSZ, "{status:#x}");
    }

    #[test]
    fn no_file_takes_the_place_of_a_closed_standard_stream() {
        let child = Child::run(|| {
            // SAFETY: this child's own streams.
            unsafe { (libc::close(0), libc::close(1), libc::close(2)) };
            create().is_ok_and(|fd| fd.as_raw_fd() > libc::STDERR_FILENO)
                // SAFETY: asks about numbers.
                && (0..3).all(|stream| unsafe { libc::fcntl(stream, libc::F_GETFD) } < 0)
        });
        assert!(child.succeeds());
    }

    #[test]
    fn every_call_can_be_refused_and_leaves_no_descriptor() {
        let child = Child::run(|| {
            // SAFETY: a new descriptor each time, closed at once: the number tells what is free.
            let lowest = || unsafe {
                let fd = libc::dup(2);
                libc::close(fd);
                fd
            };
            let free = lowest();
            for n in 0..2 {
                faults::plan(Plan::Once(n));
                if create().is_ok() || lowest() != free {
                    return false;
                }
            }
            let Ok(fd) = create() else { return false };
            faults::plan(Plan::From(0));
            let refused = set_size(&fd, 1).is_err() && write(&fd, &[1], 0).is_err() && punch(&fd, 0, 4096).is_err();
            refused && memory(&fd) == 0
        });
        assert!(child.succeeds());
    }
}
