//! The mapped kind: bytes in a memfd, so that the kernel shares pages that did not change.
//!
//! ```text
//!   address space   old mapping: kept by snapshots        new mapping: the writer's
//!                   ┌───────────────────┬─────────┐       ┌───────────────────┬──────────────────┐
//!                   │ shared or private │ shared  │       │ private           │ shared           │
//!                   └─────────┬─────────┴────┬────┘       └──┬──┬─────────────┴────────┬─────────┘
//!   file (memfd)    ┌─────────▼──────────────▼───────────────▼──│──────────────────────▼─────────┐
//!                   │ what snapshots cover: never written       │     appended, also by pwrite    │
//!                   └───────────────────────────────────────────│────────────────────────────────┘
//!   pages of the mapping's own                                  ■ what changed since
//! ```
//!
//! - **Growth** is free: the file is made several times as long as needed and mapped as a whole, since memory comes only with
//!   a page's first write. Large appends go in by pwrite(2), which takes no page fault.
//! - **Fork** (the first change of bytes that a snapshot covers): the snapshots keep the old mapping, which is *retired*, that
//!   is, never written again. The writer gets a mapping of the same file whose prefix is private: the kernel copies a
//!   page when it is first written. Pages that differed from the file already are written back into it if no other mapping is
//!   left, else copied into the new mapping. The prefix covers all that any snapshot of the file ever covered, so
//!   that the file is never written under one.
//! - **Under a live writable view** the address must stay: the prefix is turned private in place, and the snapshot gets a
//!   mapping of its own.
//!
//! Every step may be refused by the system. Then nothing has happened, and the caller copies into memory of another kind.

mod file;
mod forking;
mod live;
mod pages;
mod pool;

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use file::File;
pub(in crate::storage) use forking::Still;
pub(in crate::storage) use live::Live;
use pages::PageSet;
use pool::Spare;

use super::region::Input;
use crate::sys::alloc::Allocator;
use crate::sys::count::Counted;
use crate::sys::vm::{self, Refused, Result, Share};

/// From here on a write goes through the file where its pages are not there yet.
pub(super) const BULK: usize = 64 << 10;

/// How much longer than needed a file is made, and the least length.
const AHEAD: usize = 4;
const LEAST: usize = 1 << 20;

/// One in so many pages changed: going page by page does not pay any more.
const DENSE: usize = 16;

/// How many mappings there may be: the system's own bound (vm.max_map_count) is on those of the whole process, two each.
const MOST: usize = 8192;

static MAPPINGS: AtomicUsize = AtomicUsize::new(0);

/// Refuses one more mapping where there are many.
fn check_number() -> Result<()> {
    if MAPPINGS.load(Ordering::Relaxed) < MOST { Ok(()) } else { Err(Refused) }
}

/// A range of addresses that shows a file.
pub(crate) struct Mapping {
    base: NonNull<u8>,
    size: usize,
    page: usize,
    file: Counted<File>,
    /// `[0, private)` is a private mapping of the file, the rest a shared one.
    private: AtomicUsize,
    /// The pages of the private part that may differ from the file.
    changed: RefCell<PageSet>,
    /// How many of them did from the beginning.
    inherited: usize,
    /// How many pages have been copied from mapping to mapping since the file held everything.
    spent: Cell<usize>,
    /// Whether raw pointers may have written: then only the kernel knows what changed.
    exposed: Cell<bool>,
    /// Whether the kernel has been asked to give the private part pages of its own at once.
    populated: Cell<bool>,
    /// Up to here the page tables are filled, so that an ordinary copy is the fastest way to write.
    present: Cell<usize>,
    /// A successor writes the file now.
    retired: AtomicBool,
    /// The process has forked: nobody may write the file.
    orphaned: AtomicBool,
}

impl Mapping {
    /// A mapping of a file with room for `needed` bytes, whose content is whatever it is.
    pub(super) fn create(needed: usize, still: &Still) -> Result<Self> {
        check_number()?;
        if let Some(mut spare) = pool::take(needed) {
            let file = spare.file.take().ok_or(Refused)?;
            let mapping = Self::over(file, spare.base, spare.size, 0, PageSet::default());
            mapping.present.set(spare.present);
            // Its pages are there; without this each would cost a fault to get at.
            mapping.populate(spare.memory);
            return Ok(mapping);
        }
        let least = Self::rounded(needed)?;
        Self::fresh(least.saturating_mul(AHEAD).max(LEAST), still).or_else(|_| Self::fresh(least, still))
    }

    fn fresh(size: usize, _: &Still) -> Result<Self> {
        let size = Self::rounded(size)?;
        let file = Counted::new(File::new(size)?, Allocator::SYSTEM).map_err(|_| Refused)?;
        let base = vm::map(&file.fd, size, Share::Shared)?;
        Ok(Self::over(file, base, size, 0, PageSet::default()))
    }

