//! Handing bytes out: frozen runs that share the block, and detached copies.

use std::ops::Range;

use super::Writer;
use crate::error::Result;
use crate::storage::block::Block;
use crate::storage::run::Run;
use crate::storage::trash::Trash;
use crate::sys::count::{Counted, Weak};

impl Writer {
    /// Freezes a range of the content and hands it out; no byte is copied.
    pub(crate) fn publish(&mut self, range: Range<usize>, trash: &mut Trash) -> Result<Counted<Run>> {
        debug_assert!(!self.is_fixed() && range.end <= self.len);
        let whole = range == (0..self.len);
        if range.is_empty() {
            return self.publish_nothing(whole, trash);
        }
        let again = if whole { self.published_again() } else { None };
        let run = match again {
            Some(run) => run?,
            None => {
                let block = self.block.as_ref().map(Block::retain).transpose()?;
                let run =
                    Counted::new(Run { block, data: self.address(range.start), len: range.len() }, self.allocator)?;
                if whole {
                    self.remember(&run, trash)?;
                }
                run
            }
        };
        self.freeze(self.frozen.max(range.end));
        Ok(run)
    }

    /// Hands out no bytes, which need no block.
    fn publish_nothing(&mut self, whole: bool, trash: &mut Trash) -> Result<Counted<Run>> {
        if whole && let Some(run) = self.published.as_ref().filter(|run| run.len == 0) {
            return run.retain();
        }
        let run = Counted::new(Run::empty(), self.allocator)?;
        if whole {
            self.remember(&run, trash)?;
        }
        Ok(run)
    }

    /// Keeps a run of all the content, to be given out again.
    fn remember(&mut self, run: &Counted<Run>, trash: &mut Trash) -> Result<()> {
        let replaced = self.published.replace(run.retain()?);
        trash.run(replaced);
        Ok(())
    }

    /// The published run once more, if it is the content or, as a spare, can be made so.
    fn published_again(&mut self) -> Option<Result<Counted<Run>>> {
        let (data, len) = (self.data, self.len);
        let run = self.published.as_mut()?;
        if run.data != data || run.len != len {
            let block = self.block.as_ref()?;
            let spare = run.unique().filter(|run| run.block.as_ref().is_some_and(|b| b.same(block)))?;
            (spare.data, spare.len) = (data, len);
        }
        Some(run.retain())
    }

    /// Hands out a copy of a range: what later writes in place do not reach.
    pub(crate) fn detach(&mut self, range: Range<usize>, trash: &mut Trash) -> Result<Counted<Run>> {
        debug_assert!(range.end <= self.len);
        let whole = range == (0..self.len);
        if range.is_empty() {
            return self.publish_nothing(whole, trash);
        }
        let last = self.detached.as_ref().filter(|_| whole).and_then(Weak::upgrade);
        #[cfg(mapped)]
        if whole && let Some(made) = self.live(last.as_ref()) {
            trash.run(last);
            return made;
        }
        if let Some(run) = last {
            if run.bytes() == self.bytes() {
                self.detached = Some(run.downgrade());
                return Ok(run);
            }
            trash.run(Some(run));
        }
        let (from, len) = (self.address(range.start), range.len());
        let block = Block::heap(len, self.allocator)?;
        // SAFETY: `len` bytes of content; the new block is that large and known to nobody else.
        unsafe { block.data().copy_from_nonoverlapping(from, len) };
        self.detached_run(block, len, len, whole)
    }

    /// Wraps up a block with a copy of `len` bytes, `copied` of which were really copied.
    fn detached_run(&mut self, block: Block, len: usize, copied: usize, whole: bool) -> Result<Counted<Run>> {
        let run = Counted::new(Run { data: block.data(), block: Some(block), len }, self.allocator)?;
        self.statistics.snapshot_copies += 1;
        self.statistics.snapshot_copy_bytes += copied as u64;
        if whole {
            self.detached = Some(run.downgrade());
        }
        Ok(run)
    }

    /// What [`detach`](Self::detach) hands out of a mapped block: its pages, not a copy. `None` where it must copy.
    #[cfg(mapped)]
    fn live(&mut self, last: Option<&Counted<Run>>) -> Option<Result<Counted<Run>>> {
        let same_length = last.filter(|run| run.len == self.len);
        // Should this fail half-way, the next comparison must not be with that run: the block would tell too few pages.
        let detached = self.detached.take();
        let made = self.block.as_ref().filter(|_| self.owner)?.live(self.len, same_length.map(|run| run.bytes()));
        // Some of the block may have become private, whatever came of it.
        self.freeze(self.frozen);
        match made {
            Ok(Some((block, copied))) => Some(self.detached_run(block, self.len, copied, true)),
            Ok(None) => {
                self.detached = detached;
                Some(same_length?.retain())
            }
            Err(_) => None,
        }
    }
}
