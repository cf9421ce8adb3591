//! The length, the room beyond it, and the limit.

use super::Stream;
use super::state::State;
use crate::error::{Error, Result};
use crate::storage::Keep;

impl Stream {
    /// Cuts the content to at most `size` bytes; the position stays.
    pub fn truncate(&self, size: u64) -> Result<()> {
        self.change(|s, trash| match usize::try_from(State::check_size(size)?) {
            Ok(size) if size < s.writer.len() => {
                s.check_unexported()?;
                s.writer.truncate(size, trash)
            }
            _ => Ok(()),
        })
    }

    /// Cuts the content or extends it with zeros; the position stays.
    pub fn resize(&self, size: u64) -> Result<()> {
        self.change(|s, trash| {
            let len = s.writer.len();
            let size = usize::try_from(State::check_size(size)?).map_err(|_| Error::Overflow)?;
            if size > len {
                let at = s.open(len as u64, size - len, Keep::Outside, false, trash)?;
                s.writer.fill(at, 0, size - len);
            } else if size < len {
                s.check_unexported()?;
                s.writer.truncate(size, trash)?;
            }
            Ok(())
        })
    }

    /// Length and position become 0; the capacity stays.
    pub fn clear(&self) -> Result<()> {
        self.change(|s, trash| {
            if s.writer.len() > 0 {
                s.check_unexported()?;
            }
            // Under a view of no bytes there is nothing to clear, and the block must stay.
            if s.exports == 0 {
                s.writer.clear(trash)?;
            }
            s.position = 0;
            Ok(())
        })
    }

    /// Makes room for `additional` bytes beyond the length.
    pub fn reserve(&self, additional: usize) -> Result<()> {
        self.change(|s, trash| {
            let len = s.writer.len();
            let needed = len.checked_add(additional).filter(|n| isize::try_from(*n).is_ok()).ok_or(Error::Overflow)?;
            if needed > s.writer.room() {
                s.check_unexported()?;
            }
            if needed as u64 > s.most() && additional > 0 {
                return Err(Error::Limit);
            }
            // The room is there already, or no view is alive: under one the bytes must not move.
            if s.exports > 0 { Ok(()) } else { s.writer.open(len, needed, Keep::All, false, trash) }
        })
    }

    /// Gives memory back that the content does not need, as far as nobody else holds it.
    pub fn shrink_to_fit(&self) -> Result<()> {
        self.change(|s, trash| {
            s.check_unexported()?;
            s.writer.shrink(trash);
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
