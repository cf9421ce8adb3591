//! Room: how a writer grows, cuts and gives back.

use std::ops::Range;

use super::{Keep, Writer};
use crate::error::{Error, Result};
use crate::storage::backing::{self, Mapping};
use crate::storage::block::{Block, Kind};
use crate::storage::deferred::Deferred;
use crate::storage::frozen::Frozen;
use crate::storage::policy::amortised;
use crate::storage::switches::{self, Switch};
use crate::sys::count::Stock;
use crate::sys::malloc::MallocBytes;

impl Writer {
    /// Room up to `end`, in place where nobody else holds the block or looks into it.
    pub(super) fn make_room(&mut self, end: usize, aliased: bool, deferred: &mut Deferred) -> Result<()> {
        let movable = self.reclaim() && !aliased && self.pins == 0;
        if end <= self.capacity {
            // To claim the block back is to get all of its capacity, which may do.
            return Ok(());
        }
        if self.owns
            && let Some(block) = &self.block
            && block.lengthen(end).is_ok()
        {
            // Nothing has moved, whoever reads it.
            self.capacity = block.capacity();
            return Ok(());
        }
        let (before, wanted) = (self.len as u64, amortised(end, self.capacity));
        if !(movable && self.grow_alone(end, wanted)) {
            let block = self.new_block(wanted, end)?;
            self.copy_into(&block, 0..self.len);
            self.switch_to(block, deferred);
        }
        if before > 0 {
            self.statistics.moves += 1;
            self.statistics.move_bytes += before;
        }
        Ok(())
    }

    /// Makes the block larger, perhaps elsewhere; for who alone holds it.
    fn grow_alone(&mut self, end: usize, wanted: usize) -> bool {
        let stays = self.kind() == Kind::Mapped || !(self.wants_mapped(wanted) || self.has_emptied(end));
        let Some(block) = self.block.as_ref().filter(|_| self.owns && stays) else { return false };
        // SAFETY: nobody but this writer has a pointer into the block; the spare handle's stale address is given out
        // only after `freeze` has set it anew.
        let grown = unsafe { block.grow(end, wanted) }.is_ok();
        (self.data, self.capacity) = (block.data(), block.capacity());
        grown
    }

    /// A new block of `wanted` bytes, or of the `needed` ones where so much is not to be had.
    pub(super) fn new_block(&self, wanted: usize, needed: usize) -> Result<Block> {
        if (self.wants_mapped(wanted) || self.has_emptied(needed))
            && let Ok(block) = Mapping::create(needed).and_then(Block::mapped)
        {
            return Ok(block);
        }
        Block::heap(wanted, self.allocator).or_else(|_| Block::heap(needed, self.allocator))
    }

    /// Whether memory of this size is better mapped than from the allocator, by what the stream is used for.
    fn wants_mapped(&self, capacity: usize) -> bool {
        let versions = self.history.as_ref().is_some_and(|history| history.keeps_versions());
        let from = if versions { self.policy.for_versions_from } else { self.policy.mapped_from };
        self.allocator.is_system() && switches::is_on(Switch::Mapped) && capacity >= from
    }

    /// Whether warm memory of this size is at hand.
    fn has_emptied(&self, needed: usize) -> bool {
        self.allocator.is_system()
            && switches::is_on(Switch::Mapped)
            && needed >= self.policy.with_emptied_from
            && backing::has_emptied()
    }

    /// Copies a range of the content to the same place in a block that nobody else knows and that is long enough.
    pub(super) fn copy_into(&self, block: &Block, range: Range<usize>) {
        let end = range.end;
        // SAFETY: within the content, and the two are distinct.
        unsafe { block.copy_from(self.data, range) }
        block.backing().note_written(end);
    }

    /// Changes over to a block that holds the content and is this writer's alone. What is known of the past stays: it
    /// is of the content, not of the place.
    pub(super) fn switch_to(&mut self, block: Block, deferred: &mut Deferred) {
        deferred.block(self.block.take());
        deferred.value(self.value.take().map(Stock::into_counted));
        self.data = block.data();
        self.block = Some(block);
        self.pins = 0;
        self.own();
        if let Some(history) = &mut self.history {
            history.sharing.end();
        }
    }

