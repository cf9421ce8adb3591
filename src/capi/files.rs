//! Standard I/O
//!
//! A stream as a FILE of the C library, for code that takes nothing else.

use super::guard::{call, or};
use super::handle::Ref;
use super::pointers::{Out, Text};
use super::position::known_whence;
use super::types::{bio_status, bio_stream};
use crate::error::{Error, Result};
use crate::stream::{File, Mode};
use crate::sys::memory::{Input, Output};
use crate::sys::stdio::{self, FILE};

/// A file whose every use is guarded against panics, since the C library is what calls it.
struct Guarded(File);

impl Guarded {
    /// Runs `f`; a panic in it becomes `INTERNAL`, as do all later calls on the stream.
    fn guard<R>(&self, f: impl FnOnce(&File) -> R) -> Result<R> {
        or(None, || Some(f(&self.0))).ok_or_else(|| {
            or((), || self.0.poison());
            Error::Internal
        })
    }
}

impl stdio::Cookie for Guarded {
    fn read(&self, into: Output<'_>) -> std::result::Result<usize, i32> {
        self.guard(|file| file.read(into)).flatten().map_err(Error::errno)
    }

    fn write(&self, from: Input<'_>) -> (usize, std::result::Result<(), i32>) {
        let (written, result) = self.guard(|file| file.write(from)).unwrap_or_else(|error| (0, Err(error)));
        (written, result.map_err(Error::errno))
    }

    fn seek(&self, offset: i64, code: i32) -> std::result::Result<i64, i32> {
        let seek = |file: &File| match known_whence(code) {
            Some(whence) => file.seek(offset, whence),
            None => file.refuse(Error::Invalid),
        };
        self.guard(seek).flatten().map(u64::cast_signed).map_err(Error::errno)
    }

    fn end(close: impl FnOnce()) {
        or((), close);
    }
}

/// Opens the stream as a FILE of the C library, to be closed by fclose(), in each mode that fopen() has: "r" and "r+"
/// for what is there, "w" and "w+" truncate the stream, what "a" and "a+" write goes to the end of the stream as it is
/// at that moment. As with glibc other letters change nothing; "x" is refused, since the stream is there already.
///
/// The FILE has a position of its own, in 64 bits, and leaves the stream's alone. It is at the beginning at first, with
/// "a" at the end. A seek past the end is legal, one before the beginning fails as in any file, with EINVAL. Any number
/// of FILEs may be open over one stream.
///
/// Each FILE has stdio's buffer: what it writes is in the stream after fflush(), fseek() or fclose(), or at once after
/// setvbuf(file, NULL, _IONBF, 0); what it has read ahead it does not read again before the next seek. One fwrite() may
/// be several writes, so that memory from bio_peek() and its kin must not be its source: the first of them may end
/// that.
///
/// What goes wrong later is told as for any file, by the stdio function's result, ferror() and errno, which is what
/// bio_status_errno() gives: ENOSPC at the limit and at the end of fixed memory, EBUSY where a view is alive and the
/// length would change or while a window is open, EBADF once the stream is closed, ENOMEM, EOVERFLOW. Before ENOSPC,
/// and before EBUSY for a view, what fits is written, as on a full disk.
///
/// stream: borrowed for the call; the FILE has a reference of its own, which fclose() releases.
/// mode: borrowed for the call.
/// out: receives the FILE (owned: fclose()). It has no descriptor (fileno() fails), and must not be given to freopen():
/// glibc's does not expect such FILEs. With glibc it is for bytes only, as fwide() says, and must not be given to
/// functions for wide characters: some of them crash. Before the library is unloaded it must be closed.
/// Errors: NULL_ARG, CLOSED, INVALID, NOMEM, OVERFLOW; with "w" BUSY, and EXPORTED where the stream is not empty;
/// UNSUPPORTED on systems other than Linux.
/// Threads: any; the FILE has its lock, and each of its transfers is one call on the stream. glibc's fork() waits for
/// fflush(NULL), which waits for such calls: a signal handler that interrupts one must not fork beside it.
/// Calls back: allocator, release; so may stdio's functions, with the FILE.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_fopen(stream: Ref<*mut bio_stream>, mode: Text, out: Out<*mut FILE>) -> bio_status {
    call(&stream, |s| {
        let mode = mode.text();
        out.fill(|| {
            let text = mode?.to_bytes();
            let mode = Mode::parse(text).or_else(|error| s.refuse(error))?;
            let file = Guarded(File::over(s, mode)?);
            let opened = stdio::File::open(file, s.allocator(), mode.name())?;
            // Last, so that no failure has emptied the stream.
            if mode.truncates() {
                s.truncate(0)?;
            }
            Ok(opened.into_raw())
        })
    })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::stream::Stream;
    use crate::sys::stdio::Cookie;

    #[test]
    fn a_panic_in_a_callback_becomes_an_errno_and_stays_with_the_stream() {
        let stream = Stream::from_bytes(b"content").unwrap();
        let file = Guarded(File::over(&stream, Mode::parse(b"r+").unwrap()).unwrap());
        let panicked: Result<()> = file.guard(|_| panic!("on purpose"));
        assert_eq!(panicked, Err(Error::Internal));
        assert_eq!(file.read((&mut [0; 4]).into()), Err(Error::Internal.errno()));
        assert_eq!(file.write(Input::from(b"x")), (0, Err(Error::Internal.errno())));
        assert_eq!(file.seek(0, 0), Err(Error::Internal.errno()));
        assert_eq!(stream.getvalue().err(), Some(Error::Internal));
    }
}
