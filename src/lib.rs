//! Python's `io.BytesIO` for every language that speaks C.
//!
//! This crate is the library behind `include/bytesio.h`, and usable from Rust as it stands: [`Stream`],
//! [`Snapshot`], [`View`].
//!
//! # The three layers
//!
//! They never mix: each uses only those below it.
//!
//! ```text
//!   capi       the C boundary: pointer checks, a guard against panics, delegation        unsafe: pointers
//!   ├ guard       a panic becomes INTERNAL              ├ handle    a C type, its one Rust owner
//!   ├ pointers    buffers and out-parameters            ├ types     structs, constants
//!   └ lifecycle position reading writing sizing windows cursors descriptors files
//!     snapshots views searching information             the functions, in the header's order
//!
//!   view       live bytes: a window onto a stream                                        safe Rust
//!   stream     one position, one content, the contract's rules
//!   ├ state       what the lock protects, the checks before every change
//!   └ position read write size memory window export descriptor file cursor
//!   snapshot   immutable bytes      search    over both      options  error    choices; codes and texts
//!
//!   storage    where bytes live                                                          unsafe: memory
//!   ├ block       a counted piece of memory, and where it goes when nobody uses it
//!   ├ backing     the kinds of memory: heap, foreign (adopted), the caller's own,
//!   │ └ mapped      a range that shows a file in memory: file, fork_guard (fork(2))
//!   ├ frozen      a piece of a block that never changes
//!   ├ writer      the one party that changes a block, and never a byte under a frozen piece
//!   │ └ separate share capture freeze room cursor
//!   ├ history     what changed when, and the siblings, with the state of `sharing` and of `capture`
//!   ├ spares      blocks that are kept to be written again
//!   ├ policy      every threshold
//!   └ deferred    what a call leaves behind, dropped after its lock
//!
//!   sys        memory, counts, locks, descriptors, FILEs; knows no stream                unsafe: the system
//!   └ alloc malloc count lock memory owned slot threads fd stdio watch linux
//!     sync is the shim that a model checker replaces
//! ```
//!
//! # Block, frozen piece, snapshot, view, stream
//!
//! ```text
//!   Stream ──counted──> Shared { lock, owners } ──> State { position, limit, window, exports, Writer }
//!                         ^                                                                │
//!   View ──counted──> ViewInner { range, pin }                                             │ data, len, frozen
//!                                   │                                                      v
//!                                   └───────────counted──────────> Block ──owns──> ┌──────────────┬──────┬───────┐
//!                                                                    ^             │ frozen       │ free │ empty │
//!   Snapshot ──counted──> Frozen { data, len } ───────counted────────┘             └──────────────┴──────┴───────┘
//!                                   └────────────── address of ───────────────────>0         frozen    len   capacity
//! ```
//!
//! A block counts who holds it: its writer, each frozen piece, each view's pin. `[0, frozen)` is what frozen pieces
//! cover; the writer changes bytes in place from `frozen` on and never below. When the count says that only the writer
//! and its views are left, `frozen` falls back to 0 (an Acquire load, which pairs with the Release of each piece's
//! drop). A view holds what the stream's references share, not a block: it shows the block that the stream has now, and
//! its pin keeps the bytes readable whose address it gave out.
//!
//! # The way of one write
//!
//! `bio_write` looks through the handle (`capi::handle`), checks its pointers (`capi::pointers`) and has two doors
//! (`capi::guard`). The fast one, which takes no lock and needs no guard, can do no more than `Writer::put_in_place`:
//! if the bytes begin at or before `len` and lie in the range `in_place`, they are copied and `len` moves. That range
//! folds every other condition into two numbers. It begins where nothing is frozen and no change has to be noted, and
//! it ends with the capacity, the limit, the content under views, or at 0 for a closed stream or an open window.
//!
//! The slow door is [`Stream::write`], which tries the same under the lock (`sys::lock`; skipped while the process has
//! one thread). Otherwise `State` makes the checks that give errors, `Writer::make_writable` makes the range so, and
//! `Writer::put` fills gap and range. To make a range writable is to claim the block back where its readers are gone,
//! to make room, or to *separate* (`writer::separate`): to go on in a sibling, in another range of the same file, or in
//! a copy. What changes is noted in the `History`, if there is one. What was left behind goes to `Deferred` and is
//! dropped after the lock, with the callbacks that this may run; a block that its stream wants back goes home then
//! (`spares`).
//!
//! # The way of one write that is no call
//!
//! `bio_put`, inline in the header, writes through the cursor: `in_place` again, shown as addresses to the user of a
//! stream without a lock (`writer::cursor`). The lock of such a stream is *watched*: its fast way is shut, and every
//! stay begins with taking over how far the cursor was moved, as a rise of position and length, and ends with showing
//! it anew (`stream::cursor`). Nothing else knows of it.
//!
//! # The way of one getvalue
//!
//! `bio_getvalue` comes to [`Stream::getvalue`], which asks `Writer::freeze` for `[0, len)`: the value given out last,
//! if it still is the content, else a new `Frozen` that holds the block; `frozen` rises to `len`. No byte is copied,
//! and the reference comes from a stock that was counted beforehand. Under a writable view, and of a fixed stream,
//! bytes may change at their address, so `Writer::capture` brings a sibling up to date and hands that out.
//!
//! # Kinds of memory
//!
//! The backing is the seam: a kind of memory is a variant of `storage::backing::Backing`, which says how a block grows,
//! whether it may be changed in place and what it gives back. Nothing above it depends on what a block is made of, but
//! for sharing pages, which only mapped blocks can. `docs/snapshots.md` says what each costs.

mod capi;
mod error;
mod options;
mod search;
mod snapshot;
mod storage;
mod stream;
mod sys;
mod view;

pub use error::{Error, Result, strerror};
pub use options::{Locking, NO_LIMIT, Options};
pub use search::Search;
pub use snapshot::Snapshot;
pub use storage::{Kind, ReleaseFn, Statistics};
pub use stream::{Access, Borrowed, Moved, Stream, Whence};
pub use sys::alloc::{AllocateFn, DeallocateFn, DoneFn, Hooks, ReallocateFn};
pub use sys::malloc::MallocBytes;
pub use sys::memory::{Input, Output};
pub use view::View;

/// Gives back the memory that is kept to be written again, for all streams; says how many bytes that was.
pub fn trim() -> usize {
    storage::trim()
}

/// The boundary's handles, for the tests that show what does not compile.
#[doc(hidden)]
pub mod ffi {
    pub use crate::capi::check::*;
}
