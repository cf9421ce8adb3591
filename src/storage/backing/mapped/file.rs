//! [`File`]: a file in memory (memfd) with its shared range of addresses, which more private ranges may show too.

use std::mem::ManuallyDrop;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::fork_guard::{self, Registered};
use crate::storage::policy;
use crate::sys::linux::{Refused, Result, memfd, mmap, page_size};

/// How many times the needed bytes are mapped: within that a file grows without a new address.
const MAPPED_AHEAD: usize = 4;
/// How many times the needed bytes a file is long; what is not written takes no memory, unless all memory is locked.
const LONG_AHEAD: usize = 2;
const MIN_LEN: usize = 256 << 10;
/// How far ahead it is noted that something is written.
const NOTED_AHEAD: usize = 256 << 10;

/// How many bytes of memory streams have taken over with emptied files beyond what they needed.
static EXCESS: AtomicUsize = AtomicUsize::new(0);

pub(super) struct File {
    /// Taken out when the file is dropped.
    registered: ManuallyDrop<Registered>,
    /// The file's length.
    len: AtomicUsize,
    /// From here on the file holds zeros.
    written: AtomicUsize,
    /// Whether the shared range has been left to readers: nobody writes content through it any more.
    retired: AtomicBool,
    /// This file's part of [`EXCESS`].
    excess: usize,
}

impl File {
    /// An emptied file, or a new one, with room for `needed` bytes; and for how many of them there are pages.
    pub(super) fn with_room(needed: usize) -> Result<(Self, usize)> {
        Self::emptied(needed).map_or_else(|| Self::new(needed).map(|file| (file, 0)), Ok)
    }

    fn new(needed: usize) -> Result<Self> {
        let make = |len: usize, size: usize| -> Result<Self> {
            let (len, size) = (rounded(len)?, rounded(size)?);
            grantable(len)?;
            let registered = Registered::new(size, || {
                let fd = memfd::create()?;
                memfd::set_size(&fd, len).map(|()| fd)
            })?;
            Ok(Self::over(registered, len, 0, 0))
        };
        let len = needed.saturating_mul(LONG_AHEAD).max(MIN_LEN);
        make(len, needed.saturating_mul(MAPPED_AHEAD).max(len)).or_else(|_| make(needed, needed))
    }

    /// The emptied file whose memory comes closest. What it has too much of is bounded for the whole process: the
    /// stream may grow into it, or may not.
    fn emptied(needed: usize) -> Option<(Self, usize)> {
        let rank = |size: usize, memory: usize| (size >= needed).then(|| std::cmp::Reverse(memory.abs_diff(needed)));
        let (registered, memory) = Registered::take(rank)?;
        let len = registered.with_file(|fd| Ok(memfd::len(fd))).ok()?;
        if len < needed {
            grantable(needed).ok()?;
            registered.with_file(|fd| memfd::set_size(fd, rounded(needed)?)).ok()?;
        }
        let (len, excess) = (len.max(rounded(needed).ok()?), memory.saturating_sub(needed));
        let within = |held: usize| held.checked_add(excess).filter(|sum| *sum <= policy::MAX_EMPTIED_BYTES);
        let written = reach(memory).min(len);
        if EXCESS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok() {
            return Some((Self::over(registered, len, written, excess), memory.min(len)));
        }
        let from = rounded(needed.saturating_mul(LONG_AHEAD)).ok()?.min(len);
        registered.with_file(|fd| memfd::punch(fd, from, len)).ok()?;
        Some((Self::over(registered, len, written.min(from), 0), memory.min(from)))
    }

    fn over(registered: Registered, len: usize, written: usize, excess: usize) -> Self {
        Self {
            registered: ManuallyDrop::new(registered),
            len: AtomicUsize::new(len),
            written: AtomicUsize::new(written),
            retired: AtomicBool::new(false),
            excess,
        }
    }

