//! The cursor: position, bytes and room shown to a stream's user between calls, so that small reads and writes need
//! none.
//!
//! The lock of a stream that has one is watched: whatever call comes next begins with taking over what was done
//! through the cursor, and ends with showing it anew.

use std::ptr::NonNull;

use super::Stream;
use super::state::{Health, State};
use crate::error::{Error, Result};
use crate::storage::{Cursor, Pointers};

impl Stream {
    /// Where the cursor is, which the first call makes; `Invalid` for a stream with a lock. It is good as long as the
    /// stream lives.
    pub(crate) fn cursor(&self) -> Result<NonNull<Pointers>> {
        let unlocked = self.0.lock.opted_out();
        let pointers = self.inspect(|s| if unlocked { s.ensure_cursor() } else { Err(Error::Invalid) })?;
        self.0.lock.watch();
        Ok(pointers)
    }
}

impl State {
    fn ensure_cursor(&mut self) -> Result<NonNull<Pointers>> {
        if self.cursor.is_none() {
            self.cursor = Some(Cursor::new(self.writer.allocator())?);
            self.show_cursor();
        }
        self.cursor.as_ref().map(Cursor::pointers).ok_or(Error::Internal)
    }

    /// Shows the cursor as the stream is now.
    pub(super) fn show_cursor(&mut self) {
        let Some(cursor) = &self.cursor else { return };
        match self.health {
            Health::Open => self.writer.show(cursor, self.position),
            Health::Closed | Health::Broken => cursor.hide(),
        }
    }

    /// Takes over what was done through the cursor; if it has strayed, that is nothing.
    pub(super) fn take_cursor_over(&mut self) {
        let Some(cursor) = self.cursor.as_ref().filter(|_| self.health == Health::Open) else { return };
        match self.writer.take_over(cursor, self.position) {
            Some(position) => self.position = position,
            None => self.strayed = true,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::options::{Locking, Options};
    use crate::stream::Access;

    fn shown(pointers: NonNull<Pointers>) -> (usize, usize) {
        // SAFETY: of a stream that is alive, between two calls on it.
        let [next, read_end, write_end] = unsafe { pointers.read() };
        (read_end.addr() - next.addr(), write_end.addr() - next.addr())
    }

    #[test]
    fn after_a_panic_nothing_is_shown_any_more() {
        // SAFETY: one thread.
        let options = Options { locking: unsafe { Locking::off() }, ..Options::default() };
        let stream = Stream::with_options(&options).unwrap();
        stream.write(b"0123456789").unwrap();
        stream.seek(2, crate::Whence::Start).unwrap();
        let pointers = stream.cursor().unwrap();
        let view = stream.getbuffer(Access::ReadOnly).unwrap();
        assert_eq!(shown(pointers), (8, 8));
        let panics = std::panic::AssertUnwindSafe(|| stream.change(|_, _| -> Result<()> { panic!("on purpose") }));
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(shown(pointers), (0, 0));
        assert_eq!(stream.write(b"x"), Err(Error::Internal));
        assert_eq!(stream.cursor().err(), Some(Error::Internal));
        drop(stream);
        drop(view);
    }
}
