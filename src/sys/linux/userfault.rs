//! [`Watch`]: which pages of a range were written, by whatever in this process has the address.
//!
//! The kernel write-protects the pages and, at the first write to each, takes the protection away and notes it
//! (userfaultfd, asynchronous write protection); one ioctl lists the noted pages and protects them again
//! (PAGEMAP_SCAN). Since Linux 6.7.
//!
//! Stores are seen, and system calls that write into the range. Not seen is what reaches the bytes in another way:
//! registered buffers (io_uring's READ_FIXED), RDMA and the like; a file's other mappings, and pwrite(2) to it;
//! pages of a private mapping of a file that are given back.

mod selftest;

use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use super::faults;
use super::pagemap::{self, Region};
use super::process::{self, Generation, Own};
use super::{Refused, Result, descriptor, done, last_error, may, page_size};

/// Watched ranges split mappings, of which a process may have some 65,000.
pub(crate) const MAX_WATCHES: usize = 1024;

/// A range whose writes are noted. To be dropped before the memory goes back to its allocator or is moved: mremap(2),
/// and realloc(3) with it, ends a watch without a word.
pub(crate) struct Watch {
    /// The address of the caller's range. Only the kernel is told of it, and only as a number.
    base: usize,
    /// The whole pages in it, as offsets.
    pages: Range<usize>,
    /// The process that began it.
    generation: Generation,
}

impl Watch {
    /// Begins to watch the whole pages in `[base, base + len)`, all of them unwritten so far.
    ///
    /// # Safety
    /// The range is mapped, and nothing else in it is watched. It stays so while the watch lives.
    pub(crate) unsafe fn begin(base: NonNull<u8>, len: usize) -> Result<Self> {
        let base = base.addr().get();
        let page = page_size();
        let start = base.checked_next_multiple_of(page).ok_or(Refused)?;
        let end = base.checked_add(len).ok_or(Refused)? / page * page;
        if start >= end {
            return Err(Refused);
        }
        let generation = process::generation()?;
        let own = process::own(generation)?;
        let watching = Watching::get(own, generation)?;
        if own.watches.fetch_add(1, Ordering::Relaxed) >= MAX_WATCHES {
            own.watches.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused);
        }
        if let Err(refused) = watching.register(start..end) {
            own.watches.fetch_sub(1, Ordering::Relaxed);
            return Err(refused);
        }
        // Dropped if the next step is refused.
        let watch = Self { base, pages: start - base..end - base, generation };
        watching.protect(start..end)?;
        Ok(watch)
    }

    /// The part of the range that is watched, as offsets: all but less than a page at either end.
    pub(crate) fn covered(&self) -> Range<usize> {
        self.pages.clone()
    }

    /// Names what was written since the watch began or this was last called, in runs of whole pages, as offsets and in
    /// order. What is written from now on is for the next call: so look at the bytes afterwards, not before.
    ///
    /// An error means that nothing is known: all may have changed, now and later. Copy everything and drop the watch.
    pub(crate) fn take_changes(&self, mut each: impl FnMut(Range<usize>)) -> Result<()> {
        let watching = Watching::known(process::own(self.generation)?).ok_or(Refused)?;
        watching.take_written(self.addresses(), |run| each(run.start - self.base..run.end - self.base))
    }

    fn addresses(&self) -> Range<usize> {
        self.base + self.pages.start..self.base + self.pages.end
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // In a child there is nothing to undo: it was not given what its parent watches.
        let Ok(own) = process::own(self.generation) else { return };
        if let Some(watching) = Watching::known(own) {
            watching.unregister(self.addresses());
        }
        own.watches.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many ranges this process watches now.
#[cfg(test)]
pub(crate) fn watches() -> usize {
    process::peek().watches.load(Ordering::Relaxed)
}

/// The two descriptors: a userfaultfd, and the page map.
struct Watching<'a> {
    userfault: BorrowedFd<'a>,
    pagemap: BorrowedFd<'a>,
}

