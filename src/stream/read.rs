//! Reading: into the caller's memory, in place, and as snapshots.

use std::ptr::NonNull;

use super::Stream;
use super::state::State;
use crate::error::{Error, Result};
use crate::search;
use crate::snapshot::Snapshot;
use crate::sys::memory::{NOWHERE, Output, check_len};

/// A piece of the stream's own memory, good until the next call that changes the stream.
#[derive(Clone, Copy, Debug)]
pub struct Borrowed {
    /// The first byte; never NULL.
    pub ptr: NonNull<u8>,
    /// How many bytes.
    pub len: usize,
}

impl Stream {
    /// Reads at the position and moves it; gives how many bytes there were, at most as many as fit.
    #[inline]
    pub fn read<'a>(&self, into: impl Into<Output<'a>>) -> Result<usize> {
        let into = into.into();
        self.0.try_with(|s| s.read(&into))
    }

    /// [`read`](Self::read), if that takes no lock and succeeds. Does not panic.
    #[inline(always)]
    pub(crate) fn read_fast(&self, into: &Output<'_>) -> Option<usize> {
        self.0.try_fast(into, State::read)?.ok()
    }

    /// Reads at `offset` and leaves the position alone; at or past the end there are no bytes.
    pub fn pread<'a>(&self, into: impl Into<Output<'a>>, offset: u64) -> Result<usize> {
        let into = into.into();
        self.inspect(|s| {
            check_len(into.len())?;
            Ok(s.writer.get(State::check_offset(offset)?, &into))
        })
    }

    /// Fills `into` from the position and moves it; `Eof`, with nothing read, if there are fewer bytes.
    pub fn read_exact<'a>(&self, into: impl Into<Output<'a>>) -> Result<()> {
        let into = into.into();
        self.0.try_with(|s| s.read_exact(&into))
    }

    /// [`read_exact`](Self::read_exact), if that takes no lock and succeeds. Does not panic.
    #[inline(always)]
    pub(crate) fn read_exact_fast(&self, into: &Output<'_>) -> Option<()> {
        self.0.try_fast(into, State::read_exact)?.ok()
    }

    /// The bytes from `offset` to the end, in place; the position stays. At or past the end there are none.
    pub fn peek_at(&self, offset: u64) -> Result<Borrowed> {
        self.inspect(|s| Ok(Borrowed::from(s.bytes_from(State::check_offset(offset)?))))
    }

    /// Up to `max` bytes from the position on, in place; the position moves behind them.
    pub fn take(&self, max: usize) -> Result<Borrowed> {
        self.0.try_with(|s| s.take(max))
    }

    /// [`take`](Self::take), if that takes no lock and succeeds. Does not panic.
    #[inline(always)]
    pub(crate) fn take_fast(&self, max: usize) -> Option<Borrowed> {
        self.0.try_fast(max, State::take)?.ok()
    }

    /// The bytes from the position to the end, in place.
    pub fn peek(&self) -> Result<Borrowed> {
        self.0.try_with(|s| s.peek())
    }

    /// [`peek`](Self::peek), if that takes no lock and succeeds. Does not panic.
    #[inline(always)]
    pub(crate) fn peek_fast(&self) -> Option<Borrowed> {
        self.0.try_fast((), |s, ()| s.peek())?.ok()
    }

    /// The whole content in place, with a NUL behind it that is no part of it. Where there is no room for the NUL, some
    /// is made, which in fixed memory (`Limit`) and under a view (`Exported`) cannot be.
    pub fn cstr(&self) -> Result<Borrowed> {
        self.change(|s, deferred| {
            let len = s.writer.len();
            if len == 0 {
                return Ok(Borrowed { ptr: NOWHERE, len });
            }
            if len == s.writer.capacity() {
                s.check_unexported()?;
                if s.writer.is_fixed() {
                    return Err(Error::Limit);
                }
            }
            s.writer.terminate(deferred)?;
            Ok(Borrowed::from(s.bytes_from(0)))
        })
    }

    /// The bytes through the next `delimiter`, or `limit` bytes, or all that are left, in place; the position
    /// moves behind them.
    pub fn read_until(&self, delimiter: u8, limit: usize) -> Result<Borrowed> {
        self.0.try_with(|s| s.read_until(delimiter, limit))
    }

    /// [`read_until`](Self::read_until), if that takes no lock and succeeds. Does not panic.
    #[inline(always)]
    pub(crate) fn read_until_fast(&self, delimiter: u8, limit: usize) -> Option<Borrowed> {
        self.0.try_fast((), |s, ()| s.read_until(delimiter, limit))?.ok()
    }

    /// [`read_until`](Self::read_until) a line feed.
    pub fn readline(&self, limit: usize) -> Result<Borrowed> {
        self.read_until(b'\n', limit)
    }

    /// Up to `n` bytes at the position as a snapshot; the position moves.
    pub fn read_snapshot(&self, n: usize) -> Result<Snapshot> {
        self.inspect_deferring(|s, deferred| {
            let start = s.offset();
            let n = n.min(s.available());
            let snapshot = s.snapshot(start..start + n, deferred)?;
            s.position += n as u64;
            Ok(snapshot)
        })
    }
}

impl State {
    #[inline(always)]
    fn read(&mut self, into: &Output<'_>) -> Result<usize> {
        self.check_open()?;
        check_len(into.len())?;
        let n = self.writer.get(self.offset(), into);
        self.position += n as u64;
        Ok(n)
    }

    #[inline(always)]
    fn read_exact(&mut self, into: &Output<'_>) -> Result<()> {
        self.check_open()?;
        check_len(into.len())?;
        if into.len() > self.available() {
            return Err(Error::Eof);
        }
        self.position += self.writer.get(self.offset(), into) as u64;
        Ok(())
    }

    fn bytes_from(&self, at: usize) -> &[u8] {
        self.writer.bytes().get(at..).unwrap_or_default()
    }

    fn rest(&self) -> &[u8] {
        self.bytes_from(self.offset())
    }

    fn take(&mut self, max: usize) -> Result<Borrowed> {
        self.check_open()?;
        let rest = self.rest();
        let piece = Borrowed::from(&rest[..max.min(rest.len())]);
        self.position += piece.len as u64;
        Ok(piece)
    }

    fn peek(&self) -> Result<Borrowed> {
        self.check_open()?;
        Ok(Borrowed::from(self.rest()))
    }

    fn read_until(&mut self, delimiter: u8, limit: usize) -> Result<Borrowed> {
        self.check_open()?;
        let piece = Borrowed::from(search::through(self.rest(), delimiter, limit));
        self.position += piece.len as u64;
        Ok(piece)
    }
}

impl From<&[u8]> for Borrowed {
    fn from(bytes: &[u8]) -> Self {
        Self { ptr: NonNull::from(bytes).cast(), len: bytes.len() }
    }
}
