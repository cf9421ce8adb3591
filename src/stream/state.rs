//! [`State`]: what a stream's lock protects, and the checks that stand before every change.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::storage::{Block, Cursor, Deferred, Keep, Writer};
use crate::sys::lock::Value;

/// The furthest position and the greatest length: what a signed 64-bit offset and an object can have.
const FURTHEST: u64 = i64::MAX as u64;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Open,
    Closed,
    /// A panic happened inside: nothing is known of the rest.
    Broken,
}

/// An open window: memory that the caller fills.
pub(super) struct Window {
    pub(super) at: u64,
    pub(super) capacity: usize,
    /// Over existing bytes; behind them the window is the block's own.
    pub(super) scratch: Option<Block>,
}

/// How many exports of each sort are open.
#[derive(Default)]
pub(super) struct Exports {
    pub(super) all: usize,
    pub(super) writable: usize,
    /// Writable ones through which bytes may come that no page table shows.
    pub(super) pinned: usize,
}

pub(crate) struct State {
    pub(super) writer: Writer,
    /// From 0 to [`FURTHEST`]; may be past the end.
    pub(super) position: u64,
    pub(super) health: Health,
    pub(super) limit: u64,
    pub(super) window: Option<Window>,
    pub(super) exports: Exports,
    /// Made when it is first asked for.
    pub(super) cursor: Option<Cursor>,
    /// The cursor was moved to where it must not be, and no call has said so yet.
    pub(super) strayed: bool,
}

impl Value for State {
    fn poison(&mut self) {
        self.health = Health::Broken;
        self.writer.set_max_len(0);
    }

    fn begin(&mut self, can_fail: bool) -> bool {
        self.take_cursor_over();
        let refused = can_fail && std::mem::take(&mut self.strayed);
        if refused {
            self.show_cursor();
        }
        !refused
    }

    fn end(&mut self) {
        self.show_cursor();
    }
}

impl State {
    pub(super) fn new(writer: Writer, limit: u64) -> Self {
        let exports = Exports::default();
        let (window, cursor) = (None, None);
        let mut state =
            Self { writer, position: 0, health: Health::Open, limit, window, exports, cursor, strayed: false };
        state.update_max_len();
        state
    }

    #[inline]
    pub(super) fn check_open(&self) -> Result<()> {
        match self.health {
            Health::Open => Ok(()),
            Health::Closed => Err(Error::Closed),
            Health::Broken => Err(Error::Internal),
        }
    }

    pub(super) fn check_no_window(&self) -> Result<()> {
        if self.window.is_some() { Err(Error::Busy) } else { Ok(()) }
    }

    /// The greatest length this stream may have, for its limit or because its memory is fixed.
    pub(super) fn max_len(&self) -> u64 {
        if self.writer.is_fixed() { self.limit.min(self.writer.capacity() as u64) } else { self.limit }
    }

    /// The end of a write of `n` bytes at `at`, if the stream may have it.
    pub(super) fn check_end(&self, at: u64, n: usize) -> Result<usize> {
        let end = at.checked_add(n as u64).filter(|end| *end <= FURTHEST).ok_or(Error::Overflow)?;
        let end = usize::try_from(end).ok().filter(|end| isize::try_from(*end).is_ok()).ok_or(Error::Overflow)?;
        if end > self.writer.len() {
            self.check_unexported()?;
            if end as u64 > self.max_len() {
                return Err(Error::Limit);
            }
        }
        Ok(end)
    }

    /// How many bytes the stream takes at `at`: at least one, or an error that says why none.
    pub(super) fn room_at(&self, at: u64) -> Result<usize> {
        let at = self.check_end(at, 1)? - 1;
        Ok(usize::try_from(self.furthest_end()).unwrap_or(usize::MAX).min(isize::MAX as usize) - at)
    }

    /// How far the content may reach at present: under a view no further than it does.
    pub(super) fn furthest_end(&self) -> u64 {
        if self.exports.all > 0 { self.writer.len() as u64 } else { self.max_len() }
    }

    pub(super) fn check_unexported(&self) -> Result<()> {
        if self.exports.all > 0 { Err(Error::Exported) } else { Ok(()) }
    }

    /// A range of the content as a snapshot: shared, unless the bytes at this address may change by other hands than
    /// the stream's.
    pub(crate) fn snapshot(&mut self, range: Range<usize>, deferred: &mut Deferred) -> Result<Snapshot> {
        let frozen = if self.exports.writable > 0 || self.writer.is_fixed() {
            self.writer.capture(range, self.exports.pinned == 0, deferred)
        } else {
            self.writer.freeze(range, deferred)
        };
        frozen.map(Snapshot)
    }

    /// Makes `n` bytes at `at` writable, after every check; gives the offset.
    pub(super) fn make_writable(
        &mut self,
        at: u64,
        n: usize,
        keep: Keep,
        aliased: bool,
        deferred: &mut Deferred,
    ) -> Result<usize> {
        let end = self.check_end(at, n)?;
        self.writer.make_writable(end - n, end, keep, aliased, deferred)?;
        Ok(end - n)
    }

    /// Tells the writer how far a plain write may go. After every change but plain writes.
    pub(super) fn update_max_len(&mut self) {
        let max_len = if self.health != Health::Open || self.window.is_some() {
            0
        } else {
            usize::try_from(self.furthest_end()).unwrap_or(usize::MAX)
        };
        self.writer.set_max_len(max_len);
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn age_history(&mut self) {
        self.writer.age();
    }

    /// An offset from the caller as one into the content, at or past whose end there is nothing.
    pub(super) fn check_offset(offset: u64) -> Result<usize> {
        Ok(usize::try_from(Self::check_size(offset)?).unwrap_or(usize::MAX))
    }

    /// A size or an offset from the caller, if it is one that a stream can have.
    pub(super) fn check_size(size: u64) -> Result<u64> {
        if size <= FURTHEST { Ok(size) } else { Err(Error::Overflow) }
    }
}
