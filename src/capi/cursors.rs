//! Cursors
//!
//! Small reads and writes without a call, for streams without a lock: bio_cursor_of() shows where the stream is as
//! three pointers, and the inline functions bio_put(), bio_put_byte(), bio_get() and bio_get_byte(), at the end of this
//! header, read and write there as in an array. What they do is part of the stream at once: every other call takes the
//! cursor's place over before it does anything, and shows the cursor anew when it ends. Nothing has to be flushed.

use super::guard::call;
use super::handle::Ref;
use super::pointers::Out;
use super::types::{bio_cursor, bio_status, bio_stream};

/// Gives a stream's cursor: the same one each time. The first call makes it; from then on calls of the library that
/// read, write or peek a few bytes cost a little more on this stream, and inline ones next to nothing.
///
/// stream: borrowed for the call.
/// out: receives the cursor (borrowed until the stream's last release); a closed stream's shows nothing.
/// Errors: NULL_ARG, CLOSED, INVALID (the stream was made without BYTESIO_STREAM_UNLOCKED), NOMEM.
/// Threads: any; who uses the cursor when is the caller's to order, as all use of such a stream.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_cursor_of(stream: Ref<*mut bio_stream>, out: Out<*mut bio_cursor>) -> bio_status {
    // The struct's three fields are the three pointers (see its own text).
    call(&stream, |s| out.fill(|| s.cursor().map(|pointers| pointers.as_ptr().cast())))
}
