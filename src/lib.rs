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
//!   └ lifecycle position reading writing sizing windows descriptors
//!     snapshots views searching information             the functions, in the header's order
//!
//!   stream     one position, one content, the contract's rules                           safe Rust
//!   ├ state       what the lock protects, the checks before every change
//!   └ position read write size window publish descriptor
//!   snapshot   immutable bytes          view    live bytes          search    both of them
//!   options    what can be chosen       error   codes and texts
//!
//!   storage    where bytes live                                                          unsafe: memory
//!   ├ block       a counted run of memory, of one of several kinds
//!   │ ├ heap        from an allocator                 ├ foreign   adopted, released by a callback
//!   │ └ mapped      pages of a memfd: pages (what differs), pool (spares), forking (fork(2)), file
//!   ├ crossing    from which size on blocks are mapped
//!   ├ writer      the one party that changes a block, and never a byte under a run
//!   ├ run         a frozen piece of a block             ├ region    where bytes come from and go to
//!   └ trash       what a call leaves behind, dropped after its lock
//!
//!   sys        memory, counts, lock, descriptors; knows no stream                        unsafe: the system
//!   └ alloc count lock threads fd vm; sync is the shim that a model checker replaces
//! ```
//!
//! # Block, run, snapshot, view, stream
//!
//! ```text
//!   Stream ──counted──> Core { lock, owners } ──> State { position, limit, window, exports, Writer }
//!                         ^                                                              │
//!   View ──counted──> Frame { range, pin }                                               │ data, len, frozen, room
//!                              │                                                         v
//!                              └───────────counted──────────────> Block ──owns──> ┌──────────────┬──────┬───────┐
//!                                                                   ^             │ frozen       │ free │ room  │
//!   Snapshot ──counted──> Run { data, len } ─────────counted────────┘             └──────────────┴──────┴───────┘
//!                                  └─────────────── address of ──────────────────>0         frozen    len   capacity
//! ```
//!
//! A block counts who holds it: its writer, each run, each view's pin. `[0, frozen)` is what runs cover; the writer
//! changes bytes in place from `frozen` on and never below. When the count says that only the writer and its
//! views are left, `frozen` falls back to 0 (an Acquire load, which pairs with the Release of each run's drop).
//! A view holds the core, not a block: it shows the block that the stream has now, and its pin keeps the bytes
//! readable whose address it gave out.
//!
//! # The way of one write
//!
//! `bio_write` looks through the handle (`capi::handle`), checks its pointers (`capi::pointers`) and has two doors
//! (`capi::guard`): the fast one, which takes no lock and needs no guard, can do no more than
//! `Writer::put_in_place`; the slow one is [`Stream::write`], which under the lock (`sys::lock`; skipped while the
//! process has one thread) tries that first. `put_in_place`: if the bytes begin at or above `frozen`, at or before
//! `len`, and end within the ceiling, they are copied and `len` moves. The ceiling folds every other condition into one
//! number: 0 for a closed stream or an open window, `len` under views, else what limit and room allow. Otherwise the
//! long way: `State` makes the checks that give errors, `Writer::open` makes the range writable (claims the block back,
//! grows it, or forks it: a new block with the bytes that are kept, copied or, where they are mapped, shared page by
//! page), `Writer::put` fills gap and range. What was left behind goes to the `Trash` and is dropped after the lock,
//! with the callbacks that this may run.
//!
//! # The way of one getvalue
//!
//! `bio_getvalue` comes to [`Stream::getvalue`], which asks `Writer::publish` for `[0, len)`: the run given out last,
//! if it still is the content, else a new one that holds the block; `frozen` rises to `len`. No byte is copied. Under a
//! writable view, and of a fixed stream, bytes may change at their address, so `Writer::detach` copies them instead.
//!
//! # Kinds of memory
//!
//! The block is the seam: a kind of memory is a `Body` in `storage::block`, with its own way to grow and to give the
//! writer a block with the same bytes. Nothing above `storage` knows what a block is made of. A further kind is a
//! further body; `docs/snapshots.md` says what each costs.

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
pub use sys::alloc::{AllocateFn, Allocator, DeallocateFn, ReallocateFn};
pub use sys::memory::{Input, Output};
pub use view::View;

/// Gives back the memory that is kept to be written again; says how many bytes that were.
pub fn trim() -> usize {
    storage::trim()
}

/// The boundary's handles, for the tests that show what does not compile.
#[doc(hidden)]
pub mod ffi {
    pub use crate::capi::check::*;
}
