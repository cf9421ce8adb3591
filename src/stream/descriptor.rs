//! Moving bytes between a stream and a file descriptor, with no buffer in between.
//!
//! The stream stays locked meanwhile: a call is atomic, also when the descriptor lets it wait.

use super::Stream;
use super::state::State;
use crate::error::Result;
use crate::storage::{Deferred, Keep};
use crate::sys::fd::{self, Errno};
use crate::sys::memory::Input;

/// How far a transfer came. Where the operating system ended it, `os_error` says why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Bytes moved.
    pub bytes: usize,
    /// The system's error number, if it reported one.
    pub os_error: Option<Errno>,
}

/// The least room to read into at once, where the amount is not known beforehand.
const CHUNK: usize = 4096;

impl Stream {
    /// Reads from `descriptor` at the position until its end, until `max` bytes, or until nothing more fits.
    pub fn read_fd(&self, descriptor: i32, max: usize) -> Result<Moved> {
        self.change(|s, deferred| {
            let mut moved = Moved::default();
            while moved.bytes < max {
                match s.read_some(descriptor, max - moved.bytes, deferred) {
                    Ok(Ok(0)) => break,
                    Ok(Ok(n)) => moved.bytes += n,
                    Ok(Err(errno)) => {
                        moved.os_error = Some(errno);
                        break;
                    }
                    // What has been moved is the stream's already; the next call meets the error again.
                    Err(_) if moved.bytes > 0 => break,
                    Err(error) => return Err(error),
                }
            }
            Ok(moved)
        })
    }

    /// Writes the bytes from the position on, at most `max`, to `descriptor`; the position moves behind what
    /// was written.
    pub fn write_fd(&self, descriptor: i32, max: usize) -> Result<Moved> {
        self.inspect(|s| {
            let mut moved = Moved::default();
            let end = s.offset() + s.available().min(max);
            while s.offset() < end {
                let bytes = &s.writer.bytes()[s.offset()..end];
                match fd::write(descriptor, Input::from(bytes)) {
                    Ok(0) => break,
                    Ok(n) => {
                        moved.bytes += n;
                        s.position += n as u64;
                    }
                    Err(errno) => {
                        moved.os_error = Some(errno);
                        break;
                    }
                }
            }
            Ok(moved)
        })
    }
}

impl State {
    /// One read into the stream's own memory.
    fn read_some(
        &mut self,
        descriptor: i32,
        max: usize,
        deferred: &mut Deferred,
    ) -> Result<std::result::Result<usize, Errno>> {
        let n = self.acceptable(max)?;
        let at = self.make_writable(self.position, n, Keep::All, false, deferred)?;
        let got = fd::read(descriptor, self.writer.window(at, n));
        if let Ok(got @ 1..) = got {
            self.writer.reach(at, got);
            self.position += got as u64;
        }
        Ok(got)
    }

    /// How many bytes to ask for at the position: what there is room for, or some more.
    fn acceptable(&self, max: usize) -> Result<usize> {
        let most = self.room_at(self.position)?;
        let at = usize::try_from(self.position).unwrap_or(usize::MAX);
        let room = self.writer.capacity().saturating_sub(at).max(CHUNK);
        Ok(max.min(most).min(room))
    }
}
