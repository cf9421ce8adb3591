//! [`History`]: what has changed since when, and the blocks that can be brought up to date from it.
//!
//! Time is counted in *epochs*: one ends whenever a block is left to its readers. For each granule of the content the
//! history knows the epoch of its latest change. A block that was *in step* with the content at some epoch lacks just
//! the granules that changed later, and what was appended since: so a *sibling*, a block that the stream has left
//! before and that nobody reads any more, is written again at the cost of what changed.
//!
//! A history covers writes through the stream. What raw pointers write is marked when it is found out (`capture`).

use std::ops::Range;

use super::block::Block;
use super::policy::{self, Pause};
use super::spares::Reservation;
use crate::error::Result;
use crate::sys::alloc::Allocator;
use crate::sys::owned::Words;

/// Bytes a granule. Smaller ones bring nothing, larger ones copy too much.
const GRANULE: usize = 1 << 10;
/// Granules a group, which has the latest epoch of all of them.
const GROUP: usize = 64;

/// The state of some bytes: those before `len` are the content's as it was at the end of `epoch`.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) epoch: u32,
    pub(super) len: usize,
}

/// When each granule was changed last.
pub(super) struct Epochs {
    now: u32,
    granules: Words,
    groups: Words,
    allocator: Allocator,
}

impl Epochs {
    fn new(len: usize, allocator: Allocator) -> Result<Self> {
        let granules = len.div_ceil(GRANULE);
        Ok(Self {
            now: 1,
            granules: Words::zeros(granules, allocator)?,
            groups: Words::zeros(granules.div_ceil(GROUP), allocator)?,
            allocator,
        })
    }

    /// Has room for marks on the first `len` bytes.
    fn cover(&mut self, len: usize) -> Result<()> {
        if len > self.granules.len() * GRANULE {
            let mut longer = Self::new(len.max(self.granules.len() * GRANULE * 2), self.allocator)?;
            longer.granules[..self.granules.len()].copy_from_slice(&self.granules);
            longer.groups[..self.groups.len()].copy_from_slice(&self.groups);
            longer.now = self.now;
            *self = longer;
        }
        Ok(())
    }

    /// Notes that the bytes in `[from, to)` change in this epoch; gives the granules' bytes.
    fn mark(&mut self, from: usize, to: usize) -> Range<usize> {
        let (first, last) = (from / GRANULE, to.div_ceil(GRANULE).min(self.granules.len()));
        if from < to && first < last {
            self.granules[first..last].fill(self.now);
            self.groups[first / GROUP..last.div_ceil(GROUP)].fill(self.now);
        }
        first * GRANULE..last * GRANULE
    }

    /// The runs of granules that changed after `since`, up to `len`.
    fn changed(&self, since: u32, len: usize) -> impl Iterator<Item = Range<usize>> {
        let bound = len.div_ceil(GRANULE).min(self.granules.len());
        let mut next = 0;
        std::iter::from_fn(move || {
            let start = self.seek(next, bound, |epoch| epoch > since)?;
            let end = (start..bound).find(|i| self.granules[*i] <= since).unwrap_or(bound);
            next = end;
            Some(start * GRANULE..(end * GRANULE).min(len))
        })
    }

    /// The first granule from `from` on whose epoch is such; groups whose latest is not such are passed over.
    fn seek(&self, mut from: usize, bound: usize, is_such: impl Fn(u32) -> bool) -> Option<usize> {
        while from < bound {
            let group = from / GROUP;
            let end = ((group + 1) * GROUP).min(bound);
            if is_such(self.groups[group])
                && let Some(found) = (from..end).find(|i| is_such(self.granules[*i]))
            {
                return Some(found);
            }
            from = end;
        }
        None
    }
}

/// A block that the stream has left and wants back.
pub(super) struct Sibling {
    pub(super) reservation: Reservation,
    pub(super) step: Step,
}

