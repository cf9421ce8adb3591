//! [`Part`] and [`Hold`]: references to a range of a block, and to whichever a snapshot has.

use std::mem::ManuallyDrop;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use super::{Block, Header, let_go};
use crate::error::Result;
use crate::sys::count::Counted;

/// A reference to a range of a block.
pub(in crate::storage) struct Part(ManuallyDrop<Counted<Header>>);

impl Part {
    pub(super) fn within(counted: &Counted<Header>, range: Range<usize>) -> Result<Self> {
        let part = Self(ManuallyDrop::new(counted.retain()?));
        part.0.parts.0.fetch_min(range.start, Ordering::Relaxed);
        part.0.parts.1.fetch_max(range.end, Ordering::Relaxed);
        Ok(part)
    }
}

/// What keeps the bytes of a snapshot.
pub(in crate::storage) enum Hold {
    All(Block),
    Part(Part),
}

impl Hold {
    fn counted(&self) -> &Counted<Header> {
        match self {
            Self::All(block) => &block.0,
            Self::Part(part) => &part.0,
        }
    }

    /// A reference to a range of the block.
    pub(in crate::storage) fn part(&self, range: Range<usize>) -> Result<Self> {
        Part::within(self.counted(), range).map(Self::Part)
    }

    /// A reference to all of the block.
    pub(in crate::storage) fn block(&self) -> Result<Block> {
        Block::whole(self.counted().retain()?)
    }

    pub(in crate::storage) fn is_of(&self, block: &Block) -> bool {
        self.counted().same(&block.0)
    }

    /// The block's first byte.
    pub(in crate::storage) fn start(&self) -> NonNull<u8> {
        self.counted().data.get()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        let_go(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}
