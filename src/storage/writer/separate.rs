//! Separating: how a writer gets a range that it may change while others keep the bytes as they are.
//!
//! There are three ways, of which [`Writer::separate`] takes the cheapest that is open: to bring a sibling up to date,
//! to share pages with the readers, and to copy what is kept.

use std::ops::Range;

use super::Writer;
use crate::error::{Error, Result};
use crate::storage::block::{Block, Kind};
use crate::storage::deferred::Deferred;
use crate::storage::frozen::Frozen;
use crate::storage::history::{History, Sibling, Step};
use crate::storage::policy::{self, amortised};
use crate::storage::spares::Reservation;
use crate::storage::switches::{self, Switch};
use crate::sys::count::Stock;
use crate::sys::owned::Owned;

impl Writer {
    /// Whether this writer may change all of its block: nobody else holds it, or nobody else any more.
    pub(super) fn reclaim(&mut self) -> bool {
        let Some(block) = &self.block else { return true };
        if self.is_fixed() {
            return true;
        }
        let spare = self.has_spare_handle(block);
        // `holders` loads with Acquire, which pairs with the Release of each snapshot's and each writer's drop: whoever
        // read the bytes has finished, and what the block's last owner said of it is known. Hence in this order.
        let alone = block.holders() == 1 + self.pins + usize::from(spare);
        let alone = alone && block.backing().is_writable() && self.data == block.data();
        if alone {
            self.own();
        }
        alone
    }

    /// Whether the handle that is kept for the next value holds the block, and nobody else has it.
    pub(super) fn has_spare_handle(&self, block: &Block) -> bool {
        let is_spare = |value: &Stock<Frozen>| {
            value.holders_outside() == 0 && value.block.as_ref().is_some_and(|hold| hold.is_of(block))
        };
        self.value.as_ref().is_some_and(is_spare)
    }

    /// Takes the whole block for this writer.
    pub(super) fn own(&mut self) {
        if let Some(block) = &self.block {
            // Another stream may have wanted it back.
            block.set_home(None);
            block.forget_parts();
            (self.owns, self.capacity, self.frozen) = (true, block.capacity(), 0);
        }
    }

    /// A block with the bytes outside `hole` and room up to `end`, for this writer alone.
    pub(super) fn separate(&mut self, end: usize, hole: Range<usize>, deferred: &mut Deferred) -> Result<()> {
        let before = self.statistics.fork_bytes;
        let shared = self.wants_pages_shared(end) && self.share_pages(deferred);
        if !shared && !self.take_sibling(end, &hole, deferred) {
            self.copy_out_of_block(end, hole, deferred)?;
        }
        debug_assert!(self.statistics.fork_bytes >= before);
        self.statistics.forks += 1;
        Ok(())
    }

    /// Whether siblings serve this stream now: it is separated again and again, and they come free.
    fn wants_siblings(&mut self) -> bool {
        switches::is_on(Switch::Siblings)
            && self.owns
            && self.statistics.forks > 0
            && self.capacity >= policy::SIBLINGS_FROM
            // A range that shares its pages with a file is too dear to be kept beside another file.
            && self.block.as_ref().is_some_and(|block| block.backing().is_self_contained() && self.may_keep(block))
            && self.ensure_history().is_ok_and(|history| !history.misses_pause.skips())
    }

    /// Whether a block may be a sibling: one may end under the lock, where another allocator's end must not be told.
    fn may_keep(&self, block: &Block) -> bool {
        block.allocator().same(&self.allocator)
    }

    /// What is known of the past; from now on, if nothing was.
    pub(super) fn ensure_history(&mut self) -> Result<&mut History> {
        if self.history.is_none() {
            let new = History::new(self.len, self.allocator)?;
            self.history = Some(Owned::new(new, self.allocator)?);
        }
        self.history.as_deref_mut().ok_or(Error::Internal)
    }

    /// Goes on in a sibling that nobody reads any more, and leaves the present block as one where it may be.
    fn take_sibling(&mut self, end: usize, hole: &Range<usize>, deferred: &mut Deferred) -> bool {
        let needed = end.max(self.len);
        let Some(history) = &mut self.history else { return false };
        let Some((block, sibling)) = history.take_free(needed) else { return false };
        self.statistics.updates += 1;
        self.statistics.update_bytes += self.bring_up(&block, sibling.step, hole);
        if let Ok(step) = self.step() {
            self.leave_as_sibling(sibling.reservation, step);
        }
        self.switch_to(block, deferred);
        true
    }

    /// Ends an epoch with the present content.
    pub(super) fn step(&mut self) -> Result<Step> {
        let len = self.len;
        self.ensure_history()?.step(len)
    }

    /// Copies what `block`, in step as `step` says, lacks outside `hole`; says how many bytes that were.
    pub(super) fn bring_up(&self, block: &Block, step: Step, hole: &Range<usize>) -> u64 {
        let Some(history) = &self.history else { return 0 };
        let mut bytes = 0;
        let mut copy = |range: Range<usize>| {
            if !range.is_empty() {
                bytes += range.len() as u64;
                self.copy_into(block, range);
            }
        };
        for range in history.differing(step, self.len) {
            copy(range.start..range.end.min(hole.start.max(range.start)));
            copy(range.start.max(hole.end.min(range.end))..range.end);
        }
        bytes
    }

    /// Leaves the present block as a sibling, if it may be one.
    fn leave_as_sibling(&mut self, reservation: Reservation, step: Step) {
        if let Some(block) = self.block.as_ref().filter(|block| self.may_keep(block))
            && let Some(history) = &mut self.history
        {
            block.set_home(Some(reservation.home()));
            history.keep(Sibling { reservation, step });
        }
    }

    /// Copies what is kept into a new block; leaves the present one as a sibling, if it can be of use.
    fn copy_out_of_block(&mut self, end: usize, hole: Range<usize>, deferred: &mut Deferred) -> Result<()> {
        let missed = self.wants_siblings();
        if missed && let Some(history) = &mut self.history {
            history.note_miss();
        }
        let block = self.new_block(self.separated_capacity(end), end.max(self.len))?;
        let head = hole.start.min(self.len);
        let tail = hole.end.min(self.len)..self.len;
        self.statistics.fork_bytes += (head + tail.len()) as u64;
        self.copy_into(&block, 0..head);
        self.copy_into(&block, tail);
        if missed
            && self.history.as_ref().is_some_and(|history| !history.misses_pause.is_on())
            && let Some(reservation) = Reservation::make()
            && let Ok(step) = self.step()
        {
            self.leave_as_sibling(reservation, step);
        }
        self.switch_to(block, deferred);
        Ok(())
    }

    fn separated_capacity(&self, end: usize) -> usize {
        let needed = end.max(self.len);
        if self.kind() == Kind::Mapped {
            // Its capacity is address space, and says nothing of what the stream needs.
            needed
        } else if end > self.capacity {
            amortised(needed, self.capacity)
        } else if needed >= self.capacity / 2 {
            self.capacity
        } else {
            needed
        }
    }
}
