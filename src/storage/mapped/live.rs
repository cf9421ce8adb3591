//! Snapshots under a live writable view, whose address must stay.
//!
//! The front of the mapping is turned private in place, so that raw writes leave the file alone, and each snapshot gets a
//! mapping of its own. What raw pointers have changed since, the kernel tells.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::pages::PageSet;
use super::{Mapping, Still};
use crate::sys::vm::{self, Refused, Result, Share};

/// One in so many pages differs from the file under a live view, and older snapshots forbid writing them back: a plain
/// copy is better.
const SCATTERED: usize = 4;

/// More pages than these are let go with all others in one call.
const MANY: usize = 64;

/// What came of asking for a snapshot under a live writable view.
pub(in crate::storage) enum Live {
    /// Nothing has changed since the last one.
    Same,
    /// A mapping with the bytes as they are, and how many of them had to be copied.
    New(Mapping, usize),
}

impl Mapping {
    /// A snapshot of the first `len` bytes while raw pointers may go on writing here; `last` is what the one before
    /// holds, if that is of the same length and still alive.
    pub(in crate::storage) fn live(&self, len: usize, last: Option<&[u8]>, still: &Still) -> Result<Live> {
        if self.is_orphaned() || self.is_retired() {
            return Err(Refused);
        }
        let first = self.cover(Self::rounded(len)?)?;
        let covered = self.private();
        let differing = self.differing(covered)?;
        let same = |run: Range<usize>, last| self.shows(last, run.start * self.page, run.end * self.page);
        if !first && last.is_some_and(|last| differing.runs().all(|run| same(run, last))) {
            return Ok(Live::Same);
        }
        let copied = differing.count() * self.page;
        let next = if self.file.holders() == 1 && self.write_back(&differing).is_ok() {
            self.changed.borrow_mut().clear();
            self.forget(&differing);
            self.mapped_anew(covered, covered, PageSet::below(covered / self.page)?, still)?
        } else if differing.count() <= (covered / self.page / SCATTERED).max(1) {
            self.mapped_anew(covered, covered, differing, still)?
        } else {
            return Err(Refused);
        };
        next.retire();
        Ok(Live::New(next, copied))
    }

    /// Makes at least `[0, covered)` private, in place; says whether there was anything to do.
    fn cover(&self, covered: usize) -> Result<bool> {
        let before = self.private();
        if covered <= before {
            return Ok(false);
        }
        let mut changed = PageSet::below(covered / self.page)?;
        for run in self.changed.borrow().runs() {
            changed.add(run);
        }
        // SAFETY: the part of this mapping that becomes private; what was written there is in the file.
        unsafe { vm::map_over(&self.file.fd, self.base, before, covered, Share::Private) }?;
        *self.changed.borrow_mut() = changed;
        self.private.store(covered, Ordering::Relaxed);
        Ok(true)
    }

    /// Whether `[from, to)` here is what `last` holds there.
    fn shows(&self, last: &[u8], from: usize, to: usize) -> bool {
        let (from, to) = (from.min(last.len()), to.min(last.len()));
        // SAFETY: within the mapping; the caller orders raw writes against this call.
        let here = unsafe { std::slice::from_raw_parts(self.base.as_ptr().add(from), to - from) };
        here == &last[from..to]
    }

    /// Lets pages go that the file holds just as well. Where that is refused, they are as good as changed.
    fn forget(&self, pages: &PageSet) {
        // SAFETY: the private part. Pages that did not change are found in the file again, at a small price.
        if pages.count() > MANY && unsafe { vm::forget_private(self.base, self.private()) }.is_ok() {
            return;
        }
        for run in pages.runs() {
            // SAFETY: whole pages of the private part.
            let forgotten = unsafe { vm::forget_private(self.base.add(run.start * self.page), run.len() * self.page) };
            if forgotten.is_err() {
                self.changed.borrow_mut().add(run);
            }
        }
    }
}
