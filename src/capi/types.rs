//! Types and constants
//!
//! Three handles, each with its own release function; plain structs that carry their size where they may
//! grow.

use std::ffi::c_void;

use super::pointers::{Len, Source, Versioned};
use crate::error::Result;
use crate::storage::Pointers;
use crate::sys::memory::Input;

/// bio_seek(): the offset counts from the beginning.
///
/// Since: 0.1
pub const BYTESIO_SEEK_SET: i32 = 0;
/// bio_seek(): the offset counts from the position.
///
/// Since: 0.1
pub const BYTESIO_SEEK_CUR: i32 = 1;
/// bio_seek(): the offset counts from the end.
///
/// Since: 0.1
pub const BYTESIO_SEEK_END: i32 = 2;
/// bio_seek(): with one of the three above, a result before the beginning is INVALID, as in a file.
///
/// Since: 0.1
pub const BYTESIO_SEEK_STRICT: i32 = 256;

/// bio_getbuffer(): the view is for reading only.
///
/// Since: 0.1
pub const BYTESIO_VIEW_READONLY: u32 = 0;
/// bio_getbuffer(): the view may be written through.
///
/// Since: 0.1
pub const BYTESIO_VIEW_WRITABLE: u32 = 1;
/// bio_getbuffer(), with BYTESIO_VIEW_WRITABLE: bytes will come that the kernel does not note: from a device, or
/// through buffers that are registered with the kernel (io_uring's fixed buffers, RDMA). Snapshots under the view then
/// compare the bytes to find what has changed.
///
/// Since: 0.1
pub const BYTESIO_VIEW_PINNED: u32 = 2;

/// bio_options.flags: no lock; whoever holds references to the stream, its views included, orders all calls.
///
/// Since: 0.1
pub const BYTESIO_STREAM_UNLOCKED: u32 = 1;

/// bio_statistics.kind: nothing has been allocated.
///
/// Since: 0.1
pub const BYTESIO_KIND_NONE: u32 = 0;
/// bio_statistics.kind: memory from the stream's allocator.
///
/// Since: 0.1
pub const BYTESIO_KIND_HEAP: u32 = 1;
/// bio_statistics.kind: adopted memory, not yet changed.
///
/// Since: 0.1
pub const BYTESIO_KIND_FOREIGN: u32 = 2;
/// bio_statistics.kind: the caller's own memory, from bio_new_fixed().
///
/// Since: 0.1
pub const BYTESIO_KIND_FIXED: u32 = 3;
/// bio_statistics.kind: pages of a file in memory (Linux).
///
/// Since: 0.1
pub const BYTESIO_KIND_MAPPED: u32 = 4;

/// The result of a call: BYTESIO_OK (0), or one of the negative codes above.
///
/// Since: 0.1
pub type bio_status = i32;

/// A seekable, growable byte stream in memory with one position. Made by bio_new() and its kin, ended by
/// bio_release(); any thread may hold a reference, and every call is atomic with respect to every other.
///
/// Since: 0.1
pub struct bio_stream {
    _opaque: [u8; 0],
}

/// An immutable run of bytes that will not change, move or shrink while a reference to it is held. Ended by
/// bio_snapshot_release(); freely shared between threads.
///
/// Since: 0.1
pub struct bio_snapshot {
    _opaque: [u8; 0],
}

/// A live window onto a stream's bytes: reads see later writes, and writes are seen by the stream. Ended by
/// bio_view_release(). The reference may be shared; access through the raw pointer is the caller's to order.
///
/// Since: 0.1
pub struct bio_view {
    _opaque: [u8; 0],
}

/// A piece of memory to be written by bio_writev(); (NULL, 0) is an empty one.
///
/// Since: 0.1
#[repr(C)]
pub struct bio_slice {
    /// The first byte.
    pub data: Source,
    /// How many bytes.
    pub len: Len,
}

impl bio_slice {
    pub(super) fn input(&self) -> Result<Input<'_>> {
        self.data.input(&self.len)
    }
}

/// Where a stream is, as bio_cursor_of() shows it. Whoever reads or writes there without the inline functions moves
/// `next` forward over what was read, at most to `read_end`, or over what was written, at most to `write_end`, and
/// leaves the other two alone. Every call on the stream and its views shows all three anew.
///
/// No call follows a `next` that is outside of what was shown: position and content stay what they were at the last
/// call, and the next one on the stream that gives a status gives INVALID and does nothing else, bio_close() included.
/// The inline functions check nothing but the room from `next` on, and do follow it.
///
/// Since: 0.1
#[repr(C)]
pub struct bio_cursor {
    /// The byte at the position.
    pub next: *mut u8,
    /// The end of the content, where bytes may be read; `next` itself or before it, where there are none.
    pub read_end: *mut u8,
    /// The end of the room in which bytes may be written in place; `next` itself or before it, where there is none and
    /// bio_write() may make some. It may lie before or behind the end of the content.
    pub write_end: *mut u8,
}

// `next`, `read_end` and `write_end` are, in this order, what the storage shows.
const _: () =
    assert!(size_of::<bio_cursor>() == size_of::<Pointers>() && align_of::<bio_cursor>() == align_of::<Pointers>());

