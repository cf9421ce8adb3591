//! File descriptors
//!
//! Bytes move between the stream's own memory and the descriptor, with no buffer in between. Interrupted and
//! short transfers go on by themselves. The stream is locked until the call ends, also while the descriptor lets it
//! wait.

use super::guard::call;
use super::handle::Ref;
use super::pointers::Out;
use super::types::{bio_status, bio_stream};
use crate::error::{Error, Result};
use crate::stream::{Moved, Stream};

fn transfer(
    stream: &Ref<*mut bio_stream>,
    moved: &Out<usize>,
    os_error: &Out<i32>,
    f: impl FnOnce(&Stream) -> Result<Moved>,
) -> bio_status {
    call(stream, |s| {
        let (moved, os_error) = (moved.place()?, os_error.place()?);
        let result = f(s)?;
        moved.set(result.bytes);
        os_error.set(result.os_error.unwrap_or(0));
        result.os_error.map_or(Ok(()), |_| Err(Error::Io))
    })
}

/// Reads from a file descriptor into the stream, at the position, which moves: until the descriptor's end, until `max`
/// bytes, or until the limit (with a view alive: the end of the content) is reached.
///
/// stream: borrowed for the call.
/// fd: borrowed for the call; read from where it stands.
/// max: in bytes; SIZE_MAX: all there is.
/// moved: receives how many bytes arrived, also on IO.
/// os_error: receives the errno on IO, else 0.
/// Errors: NULL_ARG, CLOSED, BUSY; EXPORTED, LIMIT, OVERFLOW, NOMEM where not one byte could be taken; IO (what had
/// arrived by then is in the stream; EAGAIN from a descriptor that does not wait is one).
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_read_fd(
    stream: Ref<*mut bio_stream>,
    fd: i32,
    max: usize,
    moved: Out<usize>,
    os_error: Out<i32>,
) -> bio_status {
    transfer(&stream, &moved, &os_error, |s| s.read_fd(fd, max))
}

/// Writes the bytes from the position on, at most `max`, to a file descriptor; the position moves behind what was
/// written.
///
/// stream: borrowed for the call.
/// fd: borrowed for the call.
/// max: in bytes; SIZE_MAX: all that are left.
/// moved: receives how many bytes were written, also on IO.
/// os_error: receives the errno on IO, else 0.
/// Errors: NULL_ARG, CLOSED, IO (what was written by then is counted).
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_write_fd(
    stream: Ref<*mut bio_stream>,
    fd: i32,
    max: usize,
    moved: Out<usize>,
    os_error: Out<i32>,
) -> bio_status {
    transfer(&stream, &moved, &os_error, |s| s.write_fd(fd, max))
}
