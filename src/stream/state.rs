//! [`State`]: what a stream's lock protects, and the checks that stand before every change.

use super::window::Window;
use crate::error::{Error, Result};
use crate::storage::{Keep, Trash, Writer};
use crate::sys::lock::Poison;

/// The furthest position and the greatest length: what a signed 64-bit offset and an object can have.
const FURTHEST: u64 = i64::MAX as u64;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Open,
    Closed,
    /// A panic happened inside: nothing is known of the rest.
    Broken,
}

pub(crate) struct State {
    pub(super) writer: Writer,
    /// From 0 to [`FURTHEST`]; may be past the end.
    pub(super) position: u64,
    pub(super) health: Health,
    pub(super) limit: u64,
    pub(super) window: Option<Window>,
    pub(super) exports: usize,
    pub(super) writable_exports: usize,
}

impl Poison for State {
    fn poison(&mut self) {
        self.health = Health::Broken;
        self.writer.set_ceiling(0);
    }
}

impl State {
    pub(super) fn new(writer: Writer, limit: u64) -> Self {
        let mut state =
            Self { writer, position: 0, health: Health::Open, limit, window: None, exports: 0, writable_exports: 0 };
        state.refresh();
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
    pub(super) fn most(&self) -> u64 {
        if self.writer.is_fixed() { self.limit.min(self.writer.room() as u64) } else { self.limit }
    }

    /// The end of a write of `n` bytes at `at`, if the stream may have it.
    pub(super) fn check_end(&self, at: u64, n: usize) -> Result<usize> {
        let end = at.checked_add(n as u64).filter(|end| *end <= FURTHEST).ok_or(Error::Overflow)?;
        let end = usize::try_from(end).ok().filter(|end| isize::try_from(*end).is_ok()).ok_or(Error::Overflow)?;
        if end > self.writer.len() {
            self.check_unexported()?;
            if end as u64 > self.most() {
                return Err(Error::Limit);
            }
        }
        Ok(end)
    }

    pub(super) fn check_unexported(&self) -> Result<()> {
        if self.exports > 0 { Err(Error::Exported) } else { Ok(()) }
    }

    /// Whether a snapshot must copy: the bytes at this address may change by other hands than the stream's.
    pub(super) fn is_shown_writable(&self) -> bool {
        self.writable_exports > 0 || self.writer.is_fixed()
    }

    /// Makes `n` bytes at `at` writable, after every check; gives the offset.
    pub(super) fn open(&mut self, at: u64, n: usize, keep: Keep, aliased: bool, trash: &mut Trash) -> Result<usize> {
        let end = self.check_end(at, n)?;
        self.writer.open(end - n, end, keep, aliased, trash)?;
        Ok(end - n)
    }

    /// Tells the writer how far the short way of a write may go. After every change but those of that way.
    pub(super) fn refresh(&mut self) {
        let ceiling = if self.health != Health::Open || self.window.is_some() {
            0
        } else if self.exports > 0 {
            self.writer.len()
        } else {
            usize::try_from(self.most()).unwrap_or(usize::MAX)
        };
        self.writer.set_ceiling(ceiling);
    }

    /// The length of a caller's buffer, if memory can be that long.
    #[inline]
    pub(crate) fn check_len(len: usize) -> Result<()> {
        if isize::try_from(len).is_ok() { Ok(()) } else { Err(Error::Overflow) }
    }

    /// A size or an offset from the caller, if it is one that a stream can have.
    pub(super) fn check_size(size: u64) -> Result<u64> {
        if size <= FURTHEST { Ok(size) } else { Err(Error::Overflow) }
    }
}
