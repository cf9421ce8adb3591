//! [`Frozen`]: a piece of a block that never changes, which is what a snapshot is made of.

use std::ptr::NonNull;

use super::block::{Block, Hold};
use crate::error::Result;
use crate::sys::memory::NOWHERE;

/// Bytes that never change, move or shrink while this lives.
pub(crate) struct Frozen {
    /// Keeps the bytes; none where there are no bytes.
    pub(super) block: Option<Hold>,
    pub(super) data: NonNull<u8>,
    pub(super) len: usize,
}

// SAFETY: the bytes are only read, and the block is counted atomically.
unsafe impl Send for Frozen {}
// SAFETY: as above.
unsafe impl Sync for Frozen {}

impl Frozen {
    /// No bytes.
    pub(crate) fn empty() -> Self {
        Self { block: None, data: NOWHERE, len: 0 }
    }

    /// The first `len` bytes of a block that nobody writes.
    pub(crate) fn whole(block: Block, len: usize) -> Self {
        assert!(len <= block.capacity());
        Self { data: block.data(), block: Some(Hold::All(block)), len }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the block keeps `len` bytes at `data` alive, and its writer changes none below its frozen
        // mark, which covers these (`Writer::freeze`).
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }

    /// A part of the same bytes; the range was checked.
    pub(crate) fn slice(&self, offset: usize, len: usize) -> Result<Self> {
        assert!(offset <= self.len && len <= self.len - offset);
        if len == 0 {
            // No bytes need no memory, least of all somebody else's.
            return Ok(Self::empty());
        }
        // SAFETY: within these bytes, by the assertion.
        let data = unsafe { self.data.add(offset) };
        let within = |hold: &Hold| {
            let start = data.addr().get() - hold.start().addr().get();
            hold.part(start..start + len)
        };
        let block = self.block.as_ref().map(within).transpose()?;
        Ok(Self { block, data, len })
    }
}