/// What a stream knows of its past.
pub(super) struct History {
    epochs: Epochs,
    pub(super) siblings: [Option<Sibling>; policy::MAX_SIBLINGS],
    /// How often in a row no sibling was free.
    misses: u32,
    pub(super) misses_pause: Pause,
    /// Changes since the last separation.
    idle: u32,
    /// The granules that are marked for this epoch already, around the change made last.
    marked: Range<usize>,
    pub(super) capture: super::capture::State,
    pub(super) sharing: super::sharing::State,
}

impl History {
    pub(super) fn new(len: usize, allocator: Allocator) -> Result<Self> {
        Ok(Self {
            epochs: Epochs::new(len, allocator)?,
            siblings: [const { None }; policy::MAX_SIBLINGS],
            misses: 0,
            misses_pause: policy::MISSES_PAUSE,
            idle: 0,
            marked: 0..0,
            capture: super::capture::State::default(),
            sharing: super::sharing::State::default(),
        })
    }

    /// Below this, changes have to be marked: some block is in step up to here.
    pub(super) fn tracked(&self) -> usize {
        let siblings = self.siblings.iter().flatten().map(|sibling| sibling.step.len);
        let others = self.sharing.steps().chain(self.capture.step());
        siblings.chain(others.map(|step| step.len)).max().unwrap_or(0)
    }

    /// Where changes are marked already.
    pub(super) fn marked(&self) -> Range<usize> {
        self.marked.clone()
    }

    /// Notes that the bytes in `[from, to)` change. Counts a change without a separation; too many of them, and
    /// nobody is waited for any more.
    pub(super) fn mark(&mut self, from: usize, to: usize) {
        let tracked = self.tracked();
        if from < tracked {
            self.marked = self.epochs.mark(from, to.min(tracked));
            self.idle += 1;
            if self.idle > policy::MAX_IDLE_CHANGES {
                self.forget();
            }
        } else {
            self.marked = 0..0;
        }
    }

    /// Notes that the bytes in `[from, to)` may have been changed by somebody else's hand.
    pub(super) fn mark_raw(&mut self, from: usize, to: usize) {
        self.epochs.mark(from, to.min(self.tracked()).max(from));
    }

    /// The content now ends at `len`: what comes later there is no block's.
    pub(super) fn truncate(&mut self, len: usize) {
        let siblings = self.siblings.iter_mut().flatten().map(|sibling| &mut sibling.step);
        siblings
            .chain(self.sharing.steps_mut())
            .chain(self.capture.step_mut())
            .for_each(|step| step.len = step.len.min(len));
        self.marked = 0..0;
    }

    /// Where a block lacks the content, whose length is `len`.
    pub(super) fn differing(&self, step: Step, len: usize) -> impl Iterator<Item = Range<usize>> {
        let common = step.len.min(len);
        let tail = (common < len).then_some(common..len);
        self.epochs.changed(step.epoch, common).chain(tail)
    }

    /// Ends the epoch: the content of the first `len` bytes as it is now has a name.
    pub(super) fn step(&mut self, len: usize) -> Result<Step> {
        self.epochs.cover(len)?;
        if self.epochs.now == u32::MAX {
            // Older epochs would compare wrongly from here on.
            self.forget();
            self.sharing.end();
            self.epochs = Epochs::new(len, self.epochs.allocator)?;
        }
        let epoch = self.epochs.now;
        self.epochs.now += 1;
        self.idle = 0;
        self.marked = 0..0;
        Ok(Step { epoch, len })
    }

    /// The sibling that was in step at the end of `epoch`, if nobody reads it any more.
    pub(super) fn take_of(&mut self, epoch: u32) -> Option<(Block, Sibling)> {
        let place = self.siblings.iter_mut().find(|place| place.as_ref().is_some_and(|s| s.step.epoch == epoch))?;
        let block = place.as_ref()?.reservation.take()?;
        Some((block, place.take()?))
    }

