//! Making room and separating: how a writer gets a range that it may change.

use std::ops::Range;

use super::{Keep, Writer};
use crate::error::Result;
use crate::storage::block::{Block, Kind};
use crate::storage::heap::amortised;
use crate::storage::region::Input;
use crate::storage::trash::Trash;

/// How many forks copy everything after one that found most pages changed, until page by page is tried again: at first,
/// and at the most, for each time in a row that it did not pay doubles the number.
pub(super) const PATIENCE: u8 = 8;
const MOST_PATIENCE: u8 = 128;

impl Writer {
    /// Makes `[at, end)` and the gap before it writable in place. `aliased`: the bytes to be written may lie in the
    /// block itself, which must then neither be given back to the allocator yet nor share pages with the next one.
    pub(crate) fn open(&mut self, at: usize, end: usize, keep: Keep, aliased: bool, trash: &mut Trash) -> Result<()> {
        let start = at.min(self.len);
        if start == end {
            return Ok(());
        }
        if start < self.frozen && !self.reclaim() {
            let hole = if keep == Keep::Outside { at..end } else { end..end };
            self.fork(end, hole, aliased, trash)?;
        } else if end > self.room {
            let in_place = self.reclaim() && !aliased && self.pins == 0;
            // To reclaim is to get the whole block's room, which may do.
            if end > self.room {
                self.grow(at, end, in_place, aliased, trash)?;
            }
        }
        Ok(())
    }

    /// Whether this writer may change all of its block: nobody else holds it, or nobody else any more.
    fn reclaim(&mut self) -> bool {
        let Some(block) = &self.block else { return true };
        if block.kind() == Kind::Fixed {
            return true;
        }
        let spare = match &self.published {
            Some(run) => run.holders() == 1 && run.block.as_ref().is_some_and(|b| b.same(block)),
            None => false,
        };
        // `holders` loads with Acquire, which pairs with the Release of each run's and each writer's drop: whoever read the
        // bytes has finished, and what the block's last owner said of it is known. Hence in this order.
        let alone = block.holders() == 1 + self.pins + usize::from(spare);
        let alone = alone && block.is_writable() && self.data == block.data();
        if alone {
            self.own();
        }
        alone
    }

    /// Takes the whole block for this writer.
    fn own(&mut self) {
        if let Some(block) = &self.block {
            (self.owner, self.room, self.bulk) = (true, block.capacity(), block.bulk());
        }
        self.freeze(0);
    }

    /// A new block with the bytes outside `hole` and room up to `end`, for this writer alone.
    fn fork(&mut self, end: usize, hole: Range<usize>, aliased: bool, trash: &mut Trash) -> Result<()> {
        // A view that shows more than what is frozen keeps this block's address: were the rest shared with the next block, a
        // later write could have its source there and its destination here without its being seen.
        let shown = self.pins > 0 && self.frozen < self.len;
        if self.dense > 0 {
            self.dense -= 1;
        } else if !aliased
            && !shown
            && let Some(copied) = self.succeed(end, trash)
        {
            self.statistics.forks += 1;
            self.statistics.fork_bytes += copied as u64;
            return Ok(());
        }
        let block = self.roomy(self.forked_capacity(end), end.max(self.len))?;
        let head = hole.start.min(self.len);
        let tail = hole.end.min(self.len)..self.len;
        self.statistics.forks += 1;
        self.statistics.fork_bytes += (head + tail.len()) as u64;
        #[cfg(mapped)]
        if let Some(mapping) = block.mapping().filter(|_| self.dense > 0) {
            mapping.populate(self.len);
        }
        self.copy_into(&block, 0..head);
        self.copy_into(&block, tail);
        self.settle(block, trash);
        Ok(())
    }

    /// The next block of the same file, where there is a file; gives how many bytes that has copied.
    #[cfg(mapped)]
    fn succeed(&mut self, end: usize, trash: &mut Trash) -> Option<usize> {
        let block = self.block.as_ref().filter(|_| self.owner)?;
        if block.mapping()?.is_dense() && self.frozen > 0 {
            self.dense = self.patience;
            self.patience = self.patience.saturating_mul(2).min(MOST_PATIENCE);
            return None;
        }
        // After a fork by pages that paid, the next one that does not starts from the beginning.
        if self.frozen > 0 && block.tracked() > 0 {
            self.patience = PATIENCE;
        }
        let (next, copied) = block.successor(self.frozen, end.max(self.len)).ok()?;
        self.settle(next, trash);
        Some(copied)
    }

    #[cfg(not(mapped))]
    fn succeed(&mut self, _: usize, _: &mut Trash) -> Option<usize> {
        None
    }

    fn forked_capacity(&self, end: usize) -> usize {
        let needed = end.max(self.len);
        if self.kind() == Kind::Mapped {
            // Its room is address space, and says nothing of what the stream needs.
            needed
        } else if end > self.room {
            amortised(needed, self.room)
        } else if needed >= self.room / 2 {
            self.room
        } else {
            needed
        }
    }

    /// More room; `in_place` where nobody else holds the block or looks into it.
    fn grow(&mut self, at: usize, end: usize, in_place: bool, aliased: bool, trash: &mut Trash) -> Result<()> {
        if !aliased && self.succeed(end, trash).is_some() {
            return Ok(());
        }
        let capacity = amortised(end, self.room);
        let before = self.len as u64;
        let wanted = self.wants_mapped(capacity) || self.wants_mapped_for(end - at);
        let mapped = wanted.then(|| Self::mapped(end)).flatten();
        match (&self.block, mapped) {
            (Some(block), None) if in_place && block.kind() == Kind::Heap => {
                // SAFETY: nobody but this writer has a pointer into the block; the spare run's stale address is
                // given out only after `publish` has set it anew.
                unsafe { block.resize(capacity).or_else(|_| block.resize(end)) }?;
                (self.data, self.room) = (block.data(), block.capacity());
            }
            (_, mapped) => {
                let block = mapped.map_or_else(|| self.heap(capacity, end), Ok)?;
                self.copy_into(&block, 0..self.len);
                self.settle(block, trash);
            }
        }
        if before > 0 {
            self.statistics.moves += 1;
            self.statistics.move_bytes += before;
        }
        Ok(())
    }