    /// The shared range.
    pub(super) fn base(&self) -> NonNull<u8> {
        self.registered.base()
    }

    /// How many bytes of addresses each range has.
    pub(super) fn size(&self) -> usize {
        self.registered.size()
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn is_orphaned(&self) -> bool {
        self.registered.is_orphaned()
    }

    /// Whether what is written through the shared range is in the file.
    pub(super) fn is_shared(&self) -> bool {
        self.registered.is_shared()
    }

    /// Leaves the shared range to its readers.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.registered.retire();
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// From here on the file holds zeros.
    pub(super) fn zeros_from(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// The bytes before `end` may hold anything from now on; noted ahead, so that small appends need not say so each.
    pub(super) fn note_written(&self, end: usize) {
        if end > self.zeros_from() {
            self.written.store(end.saturating_add(NOTED_AHEAD), Ordering::Relaxed);
        }
    }

    pub(super) fn with_fd<R>(&self, f: impl FnOnce(&OwnedFd) -> Result<R>) -> Result<R> {
        self.registered.with_file(f)
    }

    /// Makes the file at least `needed` bytes long, at most as long as its ranges.
    pub(super) fn lengthen(&self, needed: usize) -> Result<()> {
        let grow = |len: usize| {
            let len = rounded(len)?.min(self.size());
            grantable(len)?;
            self.with_fd(|fd| memfd::set_size(fd, len)).map(|()| self.len.store(len, Ordering::Relaxed))
        };
        grow(needed.saturating_mul(LONG_AHEAD)).or_else(|_| grow(needed))
    }

    /// Gives the shared range addresses for `needed` bytes and more, perhaps elsewhere; for who alone uses it.
    pub(super) fn make_room(&self, needed: usize) -> Result<()> {
        // First, for addresses are had for what never could be.
        grantable(needed)?;
        let resize = |size: usize| self.registered.resize(rounded(size)?, true).map(drop);
        resize(needed.saturating_mul(2)).or_else(|_| resize(needed))
    }

    /// Gives the memory from `from` on back.
    pub(super) fn punch(&self, from: usize) -> Result<()> {
        let from = rounded(from)?;
        self.punch_outside(0..from)?;
        self.written.fetch_min(from, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the memory outside a range of whole pages back.
    pub(super) fn punch_outside(&self, range: Range<usize>) -> Result<()> {
        let punch = |from: usize, to: usize| {
            if from < to { self.with_fd(|fd| memfd::punch(fd, from, to)) } else { Ok(()) }
        };
        punch(0, range.start)?;
        punch(range.end, self.len())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        EXCESS.fetch_sub(self.excess, Ordering::Relaxed);
        // SAFETY: taken out here only.
        let registered = unsafe { ManuallyDrop::take(&mut self.registered) };
        let Ok(memory) = registered.with_file(|fd| Ok(memfd::memory(fd))) else { return };
        // What lies far behind holes would have to be overwritten by zeros, in memory that was never there.
        let dense = self.zeros_from().min(self.len()) <= reach(memory);
        let fits = dense && memory <= policy::MAX_EMPTIED_BYTES && registered.is_shared();
        if fits && registered.park(memory) {
            fork_guard::trim(policy::MAX_EMPTIED, policy::MAX_EMPTIED_BYTES);
        }
    }
}

/// Refuses what an ordinary allocation would be refused.
fn grantable(n: usize) -> Result<()> {
    if mmap::grantable(n) { Ok(()) } else { Err(Refused) }
}

/// How far a file that is kept has been written at most, by the memory behind it. Appends and windows note more than
/// they write.
fn reach(memory: usize) -> usize {
    memory.saturating_mul(LONG_AHEAD).saturating_add(2 * NOTED_AHEAD)
}

/// Up to a whole page, as long as an object may be.
fn rounded(n: usize) -> Result<usize> {
    n.checked_next_multiple_of(page_size()).filter(|n| isize::try_from(*n).is_ok()).ok_or(Refused)
}
