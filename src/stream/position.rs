//! Where a stream is: seek, tell, skip, and the lengths.

use super::Stream;
use super::state::{Health, State};
use crate::error::{Error, Result};

/// What a seek counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// The beginning; a negative offset is refused.
    Start,
    /// The position; a result before the beginning becomes 0.
    Current,
    /// The end; a result before the beginning becomes 0.
    End,
}

impl Stream {
    /// Moves the position, which may go past the end and changes nothing else; gives the new one.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<u64> {
        self.seek_to(offset, whence, false)
    }

    /// [`seek`](Self::seek) as in a file: a result before the beginning is refused as `Invalid`.
    pub fn seek_strict(&self, offset: i64, whence: Whence) -> Result<u64> {
        self.seek_to(offset, whence, true)
    }

    fn seek_to(&self, offset: i64, whence: Whence, strict: bool) -> Result<u64> {
        self.inspect(|s| {
            let base = match whence {
                Whence::Start if offset < 0 => return Err(Error::Invalid),
                Whence::Start => 0,
                Whence::Current => s.position,
                Whence::End => s.writer.len() as u64,
            };
            // A base is at most i64::MAX, so what cannot be added is too far, and never before the beginning.
            let target = i64::try_from(base).map_err(|_| Error::Overflow)?.checked_add(offset);
            let target = target.ok_or(Error::Overflow)?;
            if strict && target < 0 {
                return Err(Error::Invalid);
            }
            s.position = target.max(0).unsigned_abs();
            Ok(s.position)
        })
    }

    /// What a call with such an argument gives: a closed stream says so first.
    pub(crate) fn refuse<R>(&self, error: Error) -> Result<R> {
        self.inspect(|_| Err(error))
    }

    /// Moves the position over up to `n` bytes of content; says how many there were.
    pub fn skip(&self, n: usize) -> Result<usize> {
        self.inspect(|s| {
            let n = n.min(s.available());
            s.position += n as u64;
            Ok(n)
        })
    }

    /// Position and length, at one moment.
    pub fn position_and_len(&self) -> Result<(u64, u64)> {
        self.inspect(|s| Ok((s.position, s.writer.len() as u64)))
    }

    /// The position; 0 once closed.
    pub fn tell(&self) -> u64 {
        self.ask(|s| s.position)
    }

    /// The length; 0 once closed.
    pub fn len(&self) -> u64 {
        self.ask(|s| s.writer.len() as u64)
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length that the present memory can hold; 0 once closed.
    pub fn capacity(&self) -> u64 {
        self.ask(|s| s.writer.capacity() as u64)
    }

    /// How many exports are open: views from `getbuffer` of which that view or a slice of it is alive; 0 once closed.
    pub fn export_count(&self) -> usize {
        self.ask(|s| s.exports.all)
    }

    fn ask<N: Default>(&self, f: impl FnOnce(&State) -> N) -> N {
        self.0.with(|s| if s.health == Health::Open { f(s) } else { N::default() })
    }
}

impl State {
    #[inline(always)]
    /// The position as an offset into the content, at most its end.
    pub(super) fn offset(&self) -> usize {
        usize::try_from(self.position).unwrap_or(usize::MAX).min(self.writer.len())
    }

    /// How many bytes lie between the position and the end.
    pub(super) fn available(&self) -> usize {
        self.writer.len() - self.offset()
    }
}
