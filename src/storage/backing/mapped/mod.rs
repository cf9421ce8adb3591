//! [`Mapping`]: a range of addresses that shows a file in memory, so that pages which did not change can be shared.
//!
//! A file has one *shared* range: what is written there is in the file. The stream writes it in place until the first
//! separation. Then it is left to its readers, and the stream goes on in a *private* range of the same file, where the
//! kernel gives each page that is written a copy of its own. `storage::sharing` says how such ranges take turns.
//!
//! - **Growth** copies nothing: addresses are taken ahead, and the file is made longer within them.
//! - **Memory** comes with a page's first write. Large writes to pages that are not there yet go through the file,
//!   which takes no page fault; and what has never been written is known to be zeros.
//! - **fork(2)** is `fork_guard`'s affair: a file that was there at a fork is never written again.
//!
//! Every step may be refused by the system. Then nothing has happened, and the caller copies into memory of another
//! kind.

mod file;
mod fork_guard;

use std::cell::Cell;
use std::ops::Range;
use std::ptr::NonNull;

use file::File;

use crate::error::{Error, Result};
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
use crate::sys::linux::{Refused, memfd, mmap, page_size};
use crate::sys::memory::Input;

/// From here on a write goes through the file where its pages are not there yet.
const BULK: usize = 64 << 10;

/// So much of it goes at a time. Signals are blocked while the descriptor is used, and must not be held up for the
/// whole of a long write: copying a piece takes about a millisecond, beside which its few system calls more are little.
const BULK_PIECE: usize = 4 << 20;

enum Place {
    /// The file's shared range.
    Shared,
    /// A range of its own.
    Private(NonNull<u8>),
}

/// A range of addresses that shows a file.
pub(crate) struct Mapping {
    place: Place,
    file: Counted<File>,
    /// Up to here the page tables are filled, so that an ordinary copy is the fastest way to write.
    present: Cell<usize>,
}

impl From<Refused> for Error {
    fn from(_: Refused) -> Self {
        Self::NoMem
    }
}

impl Mapping {
    /// The shared range of a file of its own, with room for `needed` bytes.
    pub(in crate::storage) fn create(needed: usize) -> Result<Self> {
        let (file, warm) = File::with_room(needed)?;
        let file = Counted::new(file, Allocator::SYSTEM)?;
        let mapping = Self { place: Place::Shared, file, present: Cell::new(0) };
        // The pages of an emptied file are there; without this each would cost a fault to get at.
        mapping.populate(warm);
        Ok(mapping)
    }

    /// A private range of the same file.
    pub(in crate::storage) fn private_twin(&self) -> Result<Self> {
        let file = self.file.retain()?;
        let base = file.with_fd(|fd| mmap::map(fd, file.size(), mmap::Share::Private))?;
        Ok(Self { place: Place::Private(base), file, present: Cell::new(0) })
    }

    pub(in crate::storage) fn base(&self) -> NonNull<u8> {
        match self.place {
            Place::Shared => self.file.base(),
            Place::Private(base) => base,
        }
    }

    /// How many bytes it can hold at present.
    pub(in crate::storage) fn capacity(&self) -> usize {
        self.file.len()
    }

    /// Whether what is written here is in the file.
    pub(in crate::storage) fn is_shared(&self) -> bool {
        matches!(self.place, Place::Shared) && self.file.is_shared() && !self.file.is_retired()
    }

    /// Whether a fork has happened since: nobody may write the file.
    pub(in crate::storage) fn is_orphaned(&self) -> bool {
        self.file.is_orphaned()
    }

    /// Whether so many ranges show the file. Acquire, as of any count.
    pub(in crate::storage) fn is_shown_by(&self, ranges: usize) -> bool {
        self.file.holders() == ranges
    }

    /// Whether who alone holds this range may change its bytes: they are nobody else's.
    pub(in crate::storage) fn is_writable(&self) -> bool {
        match self.place {
            Place::Private(_) => true,
            Place::Shared => self.is_shown_by(1) && !self.file.is_retired(),
        }
    }

    /// Leaves the shared range to its readers: nobody writes content there any more.
    pub(in crate::storage) fn retire(&self) {
        self.file.retire();
    }

    /// Writes through the file, where that spares page faults; says whether it has.
    pub(in crate::storage) fn write_bulk(&self, at: usize, input: Input<'_>) -> bool {
        let end = at + input.len();
        if input.len() < BULK || end <= self.present.get() || !self.is_shared() {
            return false;
        }
        // Refused half-way, or by a fork meanwhile, all of it is written again by the ordinary way.
        (0..input.len()).step_by(BULK_PIECE).all(|done| {
            let n = BULK_PIECE.min(input.len() - done);
            // SAFETY: an input is readable for its length, within which the piece lies.
            let write = |fd: &_| unsafe { memfd::write_at(fd, input.as_ptr().add(done), n, at + done) };
            self.file.with_fd(write).is_ok()
        })
    }

