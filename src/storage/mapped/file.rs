//! [`File`]: a memfd that one or more mappings show.

use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sys::threads::Uncancelled;
use crate::sys::vm::{self, Refused, Result};

/// How many files there are in this process, those in the pool included.
static FILES: AtomicUsize = AtomicUsize::new(0);

/// The share of the process's descriptors that the library may take, and the most it wants.
const SHARE: usize = 4;
const MOST: usize = 1024;

/// Memory with a name that the system can map more than once.
pub(super) struct File {
    pub(super) fd: ManuallyDrop<OwnedFd>,
}

impl File {
    /// A new file of `size` bytes, which take no memory until they are written.
    pub(super) fn new(size: usize) -> Result<Self> {
        if FILES.fetch_add(1, Ordering::Relaxed) >= MOST.min(vm::most_descriptors() / SHARE) {
            FILES.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused);
        }
        let fd = vm::memfd().inspect_err(|_| {
            FILES.fetch_sub(1, Ordering::Relaxed);
        })?;
        let file = Self { fd: ManuallyDrop::new(fd) };
        vm::set_size(&file.fd, size)?;
        Ok(file)
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn number() -> usize {
        FILES.load(Ordering::Relaxed)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _here = Uncancelled::new();
        // SAFETY: dropped here only, and not used again.
        unsafe { ManuallyDrop::drop(&mut self.fd) };
        FILES.fetch_sub(1, Ordering::Relaxed);
    }
}
