//! The system calls that storage is built on: a thin layer, so that each can be made to fail.
//!
//! Nothing here decides anything. Under test, [`faults`] makes the n-th call fail; everything above has to cope,
//! because any of them may: no memfd, no descriptor, no address space, no /proc.

pub(crate) mod faults;
pub(crate) mod memfd;
pub(crate) mod mmap;
pub(crate) mod pagemap;
pub(crate) mod process;

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

pub(crate) fn page_size() -> usize {
    // SAFETY: asks for a constant.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}
