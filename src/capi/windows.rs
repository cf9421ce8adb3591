//! Windows and formatted output
//!
//! A window is memory that the caller fills and then makes part of the stream: the way for code that wants a
//! pointer to write to (decompressors, image libraries, read callbacks). bio_printf() and bio_vprintf(), at the end of
//! this header, stand on it. While a window is open, reads, seeks, snapshots and read-only views go on; other
//! changes give BUSY.

use super::guard::call;
use super::handle::Ref;
use super::pointers::Out;
use super::types::{bio_status, bio_stream};

/// Opens a window of at least `min` bytes at the position. Its bytes are no part of the stream until bio_commit().
///
/// stream: borrowed for the call.
/// min: in bytes; 0 takes what room there is.
/// ptr: receives the window's address (lent for writing until bio_commit() or the stream's last release); never NULL.
/// capacity: receives its size, in bytes.
/// Errors: NULL_ARG, CLOSED, BUSY (a window is open already), EXPORTED, LIMIT, OVERFLOW, NOMEM.
/// Threads: any; who may write into the window is the caller's to order.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_prepare(
    stream: Ref<*mut bio_stream>,
    min: usize,
    ptr: Out<*mut u8>,
    capacity: Out<usize>,
) -> bio_status {
    call(&stream, |s| {
        let (ptr, capacity) = (ptr.place()?, capacity.place()?);
        let window = s.prepare(min)?;
        ptr.set(window.0.as_ptr());
        capacity.set(window.1);
        Ok(())
    })
}

/// Makes the first `len` bytes of the open window part of the stream, at the position where it was opened, and closes
/// it; the position is then behind them. 0 gives the window up and changes nothing.
///
/// stream: borrowed for the call.
/// len: in bytes; these have been written by the caller.
/// Errors: NULL_ARG, CLOSED, INVALID (no window is open), RANGE (more than the window's size), EXPORTED, NOMEM; on an
/// error the window stays open.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_commit(stream: Ref<*mut bio_stream>, len: usize) -> bio_status {
    call(&stream, |s| s.commit(len))
}
