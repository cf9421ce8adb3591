//! Captures: snapshots while the bytes may change at their address, by a writable view's raw pointers or, in fixed
//! memory, by whoever else knows it.

use std::ops::Range;

use super::Writer;
use crate::error::Result;
use crate::storage::block::Block;
use crate::storage::deferred::Deferred;
use crate::storage::frozen::Frozen;
use crate::storage::history::{Sibling, Step};
use crate::storage::policy;
use crate::storage::spares::Reservation;
use crate::sys::count::Counted;
use crate::sys::watch::Watch;

/// The last capture, where its bytes can be had.
enum Last {
    /// Somebody holds it.
    Held(Counted<Frozen>),
    /// Nobody does; its block is back.
    Back(Block, Sibling),
    /// Its bytes are out of reach, or there is none.
    Gone,
}

impl Last {
    fn bytes(&self, len: usize) -> &[u8] {
        match self {
            Self::Held(value) => value.bytes(),
            // SAFETY: the first `len` bytes of a block that is this one's alone; they were a capture.
            Self::Back(block, _) => unsafe { std::slice::from_raw_parts(block.data().as_ptr(), len) },
            Self::Gone => &[],
        }
    }
}

impl Writer {
    /// Gets ready for raw writes, which may come until [`end_raw_writes`](Self::end_raw_writes): nobody else's bytes are
    /// where the content is. `first`: none could come so far. `watched`: the kernel sees all of them.
    pub(crate) fn begin_raw_writes(&mut self, first: bool, watched: bool, deferred: &mut Deferred) -> Result<()> {
        if self.len > 0 && self.frozen > 0 && !self.reclaim() {
            self.separate(self.len, self.len..self.len, deferred)?;
        }
        let Some(history) = &mut self.history else { return Ok(()) };
        if !watched {
            // It would miss some. What it has seen so far is found by comparing, or all counts as changed.
            history.capture.watch = None;
        }
        if first {
            history.capture.count = 0;
            if history.sharing.is_active() && watched {
                // Otherwise all pages would count as changed in the end.
                self.begin_watch();
            }
        }
        Ok(())
    }

    /// No raw writes come any more: what there were is marked.
    pub(crate) fn end_raw_writes(&mut self) {
        self.mark_raw_writes(&Last::Gone, 0);
        if let Some(history) = &mut self.history {
            history.capture.watch = None;
        }
    }

    /// Hands out a range of the content as it is now; what is written later does not reach it.
    pub(crate) fn capture(
        &mut self,
        range: Range<usize>,
        watched: bool,
        deferred: &mut Deferred,
    ) -> Result<Counted<Frozen>> {
        debug_assert!(range.end <= self.len);
        if range.is_empty() {
            return self.freeze_nothing(range == (0..self.len), deferred);
        }
        let whole = range == (0..self.len);
        // Of a small part a copy costs less than to bring everything up to date.
        if !whole && range.len() < self.len / 2 {
            return self.copy_out(range);
        }
        let value = self.capture_all(watched, deferred)?;
        if whole {
            return Ok(value);
        }
        let part = value.slice(range.start, range.len()).and_then(|part| Counted::new(part, self.allocator));
        deferred.value(Some(value));
        part
    }

    fn capture_all(&mut self, watched: bool, deferred: &mut Deferred) -> Result<Counted<Frozen>> {
        let (last, step) = self.last_capture();
        let unchanged = self.mark_raw_writes(&last, step.len) && self.is_in_step(step);
        if watched {
            self.watch_from_second_capture();
        }
        match last {
            Last::Held(value) if unchanged => return Ok(value),
            Last::Back(block, sibling) if block.capacity() >= self.len => {
                let step = if unchanged { sibling.step } else { self.update(&block, sibling.step)? };
                return self.give_capture(block, sibling.reservation, step);
            }
            Last::Held(value) => deferred.value(Some(value)),
            Last::Back(block, _) => deferred.block(Some(block)),
            Last::Gone => {}
        }
        let free = self.history.as_mut().and_then(|history| history.take_free(self.len));
        if let Some((block, sibling)) = free {
            let step = self.update(&block, sibling.step)?;
            return self.give_capture(block, sibling.reservation, step);
        }
        self.capture_by_copy()
    }

    /// The last capture of everything, and what it was in step with.
    fn last_capture(&mut self) -> (Last, Step) {
        let none = (Last::Gone, Step { epoch: 0, len: 0 });
        let Some(history) = &mut self.history else { return none };
        let Some(step) = history.capture.step() else { return none };
        if let Some(value) = history.capture.newest() {
            return (Last::Held(value), step);
        }
        match history.take_of(step.epoch) {
            Some((block, sibling)) => (Last::Back(block, sibling), step),
            None => (Last::Gone, step),
        }
    }

    fn is_in_step(&self, step: Step) -> bool {
        step.len == self.len && self.history.as_ref().is_some_and(|h| h.differing(step, self.len).next().is_none())
    }

