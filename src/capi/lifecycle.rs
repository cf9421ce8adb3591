//! Making and ending streams
//!
//! A constructor gives the caller one reference. bio_retain() adds one, bio_release() takes one away, and
//! the last release ends the stream; snapshots and views go on without it.

use std::ffi::c_void;
use std::ptr;

use super::guard::{ask, call, guard, or};
use super::handle::{self, Owned, Ref, give};
use super::pointers::{FromMalloc, Len, Lent, Out, SizedIn, Source};
use super::types::{BYTESIO_STREAM_UNLOCKED, bio_options, bio_release_fn, bio_snapshot, bio_status, bio_stream};
use crate::error::{Error, Result};
use crate::options::{Locking, NO_LIMIT, Options};
use crate::stream::Stream;
use crate::sys::alloc::Hooks;

/// Makes an empty stream without limit.
///
/// Returns: a stream (owned: bio_release()), or NULL when out of memory.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_new() -> *mut bio_stream {
    or(ptr::null_mut(), || Stream::new().map_or(ptr::null_mut(), give))
}

/// Makes an empty stream with a capacity, a limit, flags and an allocator.
///
/// options: borrowed for the call, the struct of the allocator too; fields beyond the caller's struct_size count as 0.
/// The allocator's functions and ctx are lent until allocator_done is called. On failure it is not called, and the
/// allocator is the caller's as before.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG (options, out, or an allocator without allocate or deallocate), INVALID (struct_size below its own
/// size, an unknown flag, allocator_done without an allocator), UNSUPPORTED (a larger struct with fields this version
/// does not know set), LIMIT (capacity above limit), OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_new_with(options: SizedIn<bio_options>, out: Out<*mut bio_stream>) -> bio_status {
    guard(|| out.fill(|| Stream::with_options(&chosen(&options.read()?)?).map(give)))
}

/// What a caller's struct asks for.
fn chosen(options: &bio_options) -> Result<Options> {
    if options.flags & !BYTESIO_STREAM_UNLOCKED != 0 || options.reserved != 0 {
        return Err(Error::Invalid);
    }
    Ok(Options {
        capacity: options.capacity,
        limit: if options.limit == 0 { NO_LIMIT } else { options.limit },
        mapped_from: options.mapped_from,
        locking: if options.flags & BYTESIO_STREAM_UNLOCKED == 0 {
            Locking::ON
        } else {
            // SAFETY: the flag's documentation demands it of whoever sets it.
            unsafe { Locking::off() }
        },
        allocator: hooks(options)?,
    })
}

fn hooks(options: &bio_options) -> Result<Option<Hooks>> {
    // SAFETY: NULL or valid during the call that the options came with, as the field's text demands.
    let Some(a) = (unsafe { options.allocator.as_ref() }) else {
        // Nobody would ever call it, and what waits for that call would leak.
        return if options.allocator_done.is_none() { Ok(None) } else { Err(Error::Invalid) };
    };
    let (allocate, deallocate) = (a.allocate.ok_or(Error::NullArg)?, a.deallocate.ok_or(Error::NullArg)?);
    // SAFETY: the caller's functions keep their types' rules, as the struct's text demands.
    let hooks = unsafe { Hooks::new(allocate, a.reallocate, deallocate, a.ctx) };
    Ok(Some(match options.allocator_done {
        // SAFETY: as above.
        Some(done) => unsafe { hooks.with_done(done) },
        None => hooks,
    }))
}

/// Makes a stream that holds a copy of `len` bytes, at position 0.
///
/// data: borrowed for the call.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_from_bytes(data: Source, len: Len, out: Out<*mut bio_stream>) -> bio_status {
    guard(|| out.fill(|| Stream::from_bytes(data.input(&len)?).map(give)))
}

/// Makes a stream with a snapshot's bytes, at position 0, without a copy; the first change separates them.
///
/// snapshot: borrowed for the call; the stream takes a reference of its own.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG, NOMEM.
/// Threads: any.
/// Calls back: allocator.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_from_snapshot(snapshot: Ref<*mut bio_snapshot>, out: Out<*mut bio_stream>) -> bio_status {
    guard(|| out.fill(|| Stream::from_snapshot(&*snapshot.owner()?).map(give)))
}

/// Makes a stream over foreign memory, at position 0, without a copy. The library only reads that memory: the first
/// change of the stream copies what it keeps and lets the memory go.
///
/// data: lent until `release` is called; must not change meanwhile.
/// release: lent until it has returned: it is called exactly once, as release(ctx, data, len), as soon as neither the
/// stream nor a snapshot or view needs the memory, with no lock held, on the thread that let go last; NULL for memory
/// that needs no release. On failure it is not called, and the memory is the caller's as before.
/// ctx: lent until `release` has returned; passed to it, and may be NULL.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG, OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_adopt(
    data: Lent<*const c_void>,
    len: Len,
    release: bio_release_fn,
    ctx: *mut c_void,
    out: Out<*mut bio_stream>,
) -> bio_status {
    guard(|| {
        out.fill(|| {
            // SAFETY: lent for reading until `release` is called, as the text above demands.
            unsafe { Stream::adopt(data.address(&len)?, len.get(), release, ctx) }.map(give)
        })
    })
}

