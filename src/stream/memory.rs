//! Memory from malloc: taken in, to be written and grown in place, and handed out, to be freed by whoever gets it.

use std::ptr::NonNull;

use super::Stream;
use crate::error::{Error, Result};
use crate::options::{Locking, NO_LIMIT};
use crate::storage::{Block, Policy, Writer};
use crate::sys::alloc::Allocator;
use crate::sys::malloc::MallocBytes;
use crate::sys::memory::check_len;

impl Stream {
    /// A stream whose memory is a block from malloc, with `len` bytes of content, at position 0. It is written in place
    /// and grown by realloc, at any size, until a snapshot or a clone shares it. `None` is memory of no bytes.
    ///
    /// # Safety
    /// The memory came from malloc with at least `capacity` bytes, of which the first `len` are initialised. On
    /// success nobody else uses it any more; on failure it is the caller's as before.
    pub unsafe fn adopt_malloc(data: Option<NonNull<u8>>, len: usize, capacity: usize) -> Result<Self> {
        if data.is_none() && (len > 0 || capacity > 0) {
            return Err(Error::NullArg);
        }
        check_len(capacity)?;
        if len > capacity {
            return Err(Error::Invalid);
        }
        let policy = Policy::of(usize::MAX);
        // The stream first, so that its failure has no memory to give back.
        let stream = Self::over(Writer::new(Allocator::SYSTEM, policy), NO_LIMIT, Locking::ON)?;
        // SAFETY: passed on from the caller.
        let block = data.map(|data| unsafe { Block::from_malloc(data, capacity) }).transpose()?;
        if let Some(block) = block.flatten() {
            stream.install(Writer::over(block, len, Allocator::SYSTEM, policy));
        }
        Ok(stream)
    }

    /// Hands the content out in memory from malloc, and leaves the stream empty, at position 0 and without memory. No
    /// copy where a heap block of malloc's is the stream's alone.
    pub fn detach(&self) -> Result<MallocBytes> {
        self.change(|s, deferred| {
            s.check_unexported()?;
            let bytes = s.writer.detach(deferred)?;
            s.position = 0;
            Ok(bytes)
        })
    }
}