    /// Cuts the content; adopted memory is left at once.
    pub(crate) fn truncate(&mut self, len: usize, deferred: &mut Deferred) -> Result<()> {
        if len >= self.len {
            return Ok(());
        }
        if self.kind() == Kind::Foreign {
            if len == 0 {
                self.leave(deferred);
            } else {
                let whole = std::mem::replace(&mut self.len, len);
                self.separate(len, len..len, deferred).inspect_err(|_| self.len = whole)?;
            }
        }
        self.set_len(len);
        Ok(())
    }

    pub(super) fn set_len(&mut self, len: usize) {
        let before = std::mem::replace(&mut self.len, len);
        if let Some(history) = &mut self.history {
            history.sharing.note_extent(before);
            history.truncate(len);
        }
    }

    /// Empties the content and keeps the capacity, in another block where the present one is held by others.
    pub(crate) fn clear(&mut self, deferred: &mut Deferred) -> Result<()> {
        if self.kind() == Kind::Foreign {
            self.leave(deferred);
        } else if self.frozen > 0 && self.capacity > 0 && !self.reclaim() {
            let whole = std::mem::replace(&mut self.len, 0);
            let capacity = if self.kind() == Kind::Mapped { whole.max(1) } else { self.capacity };
            self.separate(capacity, 0..0, deferred).inspect_err(|_| self.len = whole)?;
        }
        self.set_len(0);
        Ok(())
    }

    /// Makes a frozen piece the content again. Where it lies in the present block, below the mark, nothing has changed
    /// under it, so that it is a matter of the length; else its bytes are borrowed.
    pub(crate) fn restore(&mut self, frozen: &Frozen, deferred: &mut Deferred) -> Result<()> {
        let holds = |block: &Block| frozen.block.as_ref().is_some_and(|hold| hold.is_of(block));
        let is_here = frozen.data == self.data && frozen.len <= self.frozen && self.block.as_ref().is_some_and(holds);
        if frozen.len == 0 {
            self.truncate(0, deferred)
        } else if is_here {
            self.set_len(frozen.len);
            Ok(())
        } else {
            self.borrow(frozen, deferred)
        }
    }

    /// Puts a NUL behind the content, which does not become a part of it.
    pub(crate) fn terminate(&mut self, deferred: &mut Deferred) -> Result<()> {
        let end = self.len.checked_add(1).ok_or(Error::Overflow)?;
        self.make_writable(self.len, end, Keep::All, false, deferred)?;
        let nul = self.window(self.len, 1);
        // SAFETY: one byte, which `window` gives this caller alone.
        unsafe { nul.start().write(0) }
        Ok(())
    }

    /// Hands the content out in memory from malloc and leaves the block, unless that is fixed. No copy where it is
    /// malloc's and nobody else's.
    pub(crate) fn detach(&mut self, deferred: &mut Deferred) -> Result<MallocBytes> {
        let alone = self.len > 0 && self.pins == 0 && self.reclaim();
        let taken = self.block.as_ref().filter(|_| alone).and_then(|block| {
            // SAFETY: this writer is alone with the block, which begins with the content; the spare handle's stale
            // address is dropped with it.
            unsafe { block.take_malloc(self.len) }
        });
        let bytes = taken.map_or_else(|| MallocBytes::copied(self.bytes().into()), Ok)?;
        if self.is_fixed() {
            self.set_len(0)
        } else {
            self.leave(deferred)
        }
        Ok(bytes)
    }

    /// Gives back what the content does not need; where that cannot be had, nothing changes.
    pub(crate) fn shrink(&mut self, deferred: &mut Deferred) {
        if self.is_fixed() {
            return;
        }
        if self.len == 0 {
            self.leave(deferred);
            return;
        }
        let before = self.capacity;
        if self.reclaim() && self.pins == 0 {
            self.stop_sharing();
            deferred.history(self.history.take());
            if let Some(block) = &self.block {
                // SAFETY: nobody else holds the block, and no view is alive to pin it.
                unsafe { block.shrink(self.len) };
                self.data = block.data();
                // To claim the block may have brought capacity to light, which nobody asked for; and of a mapped block
                // only addresses are left.
                let left = if block.kind() == Kind::Mapped { self.len } else { block.capacity().min(before) };
                self.capacity = left.max(self.len);
            }
        } else if let Some(history) = &mut self.history {
            history.forget();
        }
    }
}
