//! Writing: at the position, at an offset, in pieces, a byte many times, a snapshot.

use super::Stream;
use super::state::State;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::storage::{Deferred, Keep};
use crate::sys::memory::Input;

impl Stream {
    /// Writes at the position, over what is there and beyond the end, and moves it. A gap between the end and
    /// the position becomes zeros.
    #[inline]
    pub fn write<'a>(&self, data: impl Into<Input<'a>>) -> Result<()> {
        let data = data.into();
        self.change_unless(|s| s.write_in_place(data), |s, deferred| s.write_anywhere(data, deferred))
    }

    /// [`write`](Self::write), if that takes no lock and no more than a copy. Does not panic.
    #[inline(always)]
    pub(crate) fn write_fast(&self, data: Input<'_>) -> Option<()> {
        self.0.try_fast(data, State::write_in_place)?.then_some(())
    }

    /// Writes at `offset` and leaves the position alone.
    pub fn pwrite<'a>(&self, data: impl Into<Input<'a>>, offset: u64) -> Result<()> {
        let data = data.into();
        self.change_unless(
            |s| usize::try_from(offset).is_ok_and(|at| s.writer.put_in_place(at, data)),
            |s, deferred| s.write_at(State::check_size(offset)?, data, deferred).map(drop),
        )
    }

    /// Writes at the end, wherever that is at this moment; the position stays.
    pub fn append<'a>(&self, data: impl Into<Input<'a>>) -> Result<()> {
        let data = data.into();
        self.change_unless(
            |s| s.writer.put_in_place(s.writer.len(), data),
            |s, deferred| s.write_at(s.writer.len() as u64, data, deferred).map(drop),
        )
    }

    /// Writes all pieces, one behind the other, or nothing.
    pub fn writev(&self, pieces: &[Input<'_>]) -> Result<()> {
        self.write_pieces(pieces.iter().copied())
    }

    /// [`writev`](Self::writev) from anything that gives the same pieces each time it is gone through, and does nothing
    /// else: that happens under the lock.
    pub(crate) fn write_pieces<'a, I>(&self, pieces: I) -> Result<()>
    where
        I: IntoIterator<Item = Input<'a>> + Clone,
    {
        self.change(|s, deferred| {
            let add = |sum: usize, piece: Input<'_>| sum.checked_add(piece.len()).ok_or(Error::Overflow);
            let total = pieces.clone().into_iter().try_fold(0, add)?;
            if total == 0 {
                return Ok(());
            }
            let aliased = pieces.clone().into_iter().any(|piece| s.writer.holds(piece));
            let mut at = s.make_writable(s.position, total, Keep::Outside, aliased, deferred)?;
            for piece in pieces.clone() {
                s.writer.put(at, piece);
                at += piece.len();
            }
            s.position = at as u64;
            Ok(())
        })
    }

    /// Writes a snapshot's bytes; into an empty stream without a copy.
    pub fn write_snapshot(&self, snapshot: &Snapshot) -> Result<()> {
        self.change(|s, deferred| {
            let run = snapshot.frozen();
            if run.bytes().is_empty() {
                return Ok(());
            }
            let empty = s.writer.len() == 0 && s.position == 0 && s.exports.all == 0 && !s.writer.is_fixed();
            let end = if empty {
                let end = s.check_end(0, run.bytes().len())?;
                s.writer.borrow(run, deferred)?;
                end as u64
            } else {
                s.write_at(s.position, run.bytes().into(), deferred)?
            };
            s.position = end;
            Ok(())
        })
    }

    /// Writes `n` times `byte` at the position and moves it.
    pub fn fill(&self, byte: u8, n: usize) -> Result<()> {
        self.change(|s, deferred| {
            if n > 0 {
                let at = s.make_writable(s.position, n, Keep::Outside, false, deferred)?;
                s.writer.fill(at, byte, n);
                s.position = (at + n) as u64;
            }
            Ok(())
        })
    }
}

impl State {
    /// A write that is no more than a copy: no check is left but the one that the writer makes.
    #[inline(always)]
    fn write_in_place(&mut self, data: Input<'_>) -> bool {
        let Ok(at) = usize::try_from(self.position) else { return false };
        let done = self.writer.put_in_place(at, data);
        if done {
            self.position += data.len() as u64;
        }
        done
    }

    #[cold]
    #[inline(never)]
    fn write_anywhere(&mut self, data: Input<'_>, deferred: &mut Deferred) -> Result<()> {
        self.position = self.write_at(self.position, data, deferred)?;
        Ok(())
    }

    /// Writes at `at`; gives where the write ended.
    pub(super) fn write_at(&mut self, at: u64, data: Input<'_>, deferred: &mut Deferred) -> Result<u64> {
        if data.len() == 0 {
            return Ok(at);
        }
        let aliased = self.writer.holds(data);
        let at = self.make_writable(at, data.len(), Keep::Outside, aliased, deferred)?;
        self.writer.put(at, data);
        Ok((at + data.len()) as u64)
    }
}