/// Gives adopted memory back. Called exactly once, on whichever thread lets the memory go, with no lock
/// held; may call the library. Must not unwind (no C++ exception).
///
/// Since: 0.1
pub type bio_release_fn = Option<unsafe extern "C" fn(ctx: *mut c_void, data: *mut c_void, len: usize)>;

/// New memory of `size` bytes (never 0) at a multiple of `align`, or NULL. Called on any thread, perhaps with the
/// stream's lock held: must not call the library with that stream (see Threads, above), nor start a thread that may do
/// so before it returns, and must not unwind.
///
/// Since: 0.1
pub type bio_allocate_fn = Option<unsafe extern "C" fn(ctx: *mut c_void, size: usize, align: usize) -> *mut c_void>;

/// The same bytes in `new_size` bytes, perhaps elsewhere, or NULL with `ptr` left as it was. `old_size` and
/// `align` are what `ptr` was allocated with. Otherwise as bio_allocate_fn.
///
/// Since: 0.1
pub type bio_reallocate_fn = Option<
    unsafe extern "C" fn(
        ctx: *mut c_void,
        ptr: *mut c_void,
        old_size: usize,
        new_size: usize,
        align: usize,
    ) -> *mut c_void,
>;

/// Gives back memory, with the size and alignment it was last allocated with. Otherwise as bio_allocate_fn.
///
/// Since: 0.1
pub type bio_deallocate_fn =
    Option<unsafe extern "C" fn(ctx: *mut c_void, ptr: *mut c_void, size: usize, align: usize)>;

/// Says that an allocator is not used any more, so that whatever `ctx` is may go. Called with no lock held, on any
/// thread; may call the library. Must not unwind.
///
/// Since: 0.1
pub type bio_done_fn = Option<unsafe extern "C" fn(ctx: *mut c_void)>;

/// Where a stream's memory comes from, and that of its snapshots, views and clones, handles included, and of streams
/// made from its snapshots. The functions and `ctx` are in use until the last of them is released, which
/// bio_options.allocator_done tells.
///
/// Since: 0.1
#[repr(C)]
pub struct bio_allocator {
    /// Required.
    pub allocate: bio_allocate_fn,
    /// NULL: allocate, copy and deallocate instead.
    pub reallocate: bio_reallocate_fn,
    /// Required.
    pub deallocate: bio_deallocate_fn,
    /// Passed to each.
    pub ctx: *mut c_void,
}

/// What can be chosen when a stream is made. Begin with BYTESIO_OPTIONS_INIT, or with zeros and the size.
///
/// Since: 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct bio_options {
    /// sizeof(bio_options) as the caller was compiled.
    pub struct_size: usize,
    /// Bytes to make room for at once.
    pub capacity: usize,
    /// The length beyond which the stream refuses to grow, in bytes; 0 and BYTESIO_NO_LIMIT: none.
    pub limit: u64,
    /// Copied; NULL: malloc and its kin.
    pub allocator: *const bio_allocator,
    /// The size in bytes from which the content is kept in a mapped block, a file in memory whose pages snapshots share
    /// (64-bit Linux): SIZE_MAX for never, 0 for the default. That is 32 MiB; 1 MiB where the memory of an earlier
    /// mapped stream is kept; 256 KiB where older snapshots are held while the stream is overwritten; unless the
    /// environment variable BYTESIO_MAPPED_FROM names another size, in bytes and decimal (not heeded in programs that
    /// run with another user's rights). A stream with an allocator of its own has no mapped blocks.
    pub mapped_from: usize,
    /// BYTESIO_STREAM_UNLOCKED or 0.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
    /// Called once for each stream made with it, as allocator_done(ctx) with the allocator's ctx, when the stream and
    /// all that got its memory from that allocator on its behalf (handles, snapshots, views, clones) are gone and their
    /// memory is given back: on the thread that released the last of them. NULL: nobody needs to know.
    pub allocator_done: bio_done_fn,
}

// SAFETY: `struct_size` comes first; the rest is numbers and pointers.
unsafe impl Versioned for bio_options {}

/// What a stream is made of, and what its storage has had to do since it was made.
///
/// Since: 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct bio_statistics {
    /// sizeof(bio_statistics) as the caller was compiled; set by the caller.
    pub struct_size: usize,
    /// Times the bytes were separated from snapshots, clones or adopted memory.
    pub forks: u64,
    /// Bytes copied for that; not what update_bytes counts, nor pages that the kernel copies when they are written or
    /// that go back into a mapped block's file.
    pub fork_bytes: u64,
    /// Times growth gave the bytes another place or size.
    pub moves: u64,
    /// Bytes that were in them then.
    pub move_bytes: u64,
    /// Snapshots that had to copy: under a writable view, or of a fixed stream.
    pub snapshot_copies: u64,
    /// Bytes copied for that.
    pub snapshot_copy_bytes: u64,
    /// Times memory that the stream had used before was brought up to date by what had changed, instead of copying
    /// everything: to separate the bytes (counted in forks too), or for a snapshot (not in snapshot_copies).
    pub updates: u64,
    /// Bytes copied for that; they are in none of the other sums.
    pub update_bytes: u64,
    /// One of BYTESIO_KIND_*.
    pub kind: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: `struct_size` comes first; the rest is numbers and pointers.
unsafe impl Versioned for bio_statistics {}
