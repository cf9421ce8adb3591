//! Windows: memory that the caller fills and then makes part of the stream (prepare/commit).
//!
//! At or past the end the window is the block's own capacity, which is not content yet, so that a commit copies
//! nothing, and what lies before it is the content. Over existing bytes it is scratch memory: they must stay as they
//! are until the commit, which is then a write.

use std::ptr::NonNull;

use super::Stream;
use super::state::{State, Window};
use crate::error::{Error, Result};
use crate::storage::{Block, Deferred, Keep};
use crate::sys::memory::NOWHERE;

/// A window is at least so large, in bytes, where the size is ours to choose: a page.
const COMFORTABLE: usize = 4096;

/// How large a window is wanted, in bytes: with a `max`, it is enough to have some between the two.
#[derive(Clone, Copy)]
struct Wanted {
    min: usize,
    max: Option<usize>,
}

impl Stream {
    /// Opens a window of at least `min` bytes at the position; `min` 0 takes what room there is.
    ///
    /// Until [`commit`](Self::commit) or [`cancel`](Self::cancel) other changes give `Busy`. The memory is good until
    /// then, and writable by the caller alone.
    pub fn prepare(&self, min: usize) -> Result<(NonNull<u8>, usize)> {
        self.open_window(Wanted { min, max: None })
    }

    /// As [`prepare`](Self::prepare), of at least `min` and at most `max` bytes: what there is between the two. No
    /// bytes only if `max` is 0.
    pub fn prepare_upto(&self, min: usize, max: usize) -> Result<(NonNull<u8>, usize)> {
        if min > max {
            return self.refuse(Error::Invalid);
        }
        self.open_window(Wanted { min, max: Some(max) })
    }

    fn open_window(&self, wanted: Wanted) -> Result<(NonNull<u8>, usize)> {
        self.change(|s, deferred| {
            let room = s.window_room(wanted)?;
            let (window, ptr) = if s.position < s.writer.len() as u64 {
                s.scratch_window(room)?
            } else {
                s.tail_window(room, deferred)?
            };
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

    /// Gives an open window up, if there is one; the content is as it was before.
    pub fn cancel(&self) {
        let mut deferred = Deferred::default();
        self.0.with(|s| {
            s.discard_window(&mut deferred);
            s.update_max_len();
        });
    }
}

/// The sizes that a window may have, in bytes.
struct Room {
    least: usize,
    /// What it should have, unless memory is short.
    comfortable: usize,
    most: usize,
}

impl State {
    /// The sizes that a window at the position may have.
    fn window_room(&self, Wanted { min, max }: Wanted) -> Result<Room> {
        let len = self.writer.len() as u64;
        let room = usize::try_from(self.furthest_end().saturating_sub(self.position)).unwrap_or(usize::MAX);
        // Where an empty window will not do, the errors are those of one byte.
        let empty_will_do = max.map_or(min == 0 && room == 0, |max| max == 0);
        let least = min.max(usize::from(!empty_will_do));
        self.check_end(self.position, least)?;
        let at_end = self.position >= len;
        if at_end {
            self.check_unexported()?;
        }
        let most = room.min(max.unwrap_or(usize::MAX));
        // At the end the caller's size is what the stream grows by, unless the caller leaves it to us.
        let comfortable = if at_end && max.is_none() { least } else { COMFORTABLE.min(most).max(least) };
        Ok(Room { least, comfortable, most })
    }

    fn tail_window(&mut self, room: Room, deferred: &mut Deferred) -> Result<(Window, NonNull<u8>)> {
        let mut open = |n| self.make_writable(self.position, n, Keep::All, false, deferred);
        let at = open(room.comfortable).or_else(|_| open(room.least))?;
        let capacity = self.writer.capacity().saturating_sub(at).min(room.most);
        // A position past all capacity is possible where nothing was asked for and nothing may be had.
        let ptr = match capacity {
            0 => self.writer.address(at.min(self.writer.capacity())),
            _ => self.writer.window(at, capacity).start(),
        };
        Ok((Window { at: self.position, capacity, scratch: None }, ptr))
    }

    fn scratch_window(&mut self, room: Room) -> Result<(Window, NonNull<u8>)> {
        if room.most == 0 {
            return Ok((Window { at: self.position, capacity: 0, scratch: None }, NOWHERE));
        }
        let block = |n| Block::heap(n, self.writer.allocator()).map(|block| (block, n));
        let (scratch, capacity) = block(room.comfortable).or_else(|_| block(room.least))?;
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