    /// Marks what raw pointers have written since the last capture. Says whether that is known for certain to be
    /// nothing.
    fn mark_raw_writes(&mut self, last: &Last, last_len: usize) -> bool {
        let len = self.len;
        let Some(history) = &mut self.history else { return false };
        let last = last.bytes(last_len);
        // SAFETY: the content; the caller orders raw writes against this call.
        let now = unsafe { std::slice::from_raw_parts(self.data.as_ptr(), len) };
        if let Some(watch) = history.capture.watch.take() {
            let (covered, mut changed) = (watch.covered(), 0);
            let taken = watch.take_changes(|run| {
                changed += run.len();
                history.mark_raw(run.start, run.end);
            });
            if taken.is_ok() {
                if changed > len / policy::DENSE {
                    // A fault for each page costs more than to copy all of them.
                    history.capture.pause.begin();
                } else {
                    history.capture.pause.reset();
                    history.capture.watch = Some(watch);
                }
                let mut unchanged = changed == 0;
                for end in [0..covered.start.min(len), covered.end.min(len)..len] {
                    if last.get(end.clone()) != now.get(end.clone()) {
                        history.mark_raw(end.start, end.end);
                        unchanged = false;
                    }
                }
                return unchanged;
            }
        }
        let first = first_difference(now, last);
        history.mark_raw(first, len);
        first == len && last.len() == len
    }

    /// From the second capture on, pages are watched: whoever takes one only does not pay for that.
    fn watch_from_second_capture(&mut self) {
        let Some(capture) = self.history.as_mut().map(|history| &mut history.capture) else { return };
        capture.count += 1;
        if capture.count > 1 && capture.watch.is_none() && !capture.pause.skips() {
            self.begin_watch();
        }
    }

    /// Watches the content, if that can be had. What was written before has to be found otherwise.
    fn begin_watch(&mut self) {
        let watchable = self.block.as_ref().is_some_and(|block| block.backing().is_watchable());
        let Some(capture) = self.history.as_mut().map(|history| &mut history.capture) else { return };
        if watchable && self.len >= policy::WATCH_FROM {
            // SAFETY: the block's memory, which is the library's; the view that writes pins it, and the watch ends
            // with that at the latest.
            capture.watch = unsafe { Watch::begin(self.data, self.len) }.ok();
        }
    }

    /// Brings a block up to date with the present content.
    fn update(&mut self, block: &Block, step: Step) -> Result<Step> {
        self.statistics.updates += 1;
        self.statistics.update_bytes += self.bring_up(block, step, &(self.len..self.len));
        self.step()
    }

    /// Hands out a block that is in step with the content, and wants it back.
    fn give_capture(&mut self, block: Block, reservation: Reservation, step: Step) -> Result<Counted<Frozen>> {
        block.set_home(Some(reservation.home()));
        let value = Counted::new(Frozen::whole(block, self.len), self.allocator)?;
        if let Some(history) = &mut self.history {
            history.keep(Sibling { reservation, step });
            history.capture.set_newest(&value, step);
        }
        Ok(value)
    }

    /// A copy of everything. The first one in a stream goes with its last reference; the next are wanted back.
    fn capture_by_copy(&mut self) -> Result<Counted<Frozen>> {
        let again = self.len >= policy::SIBLINGS_FROM && self.statistics.snapshot_copies > 0;
        let block = self.new_block(self.len, self.len)?;
        self.copy_into(&block, 0..self.len);
        let step = self.step()?;
        let value = match again.then(Reservation::make).flatten() {
            Some(reservation) => self.give_capture(block, reservation, step)?,
            None => {
                let value = Counted::new(Frozen::whole(block, self.len), self.allocator)?;
                self.ensure_history()?.capture.set_newest(&value, step);
                value
            }
        };
        self.note_copy(self.len);
        Ok(value)
    }

    /// A copy of a range that nobody remembers.
    pub(super) fn copy_out(&mut self, range: Range<usize>) -> Result<Counted<Frozen>> {
        let (from, len) = (self.address(range.start), range.len());
        let block = Block::heap(len, self.allocator)?;
        // SAFETY: `len` bytes of content; the new block is that large and known to nobody else.
        unsafe { block.data().copy_from_nonoverlapping(from, len) };
        let value = Counted::new(Frozen::whole(block, len), self.allocator)?;
        self.note_copy(len);
        Ok(value)
    }

    fn note_copy(&mut self, len: usize) {
        self.statistics.snapshot_copies += 1;
        self.statistics.snapshot_copy_bytes += len as u64;
    }
}

/// Where two runs of bytes differ first, to a piece: the length of `now` where they do not. The rest is not looked at,
/// for where something differs, a copy of all that follows costs less.
fn first_difference(now: &[u8], last: &[u8]) -> usize {
    const PIECE: usize = 4096;
    let pieces = now.chunks(PIECE).zip(last.chunks(PIECE));
    let same = pieces.take_while(|(a, b)| a == b).count();
    (same * PIECE).min(now.len())
}