/// [`Own::descriptors`] before anything was opened: two zeros, which cannot be, as one number is one descriptor.
const NONE: u64 = 0;

/// [`Own::descriptors`] once the kernel was found to answer wrongly.
const UNRELIABLE: u64 = u64::MAX;

/// The descriptors that were opened last, by this process or an ancestor.
static OPENED: AtomicU64 = AtomicU64::new(NONE);

impl Watching<'static> {
    /// This process's descriptors, if it has any.
    fn known(own: &Own) -> Option<Self> {
        let packed = own.descriptors.load(Ordering::Acquire);
        let (userfault, pagemap) = unpacked(packed)?;
        // SAFETY: open until the library is unloaded; nobody calls it then. (A process may still run threads while it
        // exits: to them these numbers may be closed, or other files, for which the ioctls are refused.)
        unsafe { Some(Self { userfault: BorrowedFd::borrow_raw(userfault), pagemap: BorrowedFd::borrow_raw(pagemap) }) }
    }

    /// This process's descriptors, opened now if it has none. Never waits: of two threads at once, one opens in vain.
    fn get(own: &Own, generation: Generation) -> Result<Self> {
        let known = own.descriptors.load(Ordering::Acquire);
        if known == NONE {
            Self::open(own, generation)?;
        }
        Self::known(own).ok_or(Refused)
    }

    fn open(own: &Own, generation: Generation) -> Result<()> {
        if process::descriptor_shares().1 < process::WATCH_DESCRIPTORS {
            return Err(Refused);
        }
        let (userfault, pagemap) = (open_userfault()?, pagemap::open()?);
        let both = Watching { userfault: userfault.as_fd(), pagemap: pagemap.as_fd() };
        let reliable = selftest::passes(&both)? && !faults::lies();
        let packed = if reliable { packed(&userfault, &pagemap) } else { UNRELIABLE };
        let mine = own.descriptors.compare_exchange(NONE, packed, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !process::is_same_process(generation) {
            // A signal handler forked in the midst of this, and this is the child: these are its parent's.
            let _ = own.descriptors.compare_exchange(packed, NONE, Ordering::AcqRel, Ordering::Acquire);
            return Err(Refused);
        }
        if mine && reliable {
            OPENED.store(packed, Ordering::Release);
            let _ = (userfault.into_raw_fd(), pagemap.into_raw_fd());
        }
        Ok(())
    }
}

fn packed(userfault: &OwnedFd, pagemap: &OwnedFd) -> u64 {
    let [low, high] = [userfault, pagemap].map(|fd| u64::from(fd.as_raw_fd().cast_unsigned()));
    high << 32 | low
}

fn unpacked(packed: u64) -> Option<(RawFd, RawFd)> {
    let half = |bits: u64| (bits as u32).cast_signed();
    (packed != NONE && packed != UNRELIABLE).then(|| (half(packed), half(packed >> 32)))
}

/// Takes what [`packed`] has made out of a cell, and closes it.
fn close(cell: &AtomicU64) {
    if let Some((userfault, pagemap)) = unpacked(cell.swap(NONE, Ordering::AcqRel)) {
        // SAFETY: ours, and out of the cell now, so that nobody else closes them.
        drop(unsafe { (OwnedFd::from_raw_fd(userfault), OwnedFd::from_raw_fd(pagemap)) });
    }
}

/// For a child of fork(2), before anything else runs in it: closes what it inherited. Safe in a handler of
/// pthread_atfork(3). Nothing depends on it but two descriptors, and the rare child that was forked by a signal handler
/// in the midst of [`Watch::take_changes`], which would go on to ask about its parent.
pub(crate) fn close_inherited() {
    close(&OPENED);
}

// SAFETY: what the loader calls when it unloads the library or the process exits.
#[used]
#[unsafe(link_section = ".fini_array")]
static ON_UNLOAD: extern "C" fn() = on_unload;

extern "C" fn on_unload() {
    close(&process::peek().descriptors);
}