    /// Fills the page tables for the first `n` bytes at once, for somebody who is about to write to most of them.
    fn populate(&self, n: usize) {
        let (from, to) = (self.present.get(), n.next_multiple_of(page_size()).min(self.capacity()));
        if from < to {
            // SAFETY: within this range.
            unsafe { mmap::populate(self.base().add(from), to - from) };
            self.present.set(to);
        }
    }

    /// From here on the range is known to hold zeros.
    pub(in crate::storage) fn zeros_from(&self) -> usize {
        // Of an orphaned file nothing is known: another thread's write may have come after the fork.
        if self.is_shared() && !self.is_orphaned() { self.file.zeros_from() } else { usize::MAX }
    }

    /// Notes that the bytes before `end` may hold anything from now on.
    pub(in crate::storage) fn note_written(&self, end: usize) {
        if self.is_shared() {
            self.file.note_written(end);
        }
    }

    /// Writes what this private range holds in `bytes` into the file, whose other readers are gone.
    pub(in crate::storage) fn write_to_file(&self, bytes: Range<usize>) -> Result<()> {
        if self.is_orphaned() || bytes.end > self.file.len() {
            return Err(Error::NoMem);
        }
        self.file.note_written(bytes.end);
        // SAFETY: within both ranges, which are distinct; nobody reads the file's bytes there, and this range has pages
        // of its own where they differ.
        unsafe {
            let to = self.file.base().add(bytes.start);
            to.copy_from_nonoverlapping(self.base().add(bytes.start), bytes.len());
        }
        Ok(())
    }

    /// Lets the pages of its own go that lie in these runs of bytes, which come in order: the file's show again.
    pub(in crate::storage) fn discard(&self, runs: impl Iterator<Item = Range<usize>>) -> Result<()> {
        let page = page_size();
        let aligned = |run: Range<usize>| run.start / page * page..run.end.next_multiple_of(page).min(self.file.size());
        let mut runs = runs.map(aligned).filter(|run| !run.is_empty()).peekable();
        let merged = std::iter::from_fn(|| {
            let mut run = runs.next()?;
            while let Some(next) = runs.next_if(|next| next.start <= run.end) {
                run.end = run.end.max(next.end);
            }
            Some(run)
        });
        // SAFETY: whole pages of a private range that nobody reads.
        Ok(unsafe { mmap::discard_many(self.base(), merged) }?)
    }

    /// Makes room for `needed` bytes within the addresses that there are.
    pub(in crate::storage) fn lengthen(&self, needed: usize) -> Result<()> {
        if needed > self.file.size() {
            return Err(Error::NoMem);
        }
        Ok(self.file.lengthen(needed)?)
    }

    /// Makes room for `needed` bytes, perhaps at another address; for who alone uses the file.
    pub(in crate::storage) fn relocate(&self, needed: usize) -> Result<()> {
        if !self.is_shared() || !self.is_shown_by(1) || self.is_orphaned() {
            return Err(Error::NoMem);
        }
        self.file.make_room(needed)?;
        self.lengthen(needed)
    }

    /// Gives the memory beyond `len` back, if nobody else shows the file.
    pub(in crate::storage) fn shrink(&self, len: usize) {
        if self.is_shown_by(1) && self.file.punch(len).is_ok() && !self.is_shared() {
            let end = len.next_multiple_of(page_size())..self.capacity();
            // Refused, the memory simply stays.
            let _ = self.discard(std::iter::once(end));
        }
    }

    /// Gives the memory outside a range back, if nobody else shows the file. Nobody reads there.
    pub(in crate::storage) fn keep_only(&self, range: Range<usize>) {
        let page = page_size();
        let (start, end) = (range.start / page * page, range.end.next_multiple_of(page));
        if self.is_shown_by(1) && self.file.punch_outside(start..end).is_ok() && !self.is_shared() {
            // Refused, the memory simply stays.
            let _ = self.discard([0..start, end..self.capacity()].into_iter());
        }
    }

    /// How much memory ends with it.
    pub(in crate::storage) fn own_memory(&self) -> usize {
        if self.is_shown_by(1) { self.file.zeros_from().min(self.file.len()) } else { 0 }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if let Place::Private(base) = self.place {
            // SAFETY: this range, which nobody uses any more.
            unsafe { mmap::unmap(base, self.file.size()) }
        }
    }
}

/// Whether emptied files are kept.
pub(in crate::storage) fn has_emptied() -> bool {
    fork_guard::parked().0 > 0
}

/// Gives the emptied files back; says how many bytes that were.
pub(in crate::storage) fn trim() -> usize {
    fork_guard::trim(0, 0)
}

#[cfg(all(test, not(loom)))]
mod tests;