    /// A new block of `capacity` bytes, or of the `needed` ones where so much is not to be had.
    fn roomy(&self, capacity: usize, needed: usize) -> Result<Block> {
        let mapped = self.wants_mapped(capacity).then(|| Self::mapped(needed)).flatten();
        mapped.map_or_else(|| self.heap(capacity, needed), Ok)
    }

    fn heap(&self, capacity: usize, needed: usize) -> Result<Block> {
        Block::heap(capacity, self.allocator).or_else(|_| Block::heap(needed, self.allocator))
    }

    /// A mapped block, if the system has one to give.
    fn mapped(needed: usize) -> Option<Block> {
        #[cfg(mapped)]
        return Block::mapped(needed).ok();
        #[cfg(not(mapped))]
        {
            let _ = needed;
            None
        }
    }

    /// Whether a block of this size had better be mapped, by what the stream has been used for.
    fn wants_mapped(&self, capacity: usize) -> bool {
        let used = self.statistics.forks > 0 || self.statistics.snapshot_copies > 0;
        let from = if used { self.crossing.in_use } else { self.crossing.at_once };
        cfg!(mapped) && capacity >= from && self.allocator.is_system()
    }

    /// Whether growth for a write of `n` bytes had better lead to a mapped block.
    fn wants_mapped_for(&self, n: usize) -> bool {
        cfg!(mapped) && n >= self.crossing.in_bulk && self.allocator.is_system()
    }

    /// Copies a range of the content to the same place in a block that nobody else knows and that is long enough.
    fn copy_into(&self, block: &Block, range: Range<usize>) {
        // SAFETY: within the content; within the new block, by the caller's word; and the two are distinct.
        unsafe {
            let from = Input::from_raw(self.data.add(range.start), range.len());
            if !block.store(range.start, from) {
                from.copy_to(block.data().add(range.start).as_ptr());
            }
        }
    }

    /// Changes over to a new block that holds the content.
    fn settle(&mut self, block: Block, trash: &mut Trash) {
        let len = self.len;
        self.leave(trash);
        (self.data, self.len, self.block) = (block.data(), len, Some(block));
        self.own();
    }

    /// Gets ready for raw writes through a view that shows all of the content from now on. `movable`: no view
    /// is alive, so that the bytes may change their place.
    pub(crate) fn expose(&mut self, movable: bool, trash: &mut Trash) -> Result<()> {
        self.open(0, self.len, Keep::All, false, trash)?;
        #[cfg(mapped)]
        {
            let heap = self.kind() == Kind::Heap;
            if movable
                && heap
                && self.wants_mapped(self.len)
                && let Some(block) = Self::mapped(self.len)
            {
                self.statistics.moves += 1;
                self.statistics.move_bytes += self.len as u64;
                self.copy_into(&block, 0..self.len);
                self.settle(block, trash);
            }
            if let Some(mapping) = self.block.as_ref().and_then(Block::mapping) {
                mapping.expose();
            }
        }
        Ok(())
    }

    /// Cuts the content; adopted memory is left at once.
    pub(crate) fn truncate(&mut self, len: usize, trash: &mut Trash) -> Result<()> {
        if len >= self.len {
            return Ok(());
        }
        if self.kind() == Kind::Foreign {
            if len == 0 {
                self.leave(trash);
            } else {
                let whole = std::mem::replace(&mut self.len, len);
                self.fork(len, len..len, false, trash).inspect_err(|_| self.len = whole)?;
            }
        }
        self.len = len;
        Ok(())
    }

    /// Empties the content and keeps the capacity, in a new block where the old one is held by others.
    pub(crate) fn clear(&mut self, trash: &mut Trash) -> Result<()> {
        if self.kind() == Kind::Foreign {
            self.leave(trash);
        } else if self.frozen > 0 && self.room > 0 && !self.reclaim() {
            let capacity = if self.kind() == Kind::Mapped { self.len.max(1) } else { self.room };
            let block = self.roomy(capacity, capacity)?;
            self.settle(block, trash);
        }
        self.len = 0;
        Ok(())
    }

    /// Gives back what the content does not need; where that cannot be had, nothing changes.
    pub(crate) fn shrink(&mut self, trash: &mut Trash) {
        if self.len == 0 && !self.is_fixed() {
            self.leave(trash);
            return;
        }
        let before = self.room;
        if !self.is_fixed() && self.reclaim() && self.pins == 0 {
            self.shrink_own();
            // To reclaim may have brought room to light; nobody asked for it.
            self.room = self.room.min(before);
        }
    }

    fn shrink_own(&mut self) {
        let Some(block) = &self.block else { return };
        match block.kind() {
            // SAFETY: as in `grow`: nobody else holds the block, and no view is alive to pin it.
            Kind::Heap if self.room > self.len && unsafe { block.resize(self.len) }.is_ok() => {
                (self.data, self.room) = (block.data(), block.capacity());
            }
            #[cfg(mapped)]
            Kind::Mapped => {
                block.mapping().into_iter().for_each(|mapping| mapping.shrink(self.len));
                self.freeze(0);
                // What is left of the block is address space, to be had again by reclaiming it.
                self.room = self.len;
            }
            _ => {}
        }
    }
}