const UFFD_USER_MODE_ONLY: i32 = 1;
const UFFD_API: u64 = 0xaa;
const UFFD_FEATURE_WP_HUGETLBFS_SHMEM: u64 = 1 << 12;
const UFFD_FEATURE_WP_UNPOPULATED: u64 = 1 << 13;
const UFFD_FEATURE_WP_ASYNC: u64 = 1 << 15;
const UFFDIO_REGISTER_MODE_WP: u64 = 1 << 1;

/// struct uffdio_api
#[repr(C)]
struct Api {
    api: u64,
    features: u64,
    ioctls: u64,
}

/// struct uffdio_range
#[repr(C)]
struct Span {
    start: u64,
    len: u64,
}

/// struct uffdio_register
#[repr(C)]
struct Register {
    range: Span,
    mode: u64,
    ioctls: u64,
}

const UFFDIO_API: libc::Ioctl = libc::_IOWR::<Api>(0xaa, 0x3f);
const UFFDIO_REGISTER: libc::Ioctl = libc::_IOWR::<Register>(0xaa, 0);
const UFFDIO_UNREGISTER: libc::Ioctl = libc::_IOR::<Span>(0xaa, 1);

fn open_userfault() -> Result<OwnedFd> {
    may()?;
    let flags = libc::O_CLOEXEC | UFFD_USER_MODE_ONLY;
    // SAFETY: a system call that makes a descriptor, new and ours.
    let fd = unsafe { descriptor(RawFd::try_from(libc::syscall(libc::SYS_userfaultfd, flags)).unwrap_or(-1)) }?;
    let features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_HUGETLBFS_SHMEM;
    call(fd.as_fd(), UFFDIO_API, &mut Api { api: UFFD_API, features, ioctls: 0 })?;
    Ok(fd)
}

/// One ioctl of the userfaultfd, with one of the structures above.
fn call<T>(userfault: BorrowedFd<'_>, request: libc::Ioctl, argument: &mut T) -> Result<()> {
    may()?;
    // SAFETY: the request carries the argument's size; the kernel reads and fills no more.
    done(unsafe { libc::ioctl(userfault.as_raw_fd(), request, &raw mut *argument) })
}

fn span(addresses: &Range<usize>) -> Span {
    Span { start: addresses.start as u64, len: addresses.len() as u64 }
}

impl Watching<'_> {
    fn register(&self, addresses: Range<usize>) -> Result<()> {
        let mut register = Register { range: span(&addresses), mode: UFFDIO_REGISTER_MODE_WP, ioctls: 0 };
        call(self.userfault, UFFDIO_REGISTER, &mut register).inspect_err(|_| {
            // Another userfaultfd's range is left alone; any other failure may have come half-way.
            if last_error() != Some(libc::EBUSY) {
                self.unregister(addresses);
            }
        })
    }

    /// Takes the pages' protection away as well. Where it is refused, each page's next write costs a fault, no more.
    fn unregister(&self, addresses: Range<usize>) {
        let _ = call(self.userfault, UFFDIO_UNREGISTER, &mut span(&addresses));
    }

    /// By a scan that lists nothing: UFFDIO_WRITEPROTECT does the same in four times the time.
    fn protect(&self, addresses: Range<usize>) -> Result<()> {
        let (start, end) = (addresses.start as u64, addresses.end as u64);
        let (_, reached) = pagemap::take_written(self.pagemap, start, end, &mut [])?;
        if reached == end { Ok(()) } else { Err(Refused) }
    }

    fn take_written(&self, addresses: Range<usize>, mut each: impl FnMut(Range<usize>)) -> Result<()> {
        let mut regions = [Region::default(); 64];
        let mut at = addresses.start;
        while at < addresses.end {
            let (found, reached) = pagemap::take_written(self.pagemap, at as u64, addresses.end as u64, &mut regions)?;
            for region in &regions[..found] {
                let run = region.start as usize..region.end as usize;
                if run.is_empty() || run.start < at || run.end > addresses.end {
                    return Err(Refused);
                }
                each(run);
            }
            if reached as usize <= at {
                return Err(Refused);
            }
            at = reached as usize;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
