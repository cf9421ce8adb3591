//! This process: its limits and its forks.

use super::{Result, done, may};

/// How many descriptors this process may have.
pub(crate) fn most_descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid structure to be filled.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } == 0;
    if known { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) } else { 0 }
}

/// Whether memory is promised before it is there, as usual. Where it is not (vm.overcommit_memory is 2), a page of a
/// file that cannot be had is a SIGBUS at its first use, and files had better not be used.
pub(crate) fn overcommits() -> bool {
    let mut mode = [0_u8];
    // SAFETY: a static path, room for one byte, and a descriptor that is ours.
    unsafe {
        let fd = libc::open(c"/proc/sys/vm/overcommit_memory".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if fd >= 0 {
            libc::read(fd, mode.as_mut_ptr().cast(), 1);
            libc::close(fd);
        }
    }
    mode[0] != b'2'
}

/// Has three functions called around every fork(2): before it, after it in the parent, after it in the child.
pub(crate) fn at_fork(before: extern "C" fn(), parent: extern "C" fn(), child: extern "C" fn()) -> Result<()> {
    may()?;
    // SAFETY: functions of this library, which glibc forgets again when the library is unloaded.
    done(unsafe { libc::pthread_atfork(Some(before), Some(parent), Some(child)) })
}
