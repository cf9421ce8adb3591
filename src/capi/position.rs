//! Position and length
//!
//! Positions run from 0 to INT64_MAX and may lie past the end. Lengths are questions that cannot fail: 0 for
//! a closed stream and for NULL.

use super::guard::{ask, call};
use super::handle::Ref;
use super::pointers::Out;
use super::types::{BYTESIO_SEEK_CUR, BYTESIO_SEEK_END, BYTESIO_SEEK_SET, BYTESIO_SEEK_STRICT, bio_status, bio_stream};
use crate::error::Error;
use crate::stream::{Stream, Whence};

/// Moves the position. Past the end is legal and changes nothing else. From the beginning, a negative offset is
/// INVALID; from the position and from the end, a result before the beginning becomes 0, or is INVALID too with
/// BYTESIO_SEEK_STRICT. On an error the position stays.
///
/// stream: borrowed for the call.
/// whence: BYTESIO_SEEK_SET, BYTESIO_SEEK_CUR or BYTESIO_SEEK_END; may be combined with BYTESIO_SEEK_STRICT (|).
/// position: receives the new position, in bytes; may be NULL.
/// Errors: NULL_ARG, CLOSED, INVALID, OVERFLOW (beyond INT64_MAX).
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_seek(stream: Ref<*mut bio_stream>, offset: i64, whence: i32, position: Out<u64>) -> bio_status {
    call(&stream, |s| {
        let strict = whence & BYTESIO_SEEK_STRICT != 0;
        let whence = match whence & !BYTESIO_SEEK_STRICT {
            BYTESIO_SEEK_SET => Whence::Start,
            BYTESIO_SEEK_CUR => Whence::Current,
            BYTESIO_SEEK_END => Whence::End,
            _ => return s.refuse(Error::Invalid),
        };
        let reached = if strict { s.seek_strict(offset, whence) } else { s.seek(offset, whence) };
        position.offer(reached?);
        Ok(())
    })
}

/// Gives position and length, in bytes, as they are at one moment.
///
/// stream: borrowed for the call.
/// position: receives the position; may be NULL.
/// len: receives the length; may be NULL.
/// Errors: NULL_ARG, CLOSED.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_where(stream: Ref<*const bio_stream>, position: Out<u64>, len: Out<u64>) -> bio_status {
    call(&stream, |s| {
        let (at, end) = s.position_and_len()?;
        position.offer(at);
        len.offer(end);
        Ok(())
    })
}

/// Gives the position, in bytes.
///
/// stream: borrowed for the call.
/// Returns: the position; 0 for a closed stream and for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_tell(stream: Ref<*const bio_stream>) -> u64 {
    ask(&stream, 0, Stream::tell)
}

/// Gives the length, in bytes. It takes no view.
///
/// stream: borrowed for the call.
/// Returns: the length; 0 for a closed stream and for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_len(stream: Ref<*const bio_stream>) -> u64 {
    ask(&stream, 0, Stream::len)
}

/// Gives the length that the present memory can hold, in bytes.
///
/// stream: borrowed for the call.
/// Returns: the capacity; 0 for a closed stream and for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_capacity(stream: Ref<*const bio_stream>) -> u64 {
    ask(&stream, 0, Stream::capacity)
}

/// Gives the number of open exports: calls of bio_getbuffer() of whose view, slices included, a reference is left.
/// While it is not 0, the length cannot change.
///
/// stream: borrowed for the call.
/// Returns: the number; 0 for a closed stream and for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_export_count(stream: Ref<*const bio_stream>) -> usize {
    ask(&stream, 0, Stream::export_count)
}