    /// A sibling that nobody reads any more and that can hold `capacity` bytes.
    pub(super) fn take_free(&mut self, capacity: usize) -> Option<(Block, Sibling)> {
        let stale = self.epochs.now.saturating_sub(policy::MAX_IDLE_SEPARATIONS);
        let mut free = None;
        for place in &mut self.siblings {
            let is_back = |sibling: &mut Sibling| sibling.reservation.is_back();
            if free.is_some() {
                // One is enough.
                place.take_if(|sibling| sibling.step.epoch < stale && is_back(sibling));
            } else if let Some(sibling) = place.take_if(is_back)
                && let Some(block) = sibling.reservation.take()
                && block.capacity() >= capacity
            {
                free = Some((block, sibling));
            }
        }
        if free.is_some() {
            self.misses = 0;
            self.misses_pause.reset();
        }
        free
    }

    /// No sibling was free. If there were as many as may be, too often in a row, they are given up for a while.
    pub(super) fn note_miss(&mut self) {
        self.misses += u32::from(self.siblings.iter().all(Option::is_some));
        if self.misses >= policy::MAX_MISSES {
            self.misses = 0;
            self.misses_pause.begin();
            self.siblings = [const { None }; policy::MAX_SIBLINGS];
        }
    }

    /// Keeps a sibling, in place of the older one if there are as many as may be.
    pub(super) fn keep(&mut self, sibling: Sibling) {
        let oldest = self.siblings.iter_mut().min_by_key(|place| place.as_ref().map_or(0, |s| s.step.epoch));
        if let Some(place) = oldest {
            *place = Some(sibling);
        }
    }

    /// Waits for no block any more; those that are back go.
    pub(super) fn forget(&mut self) {
        self.siblings = [const { None }; policy::MAX_SIBLINGS];
        self.capture.forget_newest();
        self.idle = 0;
    }

    /// Moves time on to its end, so that a test sees what happens there.
    #[cfg(test)]
    pub(super) fn age(&mut self) {
        self.epochs.now = u32::MAX - 3;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn ranges(epochs: &Epochs, since: u32, len: usize) -> Vec<Range<usize>> {
        epochs.changed(since, len).collect()
    }

    #[test]
    fn what_changed_after_an_epoch_is_found_granule_by_granule() {
        let mut epochs = Epochs::new(1 << 20, Allocator::SYSTEM).unwrap();
        assert_eq!(ranges(&epochs, 0, 1 << 20), []);
        epochs.mark(5, 6);
        epochs.now = 2;
        epochs.mark(3 * GRANULE - 1, 3 * GRANULE + 1);
        epochs.mark(200 * GRANULE, 300 * GRANULE);
        assert_eq!(ranges(&epochs, 1, 1 << 20), [2 * GRANULE..4 * GRANULE, 200 * GRANULE..300 * GRANULE]);
        assert_eq!(ranges(&epochs, 0, 3 * GRANULE + 1), [0..GRANULE, 2 * GRANULE..3 * GRANULE + 1]);
        assert_eq!(ranges(&epochs, 2, 1 << 20), []);
    }

    #[test]
    fn covering_more_keeps_the_marks() {
        let mut epochs = Epochs::new(GRANULE, Allocator::SYSTEM).unwrap();
        epochs.mark(0, 1);
        epochs.cover(100 * GRANULE).unwrap();
        epochs.mark(99 * GRANULE, 100 * GRANULE);
        assert_eq!(ranges(&epochs, 0, 100 * GRANULE), [0..GRANULE, 99 * GRANULE..100 * GRANULE]);
    }

    #[test]
    fn a_block_lacks_what_changed_and_what_came_behind_it() {
        let mut history = History::new(10 * GRANULE, Allocator::SYSTEM).unwrap();
        let step = history.step(10 * GRANULE).unwrap();
        history.keep(Sibling { reservation: Reservation::make().unwrap(), step });
        history.mark(2 * GRANULE, 2 * GRANULE + 1);
        let lacks: Vec<_> = history.differing(step, 12 * GRANULE).collect();
        assert_eq!(lacks, [2 * GRANULE..3 * GRANULE, 10 * GRANULE..12 * GRANULE]);
        history.truncate(GRANULE);
        assert_eq!(history.tracked(), GRANULE);
        let step = history.siblings[0].as_ref().unwrap().step;
        assert_eq!(history.differing(step, 3 * GRANULE).collect::<Vec<_>>(), [GRANULE..3 * GRANULE]);
    }
}
