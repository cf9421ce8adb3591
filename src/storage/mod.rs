//! Where bytes live: the only raw memory of the library.
//!
//! A [`Block`] is a counted, contiguous run of memory; its kinds differ in their `backing`. A [`Writer`] is the one
//! party that may change a block, and keeps the rule that no byte under a snapshot changes. A [`Frozen`] piece of a
//! block is what a snapshot is made of. What a stream knows of its past, which lets it write again into blocks that it
//! has left, is its `history`; blocks that nobody uses are kept by `spares`; all thresholds are in `policy`. Above this
//! module everything is safe Rust.

mod backing;
mod block;
mod capture;
mod deferred;
mod frozen;
mod history;
mod policy;
mod sharing;
mod spares;
mod switches;
#[cfg(all(test, mapped, not(loom)))]
mod tests;
mod writer;

pub use backing::ReleaseFn;
pub(crate) use block::Block;
pub use block::Kind;
pub(crate) use deferred::Deferred;
pub(crate) use frozen::Frozen;
pub(crate) use policy::Policy;
pub(crate) use spares::trim;
pub use writer::Statistics;
pub(crate) use writer::{Cursor, Keep, Pointers, Writer};