/// Makes a stream over the caller's own memory, at position 0: its content is the first `len` bytes, it is written in
/// place and never grows beyond `capacity` (LIMIT). Snapshots and clones of it copy, since the memory is not the
/// library's to keep.
///
/// data: lent until the stream is closed or released, and its views are released.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG, INVALID (len above capacity), OVERFLOW, NOMEM.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_new_fixed(
    data: Lent<*mut c_void>,
    capacity: Len,
    len: usize,
    out: Out<*mut bio_stream>,
) -> bio_status {
    guard(|| {
        out.fill(|| {
            // SAFETY: lent for reading and writing until stream and views are gone, as the text above demands.
            unsafe { Stream::over_fixed(data.address(&capacity)?, capacity.get(), len) }.map(give)
        })
    })
}

/// Makes a stream of memory from malloc, at position 0, without a copy: its content is the first `len` bytes, it is
/// written in place, and grown by realloc() whatever its size, as long as no snapshot, clone or view needs it where it
/// is. The other way round: bio_detach(). On Windows malloc and free are those of the C runtime that the library uses.
///
/// data: consumed on success: memory that malloc(), calloc(), realloc() or bio_detach() gave; on failure it is the
/// caller's as before. NULL only with a len and a capacity of 0.
/// capacity: how many bytes there are at `data`, no more than was asked of malloc(); 0 gives the memory back at once.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG, OVERFLOW, INVALID (len above capacity), NOMEM.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_adopt_malloc(
    data: FromMalloc,
    len: usize,
    capacity: Len,
    out: Out<*mut bio_stream>,
) -> bio_status {
    guard(|| {
        out.fill(|| {
            // SAFETY: memory from malloc that the caller gives up on success, as the text above demands.
            unsafe { Stream::adopt_malloc(data.address(&capacity)?, len, capacity.get()) }.map(give)
        })
    })
}

/// Hands the content out as memory to be freed by free(), and leaves the stream empty and open, at position 0, with its
/// limit. No copy where the stream alone holds a heap block of malloc's: no snapshot or clone shares it, it is neither
/// adopted by bio_adopt() nor the caller's nor mapped (see bio_options.mapped_from), and the stream has no allocator of
/// its own. Else the content is copied, and the stream lets its memory go, but for that of bio_new_fixed().
///
/// stream: borrowed for the call.
/// data: receives the bytes (owned: free()), perhaps with room behind them; a null pointer where there are none.
/// len: receives how many there are.
/// Errors: NULL_ARG, CLOSED, BUSY, EXPORTED (a view lives), NOMEM (for a copy).
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_detach(stream: Ref<*mut bio_stream>, data: Out<*mut c_void>, len: Out<usize>) -> bio_status {
    call(&stream, |s| {
        let (to, len) = (data.place()?, len.place()?);
        let (data, n) = s.detach()?.into_raw();
        to.set(data);
        len.set(n);
        Ok(())
    })
}

/// Makes another stream with the same bytes, position, limit, flags and allocator, independent from here on. No copy,
/// unless a writable view of the stream is alive or the stream is a fixed one.
///
/// stream: borrowed for the call.
/// out: receives a stream (owned: bio_release()).
/// Errors: NULL_ARG, CLOSED, NOMEM.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_clone(stream: Ref<*mut bio_stream>, out: Out<*mut bio_stream>) -> bio_status {
    call(&stream, |s| out.fill(|| s.duplicate().map(give)))
}

/// Adds a reference to a stream.
///
/// stream: borrowed for the call; NULL gives NULL.
/// Returns: the same stream (owned: bio_release()), or NULL should the count be at its end.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_retain(stream: Ref<*mut bio_stream>) -> *mut bio_stream {
    or(ptr::null_mut(), || handle::retain(&stream))
}

/// Gives a reference up; the last one ends the stream. Its bytes go, unless snapshots or views hold them.
///
/// stream: consumed: the caller's reference is gone after the call; NULL does nothing.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_release(stream: Owned<bio_stream>) {
    or((), || handle::release(stream));
}

/// Closes a stream: its bytes go at once, unless snapshots or views hold them, and every call but bio_close(),
/// bio_is_closed(), bio_cancel(), bio_retain() and bio_release() gives CLOSED from here on. Closing again does nothing.
/// Views may be alive; they keep the bytes. An open window is given up.
///
/// stream: borrowed for the call; the caller's reference stays and has to be released.
/// Errors: NULL_ARG.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_close(stream: Ref<*mut bio_stream>) -> bio_status {
    call(&stream, Stream::close)
}

/// Closes a stream and hands its bytes over, without a copy unless a writable view is alive or the stream is a fixed
/// one. An open window is given up.
///
/// stream: borrowed for the call; the caller's reference stays and has to be released.
/// out: receives a snapshot (owned: bio_snapshot_release()).
/// Errors: NULL_ARG, CLOSED, NOMEM; on an error the stream is still open.
/// Threads: any.
/// Calls back: allocator, release.
/// Since: 0.1
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn bio_close_take(stream: Ref<*mut bio_stream>, out: Out<*mut bio_snapshot>) -> bio_status {
    call(&stream, |s| out.fill(|| s.close_take().map(give)))
}

/// Says whether a stream is closed.
///
/// stream: borrowed for the call.
/// Returns: true for a closed stream and for NULL.
/// Threads: any.
/// Calls back: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn bio_is_closed(stream: Ref<*const bio_stream>) -> bool {
    ask(&stream, true, Stream::is_closed)
}
