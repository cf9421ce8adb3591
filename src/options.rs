//! [`Options`]: what can be chosen when a stream is made.

use crate::sys::alloc::Allocator;

/// A limit that no length reaches.
pub const NO_LIMIT: u64 = u64::MAX;

/// What can be chosen when a stream is made.
#[derive(Clone, Copy)]
pub struct Options {
    /// Bytes to make room for at once.
    pub capacity: usize,
    /// The length beyond which the stream refuses to grow; [`NO_LIMIT`] for none.
    pub limit: u64,
    /// The size in bytes from which the content is kept in a mapped block; `usize::MAX` for never, 0 for the default.
    pub mapped_from: usize,
    /// No lock: whoever holds references to the stream orders all calls.
    pub unlocked: bool,
    /// Where the stream's memory comes from, and that of its snapshots, views and clones.
    pub allocator: Allocator,
}

impl Default for Options {
    fn default() -> Self {
        Self { capacity: 0, limit: NO_LIMIT, mapped_from: 0, unlocked: false, allocator: Allocator::SYSTEM }
    }
}