    fn over(file: Counted<File>, base: NonNull<u8>, size: usize, private: usize, changed: PageSet) -> Self {
        MAPPINGS.fetch_add(1, Ordering::Relaxed);
        Self {
            base,
            size,
            page: vm::page_size(),
            file,
            private: AtomicUsize::new(private),
            inherited: changed.count(),
            spent: Cell::new(0),
            changed: RefCell::new(changed),
            exposed: Cell::new(false),
            populated: Cell::new(false),
            present: Cell::new(0),
            retired: AtomicBool::new(false),
            orphaned: AtomicBool::new(false),
        }
    }

    /// Puts the mapping where forks are noticed. It must have found its place in memory.
    pub(super) fn settle(&self, still: &Still) -> Result<()> {
        forking::enter(self, still)
    }

    /// Up to a whole page, as long as an object may be.
    fn rounded(n: usize) -> Result<usize> {
        n.checked_next_multiple_of(vm::page_size()).filter(|n| isize::try_from(*n).is_ok()).ok_or(Refused)
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    fn private(&self) -> usize {
        self.private.load(Ordering::Relaxed)
    }

    /// Below this, changes have to be announced by [`touch`](Self::touch).
    pub(super) fn tracked(&self) -> usize {
        if self.is_orphaned() { 0 } else { self.private() }
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    fn is_orphaned(&self) -> bool {
        self.orphaned.load(Ordering::Relaxed)
    }

    /// Notes that the bytes in `[from, to)` are about to change in place.
    pub(super) fn touch(&self, from: usize, to: usize) {
        let to = to.min(self.private());
        if from < to && !self.is_orphaned() {
            self.changed.borrow_mut().add(from / self.page..to.div_ceil(self.page));
            if !self.populated.get() && self.is_dense() {
                self.populated.set(true);
                // SAFETY: the private part of this mapping.
                unsafe { vm::populate(self.base, self.private()) }
            }
        }
    }

    /// Notes that raw pointers may write from now on.
    pub(super) fn expose(&self) {
        self.exposed.set(true);
    }

    /// Whether so much has changed that the next fork had better copy.
    pub(super) fn is_dense(&self) -> bool {
        self.changed.borrow().count().saturating_sub(self.inherited) > (self.private() / self.page / DENSE).max(1)
    }

    /// Writes through the file, where that spares page faults; says whether it has.
    pub(super) fn store(&self, at: usize, input: Input<'_>) -> bool {
        let end = at + input.len();
        if input.len() < BULK || at < self.private() || end <= self.present.get() {
            return false;
        }
        let _still = forking::still();
        // SAFETY: an input is readable for its length.
        !self.is_orphaned() && unsafe { vm::write_at(&self.file.fd, input.as_ptr(), input.len(), at) }.is_ok()
    }

    /// Fills the page tables for the first `n` bytes at once, for somebody who is about to write to most of them.
    pub(super) fn populate(&self, n: usize) {
        let (from, to) = (self.present.get(), n.next_multiple_of(self.page).min(self.size));
        if from < to && self.private() == 0 {
            // SAFETY: within this mapping.
            unsafe { vm::populate(self.base.add(from), to - from) };
            self.present.set(to);
        }
    }

    /// The pages that may differ from the file, the kernel's knowledge included where raw pointers wrote.
    fn differing(&self, private: usize) -> Result<PageSet> {
        let mut set = PageSet::below(private / self.page)?;
        for run in self.changed.borrow().runs() {
            set.add(run);
        }
        if self.exposed.get() {
            let base = self.base.addr().get();
            set.add_private(base, base + self.private(), self.page)?;
        }
        Ok(set)
    }

    /// The writer's next mapping, with room for `needed` bytes: this one's bytes are shared with it and never written again
    /// where `frozen` bytes of it are covered by snapshots. Gives it and how many bytes were copied.
    pub(super) fn successor(&self, frozen: usize, needed: usize, still: &Still) -> Result<(Self, usize)> {
        if self.is_orphaned() || self.is_retired() {
            return Err(Refused);
        }
        let alone = self.file.holders() == 1;
        let covered = self.private().max(Self::rounded(frozen)?);
        let differing = self.differing(covered)?;
        // Once these copies have cost as much as a new file, a new file it is: no more than twice the best in all.
        let spent = if alone { 0 } else { self.spent.get() + differing.count() };
        if spent > (covered / self.page).max(1) {
            return Err(Refused);
        }
        let size = self.longer(needed)?;
        if alone {
            self.write_back(&differing)?;
        }
        // With no other mapping and no snapshot, the file holds all and belongs to the writer alone again.
        let private = if alone && frozen == 0 { 0 } else { covered };
        let left = if alone { PageSet::below(private / self.page)? } else { differing };
        let next = self.mapped_anew(size, private, left, still)?;
        next.spent.set(spent);
        let copied = next.changed.borrow().count() * self.page;
        Ok((next, copied))
    }

    /// Gives the file up to a successor that has found its place.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    /// The length to map: the present one, or more, for which the file is made longer.
    fn longer(&self, needed: usize) -> Result<usize> {
        if needed <= self.size {
            return Ok(self.size);
        }
        let size = Self::rounded(needed.saturating_mul(AHEAD))?;
        vm::set_size(&self.file.fd, size).map(|()| size)
    }

    fn write_back(&self, pages: &PageSet) -> Result<()> {
        for run in pages.runs() {
            let (from, to) = (run.start * self.page, (run.end * self.page).min(self.size));
            // SAFETY: pages of this mapping.
            unsafe { vm::write_at(&self.file.fd, self.base.add(from).as_ptr(), to - from, from) }?;
        }
        Ok(())
    }

    /// The same file at another address, with the pages in `differing` copied from here.
    fn mapped_anew(&self, size: usize, private: usize, differing: PageSet, _: &Still) -> Result<Self> {
        check_number()?;
        let file = self.file.retain().map_err(|_| Refused)?;
        let base = vm::map(&file.fd, size, Share::Shared)?;
        // Takes the mapping away again if the next step is refused.
        let mut made = Spare { base, size, file: Some(file), memory: 0, present: 0 };
        if private > 0 {
            // SAFETY: the front of the mapping made just now.
            unsafe { vm::map_over(&self.file.fd, base, 0, private, Share::Private) }?;
        }
        for run in differing.runs() {
            let (from, n) = (run.start * self.page, run.len() * self.page);
            // SAFETY: pages of both mappings, which are distinct; those of the new one are its own to write.
            unsafe { base.add(from).copy_from_nonoverlapping(self.base.add(from), n) }
        }
        let file = made.file.take().ok_or(Refused)?;
        Ok(Self::over(file, base, size, private, differing))
    }

    /// Turns the shared part private in place: fork(2) is about to happen.
    fn orphan(&self) {
        if self.orphaned.swap(true, Ordering::Relaxed) {
            // By an earlier fork: all is private already, and what was written since is nowhere else.
            return;
        }
        let private = self.private();
        if private < self.size && !self.is_retired() {
            // SAFETY: the rest of this mapping; what was written there is in the file. Were it refused, the fork would go on
            // all the same: there is no way to stop it.
            let _ = unsafe { vm::map_over(&self.file.fd, self.base, private, self.size, Share::Private) };
        }
    }

    /// Gives back the memory beyond `len`, if nobody else shows the file; for a writer that holds its block alone.
    pub(super) fn shrink(&self, len: usize) {
        let still = forking::still();
        let ours = self.file.holders() == 1 && !self.is_orphaned() && self.reunite(&still).is_ok();
        if ours
            && let Ok(from) = Self::rounded(len)
            && from < self.size
        {
            // Refused, the memory simply stays.
            let _ = vm::punch(&self.file.fd, from, self.size);
        }
    }

    /// Turns the private part shared again, in place, after writing back what differs.
    fn reunite(&self, _: &Still) -> Result<()> {
        let private = self.private();
        if private > 0 {
            self.write_back(&self.differing(private)?)?;
            // SAFETY: the front of this mapping, all of which is in the file now.
            unsafe { vm::map_over(&self.file.fd, self.base, 0, private, Share::Shared) }?;
            self.private.store(0, Ordering::Relaxed);
            *self.changed.borrow_mut() = PageSet::default();
            self.exposed.set(false);
            self.present.set(0);
        }
        Ok(())
    }

    /// How many bytes of memory its file takes.
    fn memory(&self) -> usize {
        vm::memory(&self.file.fd)
    }

    /// Whether the mapping can serve the next stream: its file is nobody else's, and all of it is shared again.
    fn recyclable(&self) -> bool {
        let private = self.private();
        let ours = self.file.holders() == 1 && !self.is_orphaned();
        // SAFETY: this mapping, which nobody uses any more.
        ours && (private == 0 || unsafe { vm::map_over(&self.file.fd, self.base, 0, private, Share::Shared) }.is_ok())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        MAPPINGS.fetch_sub(1, Ordering::Relaxed);
        let still = forking::still();
        forking::leave(self, &still);
        let recyclable = self.recyclable();
        let spare = Spare {
            base: self.base,
            size: self.size,
            file: self.file.retain().ok(),
            memory: if recyclable { self.memory() } else { 0 },
            present: if self.private() == 0 { self.present.get() } else { 0 },
        };
        if recyclable {
            pool::give(spare, || forking::largest(&still));
        }
    }
}

/// Keeps forks away while mappings are made or changed; refused where forks would go unnoticed.
pub(super) fn still() -> Result<Still> {
    forking::arm()?;
    Ok(forking::still())
}

/// Gives back what is kept for reuse; says how many bytes that were.
pub(crate) fn trim() -> usize {
    let _still = forking::still();
    pool::empty()
}

#[cfg(all(test, not(loom)))]
mod tests;
