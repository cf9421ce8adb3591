//! The length, the capacity, and the limit.

use super::Stream;
use super::state::State;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::storage::Keep;

impl Stream {
    /// Cuts the content to at most `size` bytes; the position stays.
    pub fn truncate(&self, size: u64) -> Result<()> {
        self.change(|s, deferred| match usize::try_from(State::check_size(size)?) {
            Ok(size) if size < s.writer.len() => {
                s.check_unexported()?;
                s.writer.truncate(size, deferred)
            }
            _ => Ok(()),
        })
    }

    /// Cuts the content or extends it with zeros; the position stays.
    pub fn resize(&self, size: u64) -> Result<()> {
        self.change(|s, deferred| {
            let len = s.writer.len();
            let size = usize::try_from(State::check_size(size)?).map_err(|_| Error::Overflow)?;
            if size > len {
                let at = s.make_writable(len as u64, size - len, Keep::Outside, false, deferred)?;
                s.writer.fill(at, 0, size - len);
            } else if size < len {
                s.check_unexported()?;
                s.writer.truncate(size, deferred)?;
            }
            Ok(())
        })
    }

    /// Length and position become 0; the capacity stays.
    pub fn clear(&self) -> Result<()> {
        self.change(|s, deferred| {
            if s.writer.len() > 0 {
                s.check_unexported()?;
            }
            // Under a view of no bytes there is nothing to clear, and the block must stay.
            if s.exports.all == 0 {
                s.writer.clear(deferred)?;
            }
            s.position = 0;
            Ok(())
        })
    }

    /// The content becomes a snapshot's, without a copy unless the memory is fixed or a view is alive. The position
    /// stays, or becomes the end if it was further.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        self.change(|s, deferred| {
            let len = snapshot.len();
            if len != s.writer.len() {
                s.check_unexported()?;
            }
            if len as u64 > s.max_len() {
                return Err(Error::Limit);
            }
            if s.exports.all > 0 || s.writer.is_fixed() {
                // The content has to stay where it is.
                s.write_at(0, snapshot.frozen().bytes().into(), deferred)?;
                s.writer.truncate(len, deferred)?;
            } else {
                s.writer.restore(snapshot.frozen(), deferred)?;
            }
            s.position = s.position.min(len as u64);
            Ok(())
        })
    }

    /// Makes room for `additional` bytes beyond the length.
    pub fn reserve(&self, additional: usize) -> Result<()> {
        self.change(|s, deferred| {
            let len = s.writer.len();
            let needed = len.checked_add(additional).filter(|n| isize::try_from(*n).is_ok()).ok_or(Error::Overflow)?;
            if needed > s.writer.capacity() {
                s.check_unexported()?;
            }
            if needed as u64 > s.max_len() && additional > 0 {
                return Err(Error::Limit);
            }
            // The room is there already, or no view is alive: under one the bytes must not move.
            if s.exports.all > 0 { Ok(()) } else { s.writer.make_writable(len, needed, Keep::All, false, deferred) }
        })
    }

    /// Gives memory back that the content does not need, as far as nobody else holds it.
    pub fn shrink_to_fit(&self) -> Result<()> {
        self.change(|s, deferred| {
            s.check_unexported()?;
            s.writer.shrink(deferred);
            Ok(())
        })
    }

    /// Refuses growth beyond `limit` from here on; a limit below the length is refused itself.
    pub fn set_limit(&self, limit: u64) -> Result<()> {
        self.change(|s, _| {
            if limit < s.writer.len() as u64 {
                return Err(Error::Limit);
            }
            s.limit = limit;
            Ok(())
        })
    }
}
