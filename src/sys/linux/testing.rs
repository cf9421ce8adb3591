//! What tests of system calls share: memory of several kinds, and children of fork(2).

use std::os::fd::OwnedFd;
use std::ptr::NonNull;

use super::mmap::{self, Share};
use super::{memfd, page_size};

/// A mapping of a number of pages.
pub(super) struct Pages {
    pub(super) base: NonNull<u8>,
    pub(super) len: usize,
    pub(super) file: Option<OwnedFd>,
}

impl Pages {
    /// Of no file.
    pub(super) fn zeros(pages: usize) -> Self {
        let len = pages * page_size();
        Self { base: mmap::map_zeros(len).unwrap(), len, file: None }
    }

    /// Of a new file.
    pub(super) fn of_file(pages: usize, share: Share) -> Self {
        let len = pages * page_size();
        let file = memfd::create().unwrap();
        memfd::set_size(&file, len).unwrap();
        Self { base: mmap::map(&file, len, share).unwrap(), len, file: Some(file) }
    }

    pub(super) fn file(&self) -> &OwnedFd {
        self.file.as_ref().unwrap()
    }

    /// The address of a byte of a page.
    pub(super) fn at(&self, page: usize, offset: usize) -> *mut u8 {
        let at = page * page_size() + offset;
        assert!(at < self.len);
        // SAFETY: within the mapping.
        unsafe { self.base.add(at).as_ptr() }
    }

    pub(super) fn write(&self, page: usize, value: u8) {
        // SAFETY: within the mapping, which tests use from one thread.
        unsafe { self.at(page, 17).write_volatile(value) }
    }

    pub(super) fn read(&self, page: usize) -> u8 {
        // SAFETY: as above.
        unsafe { self.at(page, 17).read_volatile() }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: made above; nobody uses it any more.
        unsafe { mmap::unmap(self.base, self.len) }
    }
}

/// A child of fork(2) that runs `body`, and whether that gave true.
pub(crate) struct Child(libc::pid_t);

impl Child {
    /// `body` runs beside threads that are not there any more: it must take no lock and not panic. It ends after a
    /// minute at the latest, so that one that waits for a failed test does not wait for ever.
    pub(crate) fn run(body: impl FnOnce() -> bool) -> Self {
        // SAFETY: the child does what its body does and ends without running anything of its parent's.
        unsafe {
            match libc::fork() {
                0 => {
                    libc::alarm(60);
                    libc::_exit(i32::from(!body()))
                }
                child => {
                    assert!(child > 0);
                    Self(child)
                }
            }
        }
    }

    pub(crate) fn succeeds(self) -> bool {
        self.status() == 0
    }

    /// As wait(2) gives it.
    pub(super) fn status(self) -> i32 {
        let mut status = -1;
        // SAFETY: our child, and room for its status.
        while unsafe { libc::waitpid(self.0, &raw mut status, 0) } < 0 {
            assert_eq!(super::last_error(), Some(libc::EINTR));
        }
        status
    }
}

/// Two ends of a pipe, for processes to take turns.
pub(super) fn pipe() -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, new and ours.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        (super::descriptor(ends[0]).unwrap(), super::descriptor(ends[1]).unwrap())
    }
}
