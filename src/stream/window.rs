//! Windows: memory that the caller fills and then makes part of the stream (prepare/commit).
//!
//! At or past the end the window is the block's own capacity, which is not content yet, so that a commit copies
//! nothing. Over existing bytes it is scratch memory: they must stay as they are until the commit, which is
//! then a write.

use std::ptr::NonNull;

use super::Stream;
use super::state::{State, Window};
use crate::error::{Error, Result};
use crate::storage::{Block, Deferred, Keep};

/// Scratch windows are at least so large when the caller leaves the size to us.
const SCRATCH: usize = 256;

impl Stream {
    /// Opens a window of at least `min` bytes at the position; `min` 0 takes what room there is.
    ///
    /// Until [`commit`](Self::commit) other changes give `Busy`. The memory is good until then, and writable by
    /// the caller alone.
    pub fn prepare(&self, min: usize) -> Result<(NonNull<u8>, usize)> {
        self.change(|s, deferred| {
            let (window, ptr) =
                if s.position < s.writer.len() as u64 { s.scratch_window(min)? } else { s.tail_window(min, deferred)? };
            let capacity = window.capacity;
            s.window = Some(window);
            Ok((ptr, capacity))
        })
    }

    /// Makes the first `n` bytes of the window part of the stream, where it was opened, and closes it; the
    /// position is then behind them. 0 gives the window up. On failure the window stays open.
    pub fn commit(&self, n: usize) -> Result<()> {
        self.inspect_deferring(|s, deferred| {
            let window = s.window.take().ok_or(Error::Invalid)?;
            let result = s.commit(&window, n, deferred);
            if result.is_ok() {
                deferred.block(window.scratch);
            } else {
                s.window = Some(window);
            }
            s.update_max_len();
            result
        })
    }
}

impl State {
    fn tail_window(&mut self, min: usize, deferred: &mut Deferred) -> Result<(Window, NonNull<u8>)> {
        self.check_end(self.position, min)?;
        self.check_unexported()?;
        // With no size given, one byte more than none: where there is no room yet, some is made.
        let wanted = if min == 0 && self.position < self.max_len() { 1 } else { min };
        let at = self.make_writable(self.position, wanted, Keep::All, false, deferred)?;
        let end = usize::try_from(self.max_len()).unwrap_or(usize::MAX).min(self.writer.capacity());
        let capacity = end.saturating_sub(at);
        // A position past all capacity is possible where nothing was asked for and nothing may be had.
        let ptr =
            if capacity > 0 { self.writer.window(at, capacity).start() } else { self.writer.address(at.min(end)) };
        Ok((Window { at: self.position, capacity, scratch: None }, ptr))
    }

    fn scratch_window(&mut self, min: usize) -> Result<(Window, NonNull<u8>)> {
        let most = if self.exports.all > 0 { self.writer.len() as u64 } else { self.max_len() };
        let room = usize::try_from(most - self.position).unwrap_or(usize::MAX);
        self.check_end(self.position, min)?;
        let capacity = if min == 0 { SCRATCH.min(room) } else { min };
        let scratch = Block::heap(capacity, self.writer.allocator())?;
        let ptr = scratch.data();
        Ok((Window { at: self.position, capacity, scratch: Some(scratch) }, ptr))
    }

    /// Gives an open window up, whatever the stream's state.
    pub(super) fn discard_window(&mut self, deferred: &mut Deferred) {
        if let Some(window) = self.window.take() {
            deferred.block(window.scratch);
        }
    }

    fn commit(&mut self, window: &Window, n: usize, deferred: &mut Deferred) -> Result<()> {
        if n > window.capacity {
            return Err(Error::Range);
        }
        if n > 0 {
            let at = match &window.scratch {
                Some(scratch) => {
                    let at = self.make_writable(window.at, n, Keep::Outside, false, deferred)?;
                    self.writer.put(at, scratch.front(n));
                    at
                }
                None => {
                    let at = self.check_end(window.at, n)? - n;
                    self.writer.reach(at, n);
                    at
                }
            };
            self.position = (at + n) as u64;
        }
        Ok(())
    }
}
